"""Another module for a collection: built beside the old one, compared, switched, rolled back."""

from __future__ import annotations

import io
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import apsw
import numpy as np
import pytest
from PIL import Image

import semsearch
from semsearch.collection import filling
from semsearch.collection.ingest import Ingest
from semsearch.errors import (
    CollectionError,
    CollectionSwitched,
    KeyNotFound,
    ModuleError,
    ResultNotFound,
)
from semsearch.modules.catalogue import BUILT_IN, BuiltIn
from tests import words_module

Review = dict[str, object]
CLASSES = {"food": ["soup", "noodles", "a bowl"], "shoes": ["shoes", "laces", "feet"]}


@pytest.fixture(autouse=True)
def _words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(BUILT_IN, "words", BuiltIn(words_module.CARD, words_module.words))
    words_module.encoded.clear()


def renamed(path: Path, sql: str, *values: object) -> None:
    connection = apsw.Connection(str(path / "store.db"), vfs="cksmvfs")
    connection.execute(sql, values)
    connection.close()


def test_reencoding_gives_every_item_the_vector_of_the_new_module(
    collection: semsearch.Collection, reviews: list[Review]
) -> None:
    report = collection.reencode("words")
    assert (report.before, report.after, report.switched) == ("hashing", "words", True)
    assert (report.rows, report.encoded) == (12, 12)
    assert (collection.handle, collection.dim) == ("words", words_module.DIM)
    assert collection.module.card.name == "words"
    keys, vectors = collection.vectors()
    texts = [review["review"] for review in reviews]
    np.testing.assert_array_equal(vectors, words_module.words().encode(texts))
    assert keys == [review["id"] for review in reviews]
    assert collection.search("leather shoes for the office", k=1)[0].key == "r-7"
    assert collection.similar("r-7", k=11)[0].key != "r-7"


def test_without_the_switch_nothing_changes_until_the_next_call(
    collection: semsearch.Collection,
) -> None:
    before = collection.search("soup")
    report = collection.reencode("words", switch=False)
    assert not report.switched
    assert collection.handle == "hashing"
    assert collection.search("soup") == before
    assert collection.spaces()["building"]["missing"] == 0
    finished = collection.reencode()
    assert (finished.after, finished.encoded, finished.switched) == ("words", 0, True)
    assert collection.handle == "words"


def test_each_text_is_encoded_once_however_often_the_work_is_stopped(
    collection: semsearch.Collection, reviews: list[Review], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filling, "LOOKED_UP", 5)
    monkeypatch.setitem(filling.MOST, "text", 5)

    def interrupted_at(stop: int, done: int, total: int) -> None:
        assert total == 12
        if done >= stop:
            raise KeyboardInterrupt

    for stop in (4, 9):
        with pytest.raises(KeyboardInterrupt):
            collection.reencode("words", progress=partial(interrupted_at, stop))
    missing = collection.spaces()["building"]["missing"]
    assert 0 < missing < 12
    kept = 12 - missing
    already = [str(review["review"]) for review in reviews[:kept]]
    words_module.encoded.clear()
    report = collection.reencode("words")
    assert report.encoded == missing
    assert not set(words_module.encoded) & set(already)
    assert len(words_module.encoded) == missing


def test_rows_that_come_go_and_change_meanwhile_are_caught_up_with(
    collection: semsearch.Collection, reviews: list[Review], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filling, "LOOKED_UP", 4)
    monkeypatch.setitem(filling.MOST, "text", 4)
    done_once: list[int] = []

    def meddling(done: int, total: int) -> None:
        if done >= 8 and not done_once:
            done_once.append(done)
            collection.add([{"id": "new", "review": "a very new review"}], text="review", key="id")
            collection.delete(["r-1", "r-12"])
            changed = reviews[1] | {"review": "The tomato soup was changed"}
            refreshed = reviews[2] | {"stars": 5}
            collection.add([changed, refreshed], text="review", key="id")

    report = collection.reencode("words", progress=meddling)
    assert done_once
    assert report.rows == len(collection) == 11
    keys, vectors = collection.vectors()
    assert {"new", "r-2"} < set(keys)
    assert not {"r-1", "r-12"} & set(keys)
    texts = [hit.text for hit in collection.get(keys)]
    np.testing.assert_array_equal(vectors, words_module.words().encode(texts))
    assert collection.search("the tomato soup was changed", k=1)[0].key == "r-2"
    assert collection.get(["r-3"])[0].fields["stars"] == 5


