"""Long texts are found by their passages, and count as one item everywhere else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import semsearch
from semsearch import Collection
from semsearch.collection import ranking
from semsearch.collection.passages import encoder_of
from semsearch.errors import ContentError
from semsearch.index import SearchView
from semsearch.modules import load_module

FILLER = "The committee met again and nothing of note was decided on that day in {}. "
NEEDLE = "Zebras drink turquoise lemonade under the volcano."


def long_text(n_sentences: int, needle_at: int | None = None) -> str:
    sentences = [FILLER.format(f"place{n % 97} room{n % 89}") for n in range(n_sentences)]
    if needle_at is not None:
        sentences[needle_at] = NEEDLE + " "
    return "".join(sentences)


BOOK = long_text(7_000, 6_900)
"""Some 500,000 characters, as 200 pages have."""


@pytest.fixture
def collection(tmp_path: Path) -> Collection:
    return semsearch.create(tmp_path / "c", "hashing")


def rows(**texts: str) -> list[dict[str, str]]:
    return [{"id": key, "text": text, "kind": key[0]} for key, text in texts.items()]


def add(collection: Collection, **texts: str) -> semsearch.AddReport:
    return collection.add(rows(**texts), text="text", key="id")


def test_a_sentence_near_the_end_of_200_pages_is_found(collection: Collection) -> None:
    add(collection, book=BOOK, other=long_text(500), short="A short text about horses.")
    [hit] = collection.search("Zebras drink turquoise lemonade under the volcano", k=1)
    assert hit.key == "book"
    assert hit.passage is not None
    assert NEEDLE in hit.passage.text
    assert BOOK[hit.passage.start : hit.passage.stop] == hit.passage.text
    assert hit.passage.start > 0.9 * len(BOOK)


def test_the_report_says_how_many_texts_were_split(collection: Collection) -> None:
    report = add(collection, a=long_text(60), b="short", c=long_text(30))
    assert report.split == 2
    assert report.passages == collection.info()["passages"] > 4
    assert report.as_dict()["split"] == 2
    again = add(collection, a=long_text(60), b="short", c=long_text(30))
    assert (again.unchanged, again.split) == (3, 0)


def test_an_item_is_found_once_however_many_of_its_passages_match(collection: Collection) -> None:
    add(collection, a=long_text(300), b=long_text(200), c="committee", d="day", e="room1")
    hits = collection.search("the committee met again", k=5)
    assert sorted(hit.key for hit in hits) == ["a", "b", "c", "d", "e"]


def test_a_line_of_strokes_is_no_hit_of_a_long_text(collection: Collection) -> None:
    strokes = "_ " * 400
    add(collection, a=f"{long_text(40)}\n\n{strokes}\n\n{long_text(40)}", b=f"{strokes}\n\n" * 9)
    split_text, whole = (collection.search("_ _ _ _", k=2, where=f"key = '{key}'") for key in "ab")
    assert split_text[0].passage is not None
    assert "committee" in split_text[0].passage.text
    assert whole[0].passage is None


def test_a_text_that_fits_has_no_passage(collection: Collection) -> None:
    add(collection, a="short", b=long_text(50))
    passages = {hit.key: hit.passage for hit in collection.search("short", k=2)}
    assert passages["a"] is None
    assert passages["b"] is not None


def test_passages_are_no_items(collection: Collection) -> None:
    add(collection, a=long_text(100), b="short", c=long_text(50))
    assert len(collection) == 3
    assert collection.info()["rows"] == 3
    assert collection.keys() == ["a", "b", "c"]
    assert collection.vectors()[1].shape == (3, collection.dim)
    assert list(collection.to_pandas()["key"]) == ["a", "b", "c"]
    assert len(collection.cluster(n_clusters=2).labels) == 3
    assert {hit.key for hit in collection.similar("b", k=9)} == {"a", "c"}
    ids, _ = collection.neighbors(collection.vectors()[1], k=3)
    assert set(collection.keys(ids[0])) == {"a", "b", "c"}


def test_a_filter_allows_the_passages_of_the_items_that_pass(collection: Collection) -> None:
    add(collection, a=long_text(100), b=long_text(80, 70), c="short")
    assert [hit.key for hit in collection.search(NEEDLE, where="kind = 'a'")] == ["a"]
    assert {hit.key for hit in collection.search(NEEDLE, where="NOT kind = 'a'")} == {"b", "c"}
    assert collection.search(NEEDLE, where="kind = 'z'") == []
    assert collection.search(NEEDLE, where="NOT kind IN ('a', 'b', 'c')") == []


def test_deleted_and_changed_items_take_their_passages_along(collection: Collection) -> None:
    add(collection, a=long_text(100, 90), b=long_text(80), c="short")
    before = collection.info()["passages"]
    add(collection, a="no longer long")
    assert collection.info()["passages"] < before
    assert all(NEEDLE not in hit.text for hit in collection.search(NEEDLE, k=3))
    collection.delete(["b"])
    assert collection.info()["passages"] == 0
    assert {hit.key for hit in collection.search("committee")} == {"a", "c"}
    collection.compact()
    assert {hit.key for hit in collection.search("committee")} == {"a", "c"}
    assert collection.check(full=True).level == "ok"


def test_what_stays_of_the_passages_is_found_after_compacting(collection: Collection) -> None:
    add(collection, a=long_text(100), b=long_text(80, 70), c=long_text(40))
    collection.delete(["a"], purge=True)
    [hit] = collection.search(NEEDLE, k=1)
    assert hit.passage is not None
    assert NEEDLE in hit.passage.text
    reopened = semsearch.open(collection.path)
    assert reopened.search(NEEDLE, k=1)[0].passage == hit.passage
    assert reopened.check(full=True).level == "ok"


def test_the_same_long_text_under_another_key_takes_its_passages_along(
    collection: Collection,
) -> None:
    add(collection, a=long_text(80, 70))
    report = add(collection, b=long_text(80, 70), c=long_text(80, 70), d=long_text(60, 50))
    assert report.split == 3
    hits = collection.search(NEEDLE, k=4)
    assert len({(hit.score, hit.passage) for hit in hits if hit.key in "abc"}) == 1
    assert {hit.key for hit in hits} == {"a", "b", "c", "d"}


def test_the_vector_of_a_split_text_is_the_middle_of_its_passages(collection: Collection) -> None:
    add(collection, a=long_text(80), b="short")
    [own] = collection.vectors(["a"])[1]
    assert abs(float(np.linalg.norm(own)) - 1) < 1e-5
    assert float(own @ collection.encode([long_text(80)])[0]) > 0.9


def test_a_text_of_more_than_a_million_characters_is_stored(collection: Collection) -> None:
    report = add(collection, a="word " * 250_000 + NEEDLE, b="short")
    assert (report.added, report.skipped) == (2, [])
    assert collection._store.snapshot().passages.stops[-1] == 1_250_000 + len(NEEDLE)


def test_a_text_beyond_all_bounds_is_skipped_with_a_sentence(collection: Collection) -> None:
    report = add(collection, a="a" * 20_000_001, b="short")
    assert report.added == 1
    assert "20,000,001 characters, more than 20,000,000" in report.skipped[0].reason


def test_a_long_text_with_half_a_character_is_refused() -> None:
    encoder = encoder_of(load_module("hashing"))
    with pytest.raises(ContentError, match="unpaired surrogate"):
        encoder.prepare(long_text(80) + "\ud800")


def test_an_index_finds_passages_and_still_compares_items(collection: Collection) -> None:
    texts = {f"k{n}": long_text(60 + n % 7, 5 + n % 50 if n % 9 == 0 else None) for n in range(90)}
    add(collection, **texts)
    exact = [(hit.key, hit.passage) for hit in collection.search(NEEDLE, k=5)]
    alike = [hit.key for hit in collection.similar("k3", k=5)]
    collection.build_index(kind="flat")
    collection.delete(["k1"])
    assert collection.info()["index_rows"] == collection.info()["passages"]
    assert [(hit.key, hit.passage) for hit in collection.search(NEEDLE, k=5)] == exact
    assert [hit.key for hit in collection.similar("k3", k=5)] == alike
    assert collection.evaluate_index(k=5, n_queries=20)["recall"] > 0.9
    assert collection.check(full=True).level == "ok"


def test_an_index_over_passages_is_built_after_items_were_purged(collection: Collection) -> None:
    add(collection, a=long_text(100), b=long_text(80, 70), c="short")
    collection.delete(["a"], purge=True)
    collection.build_index("flat")
    [hit] = collection.search(NEEDLE, k=1)
    assert hit.passage is not None
    assert NEEDLE in hit.passage.text
    assert collection.check(full=True).level == "ok"


def test_an_index_that_misses_the_best_passage_changes_no_score(collection: Collection) -> None:
    add(
        collection, **{f"k{n}": long_text(60 + n % 7, 5 if n % 9 == 0 else None) for n in range(90)}
    )
    collection.build_index(kind="flat")
    seen, query = collection._view.now(), collection.encode([NEEDLE])
    assert seen.index is not None
    [exact] = ranking.nearest(seen, query, 3, None)
    is_seen = np.array(seen.snapshot.findable)
    is_seen[seen.snapshot.rows_of(exact.passages[:1])] = False
    erring = replace(seen, findable=SearchView(seen.view.rows, is_seen, None, None))
    [found] = ranking.nearest(erring, query, 90, None)
    place = found.ids.tolist().index(exact.ids[0])
    assert found.scores[place] == pytest.approx(exact.scores[0], abs=2e-6)
    assert found.passages[place] == exact.passages[0]