def test_a_rollback_brings_the_old_answers_back_and_encodes_what_was_added_since(
    collection: semsearch.Collection,
) -> None:
    before = collection.search("soup of the day", k=12)
    collection.reencode("words")
    collection.add([{"id": "new", "review": "soup of the day"}], text="review", key="id")
    collection.delete(["r-1"])
    report = collection.rollback()
    assert (report.before, report.after, report.encoded) == ("words", "hashing", 1)
    assert report.switched
    after = collection.search("soup of the day", k=13)
    assert after[0].key == "new"
    assert after[0].score == pytest.approx(1)
    assert after[1:] == [hit for hit in before if hit.key != "r-1"]
    assert collection.rollback().after == "words"


def test_results_go_with_the_space_they_were_made_from(collection: semsearch.Collection) -> None:
    trained = collection.train("kind", CLASSES)
    clustering = collection.cluster(3)
    wanted = trained.predictions()
    collection.reencode("words")
    assert collection.classifiers() == collection.clusterings() == []
    with pytest.raises(ResultNotFound, match="'kind' was trained on vectors of 'hashing'.*again"):
        collection.classifier("kind")
    with pytest.raises(ResultNotFound, match="clustering 'default' was made from vectors of"):
        collection.clustering()
    with pytest.raises(CollectionSwitched, match="'kind' was trained on .*'hashing'.*train it ag"):
        trained.predictions()
    with pytest.raises(CollectionSwitched, match="those of 'words' now"):
        clustering.assign(["r-1"])
    collection.train("kind", CLASSES)
    collection.rollback()
    assert collection.classifier("kind").predictions() == wanted
    assert collection.clustering().labels.tolist() == clustering.labels.tolist()
    assert clustering.assign(["r-1"]).tolist() == [clustering.labels[0]]


def test_another_object_of_the_same_collection_follows_the_switch(
    collection: semsearch.Collection,
) -> None:
    with semsearch.open(collection.path) as other:
        assert other.search("soup", k=1)
        collection.reencode("words")
        assert other.module.card.name == "words"
        assert other.search("soup", k=12) == collection.search("soup", k=12)
        collection.rollback()
        assert other.search("soup", k=12) == collection.search("soup", k=12)


def test_rows_encoded_with_the_old_module_never_land_among_the_new(
    collection: semsearch.Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The switch comes after `add` has taken the module and before it has the lock."""
    run = Ingest.run

    def switched(self: Ingest, *entries: object, **options: object) -> object:
        if collection.handle == "hashing":
            collection.reencode("words")
        return run(self, *entries, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(Ingest, "run", switched)
    rows = [{"id": "new", "review": "a very new review"}]
    with pytest.raises(CollectionSwitched, match="was switched to 'words' meanwhile; run the same"):
        collection.add(rows, text="review", key="id")
    assert len(collection) == 12
    assert collection.add(rows, text="review", key="id").added == 1
    assert collection.search("a very new review", k=1)[0].score == pytest.approx(1)


def test_the_comparison_counts_common_hits(collection: semsearch.Collection) -> None:
    same = [{"id": f"same-{n}", "review": "The very same words"} for n in range(6)]
    collection.add(same, text="review", key="id")  # so many that some do not find themselves
    comparison = collection.reencode("words", k=3, switch=False).comparison
    assert comparison is not None
    assert (comparison.n_queries, comparison.k, comparison.is_sample) == (18, 3, True)
    old = {key: collection.similar(key, k=3) for key in collection.vectors()[0]}
    collection.reencode()
    new = {key: collection.similar(key, k=3) for key in old}
    shares = [len({h.key for h in old[key]} & {h.key for h in new[key]}) / 3 for key in old]
    assert comparison.overlap == pytest.approx(np.mean(shares))
    first = [old[key][0].key == new[key][0].key for key in old]
    assert comparison.same_first == pytest.approx(np.mean(first))
    gaps = []
    keys, vectors = collection.vectors()
    stored = dict(zip(keys, vectors, strict=True))
    for key, hits in old.items():
        gaps += [abs(float(stored[key] @ stored[hit.key]) - hit.score) for hit in hits if hit.score]
    assert comparison.cosine_gap == pytest.approx(np.mean(gaps), abs=1e-6)
    assert "stored items" in str(comparison)


def test_queries_of_ones_own_are_compared_instead(collection: semsearch.Collection) -> None:
    queries = ["cold soup", "laces"]
    before = collection.search_many(queries, k=2)
    comparison = collection.reencode("words", queries=queries, k=2).comparison
    assert comparison is not None
    assert (comparison.n_queries, comparison.k, comparison.is_sample) == (2, 2, False)
    after = collection.search_many(queries, k=2)
    same = [len({h.key for h in a} & {h.key for h in b}) / 2 for a, b in zip(before, after)]  # noqa: B905
    assert comparison.overlap == pytest.approx(np.mean(same))
    with pytest.raises(ValueError, match="queries is empty"):
        collection.reencode("hashing", queries=[])


def test_an_exchange_of_equal_vectors_agrees_in_everything(
    collection: semsearch.Collection,
) -> None:
    """The module has another digest than it had, as after an update, and gives the same vectors."""
    renamed(collection.path, "UPDATE space SET digest = ?", "0" * 64)
    with semsearch.open(collection.path) as reopened:
        with pytest.raises(ModuleError):
            reopened.search("soup")
        comparison = reopened.reencode("hashing").comparison
        assert comparison is not None
        assert (comparison.overlap, comparison.same_first) == (1, 1)
        assert comparison.cosine_gap == pytest.approx(0, abs=1e-6)
        assert reopened.search("The noodle soup was too salty", k=1)[0].key == "r-3"
        reopened.drop_space()
        assert reopened.search("The noodle soup was too salty", k=1)[0].key == "r-3"


def test_pictures_are_encoded_anew_from_their_stored_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dataclasses import replace

    from semsearch.modules.image import prepare_image
    from semsearch.modules.networks import colours

    card = replace(colours.CARD, name="colours2", digest="3" * 64)
    made = semsearch.Module(
        card, lambda content: prepare_image(content, size=colours.SIZE), lambda: colours.encode
    )
    monkeypatch.setitem(BUILT_IN, "colours2", BuiltIn(card, lambda: made))
    rows = []
    for name in ("red", "green", "blue"):
        buffer = io.BytesIO()
        Image.new("RGB", (40, 40), name).save(buffer, "PNG")
        rows.append({"id": name, "image": buffer.getvalue()})
    with semsearch.create(tmp_path / "c", module="colours") as pictures:
        pictures.add(rows, image="image", key="id")
        report = pictures.reencode("colours2")
        assert (report.encoded, pictures.handle) == (3, "colours2")
        assert pictures.search(image=Image.new("RGB", (9, 9), "red"), k=1)[0].key == "red"
        with pytest.raises(ModuleError, match="'words' encodes texts, and .* holds pictures"):
            pictures.reencode("words")


def test_what_the_new_module_refuses_stops_the_switch_and_loses_nothing(
    collection: semsearch.Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    def prepare(content: semsearch.modules.module.Content) -> str:
        if "salty" in str(content):
            raise semsearch.errors.ContentError("the text is too salty")
        return words_module.checked_text(content)

    picky = semsearch.Module(words_module.CARD, prepare, lambda: words_module.encode)
    monkeypatch.setattr("semsearch.collection.reencoding.load_module", lambda _: picky)
    with pytest.raises(CollectionError, match="cannot encode one item 'r-3': the text is too salt"):
        collection.reencode("words")
    assert collection.handle == "hashing"
    assert collection.spaces()["building"]["missing"] == 1
    monkeypatch.undo()
    monkeypatch.setitem(BUILT_IN, "words", BuiltIn(words_module.CARD, words_module.words))
    assert collection.reencode("words").encoded == 1
    assert collection.search("the noodle soup was too salty", k=1)[0].key == "r-3"


def test_an_empty_collection_is_exchanged_too(tmp_path: Path) -> None:
    with semsearch.create(tmp_path / "c", module="hashing") as collection:
        report = collection.reencode("words")
        assert (report.rows, report.comparison, collection.handle) == (0, None, "words")
        collection.add(["a text"])
        assert len(collection.search("a text")) == 1


def test_the_same_module_and_the_previous_one_are_refused(collection: semsearch.Collection) -> None:
    with pytest.raises(CollectionError, match="'hashing' is the module of .*'reviews' already"):
        collection.reencode("hashing")
    collection.reencode("words")
    with pytest.raises(CollectionError, match="'hashing' are kept .* rollback"):
        collection.reencode("hashing")
    collection.drop_space()
    assert collection.reencode("hashing").after == "hashing"


def test_a_second_module_waits_until_the_first_is_done_or_dropped(
    collection: semsearch.Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    collection.reencode("words", switch=False)
    card = semsearch.modules.module.ModuleCard(
        **words_module.CARD.as_dict() | {"name": "third", "digest": "4" * 64, "languages": ()}
    )
    monkeypatch.setitem(BUILT_IN, "third", BuiltIn(card, words_module.words))
    third = semsearch.Module(card, words_module.checked_text, lambda: words_module.encode)
    monkeypatch.setitem(BUILT_IN, "third", BuiltIn(card, lambda: third))
    with pytest.raises(CollectionError, match="is being re-encoded with 'words' already"):
        collection.reencode("third")
    assert collection.drop_space("building") > 0
    assert collection.reencode("third").after == "third"


def test_what_cannot_be_done_is_told_in_a_sentence(
    collection: semsearch.Collection, tmp_path: Path
) -> None:
    with pytest.raises(CollectionError, match="is not being re-encoded"):
        collection.reencode()
    with pytest.raises(CollectionError, match="has no previous vectors"):
        collection.rollback()
    with pytest.raises(CollectionError, match="is not being re-encoded"):
        collection.drop_space("building")
    with pytest.raises(ValueError, match="'previous' or 'building' vectors, not 'current'"):
        collection.drop_space("current")
    with pytest.raises(ModuleError, match="'colours' encodes pictures, and .* holds texts"):
        collection.reencode("colours")
    with pytest.raises(ValueError, match="k must"):
        collection.reencode("words", k=0)
    with semsearch.create(tmp_path / "own", module=None, dim=4) as own:
        own.add(vectors=np.eye(4), keys=list("abcd"))
        with pytest.raises(CollectionError, match="holds your own vectors"):
            own.reencode("words")


def test_a_text_that_is_not_what_was_encoded_is_refused(
    collection: semsearch.Collection,
) -> None:
    renamed(collection.path, "UPDATE item SET text = 'another' WHERE key = 'r-4'")
    with pytest.raises(CollectionError, match="the stored text of 'r-4' is not what was encoded"):
        collection.reencode("words")
    assert collection.handle == "hashing"


def test_somebody_who_waits_for_a_writer_is_told_once(
    collection: semsearch.Collection, caplog: pytest.LogCaptureFixture
) -> None:
    with semsearch.open(collection.path) as other, ThreadPoolExecutor(1) as thread:
        with other._store.writing():
            told: list[str] = []
            waiting = thread.submit(collection.reencode, "words", on_wait=told.append)
            time.sleep(0.2)
            assert not waiting.done()
        assert waiting.result().switched
        assert len(told) == 1
        assert "is being written by process" in told[0]
        with other._store.writing():
            waiting = thread.submit(collection.rollback)
            time.sleep(0.2)
        assert waiting.result().switched
    assert [record.levelname for record in caplog.records] == ["WARNING"]


def test_compacting_keeps_both_spaces(collection: semsearch.Collection) -> None:
    before = collection.search("soup", k=12)
    collection.reencode("words")
    collection.delete(["r-12"])
    collection.compact()
    assert len(collection.search("soup", k=12)) == 11
    collection.rollback()
    assert collection.search("soup", k=12) == [hit for hit in before if hit.key != "r-12"]


def test_an_item_that_goes_while_it_is_asked_for_is_told(
    collection: semsearch.Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is deleted and left out of the new vectors between two looks."""
    live = semsearch.Collection._live

    def overtaken(self: semsearch.Collection, keys: list[str]) -> object:
        items = live(self, keys)
        monkeypatch.undo()
        with semsearch.open(self.path) as other:
            other.delete(keys)
            other.drop_space() if "previous" in other.spaces() else None
            monkeypatch.setitem(BUILT_IN, "words", BuiltIn(words_module.CARD, words_module.words))
            other.reencode("words" if other.handle == "hashing" else "hashing")
        return items

    for ask in (lambda: collection.vectors(["r-1"]), lambda: collection.similar("r-2")):
        monkeypatch.setattr(semsearch.Collection, "_live", overtaken)
        with pytest.raises(KeyNotFound, match="'r-.' .* was deleted or changed meanwhile"):
            ask()
