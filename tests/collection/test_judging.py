"""What scores mean in a collection, and honest empty answers; with the hashing module."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import semsearch
from semsearch.collection.calibrating import best_cosines, unrelated_texts

NAMES = ["kettle", "toaster", "blender", "mixer", "grill", "fryer", "juicer", "oven"]
FAULTS = ["leaks", "hums", "smells", "rattles", "overheats"]
MANUAL = [
    f"error code zx{number}{place}: the zorbex {name} {fault} near its quantal valve"
    for number, name in enumerate(NAMES)
    for place, fault in enumerate(FAULTS)
]
"""Forty entries of a manual in words that no query about other things has."""

ON_TOPIC = "error code: the zorbex toaster hums near its quantal valve"
OFF_TOPIC = "Rembrandt painted himself eighty times"


@pytest.fixture
def manual(tmp_path: Path) -> Iterator[semsearch.Collection]:
    with semsearch.create(tmp_path / "manual", module="hashing") as made:
        made.add(MANUAL)
        yield made


def test_a_query_about_something_else_finds_nothing_and_is_told_why(
    manual: semsearch.Collection,
) -> None:
    hits = manual.search(OFF_TOPIC, min_score="auto")
    assert hits == []
    assert "nothing here is like the query" in hits.notes[0]
    assert f"{manual.calibration()['threshold']:.2f}" in hits.notes[0]


def test_a_query_about_the_collection_finds_the_same_as_without(
    manual: semsearch.Collection,
) -> None:
    with_auto = manual.search(ON_TOPIC, min_score="auto")
    assert [hit.key for hit in with_auto] == [hit.key for hit in manual.search(ON_TOPIC)]
    assert with_auto.notes == []


def test_few_unrelated_texts_pass_and_no_item_is_lost(manual: semsearch.Collection) -> None:
    strangers = [manual.search(text, k=1, min_score="auto") for text in unrelated_texts()]
    share = sum(map(bool, strangers)) / len(strangers)
    assert share == pytest.approx(manual.calibration()["false_alarms"], abs=0.001)
    assert share <= 0.06
    assert all(manual.search(text, k=1, min_score="auto") for text in MANUAL)


@pytest.mark.parametrize("k", [1, 2, 40])
def test_the_verdict_does_not_depend_on_how_many_hits_are_wanted(
    manual: semsearch.Collection, k: int
) -> None:
    assert manual.search(OFF_TOPIC, k=k, min_score="auto") == []
    assert len(manual.search(ON_TOPIC, k=k, min_score="auto")) == k


def test_hits_say_how_much_their_scores_mean(manual: semsearch.Collection) -> None:
    best, *_, last = manual.search(MANUAL[0], k=40)
    assert (best.percentile, best.band) == (99.9, "strong")
    assert last.percentile is not None
    assert last.percentile < 50
    stranger = manual.search(OFF_TOPIC)[0]
    assert stranger.band in ("weak", "fair")


def test_an_item_that_is_searched_for_does_not_find_itself(manual: semsearch.Collection) -> None:
    _, vectors = manual.vectors()
    seen = manual._view.now()
    best = best_cosines(seen, vectors, seen.snapshot.ids)
    others = vectors @ vectors.T - 2 * np.eye(40, dtype=np.float32)
    assert best == pytest.approx(-np.sort(-others, axis=1)[:, :3], abs=1e-5)


def test_of_long_texts_the_passages_are_judged_and_explained(tmp_path: Path) -> None:
    parts = [f"Part {n} of the quantal pump is greased weekly." for n in range(400)]
    texts = [" ".join([*parts[::2], entry, *parts[1::2]]) for entry in MANUAL[:8]]
    with semsearch.create(tmp_path / "long", module="hashing") as long:
        long.add(texts)
        assert long.calibration()["items"] > 30
        assert long.search(OFF_TOPIC, min_score="auto") == []
        assert len(long.search("grease part 7 of the quantal pump", min_score="auto")) == 8
        hit = long.search(MANUAL[3], k=1, explain=True)[0]
        assert hit.text == texts[3]
        assert hit.passage is not None
        assert hit.words is not None
        assert all(hit.text[word.start : word.stop] == word.word for word in hit.words)
        best = max(hit.words, key=lambda word: word.weight)
        assert hit.passage.start <= best.start < best.stop <= hit.passage.stop
        assert best.word in MANUAL[3]


def test_half_of_the_random_pairs_lie_below_the_middle(manual: semsearch.Collection) -> None:
    _, vectors = manual.vectors()
    pairs = (vectors @ vectors.T)[np.triu_indices(40, 1)]
    middle = manual.calibration()["random_pairs"]["50"]
    assert middle == pytest.approx(np.median(pairs), abs=1e-3)


def test_a_small_collection_says_that_it_cannot_judge(collection: semsearch.Collection) -> None:
    hits = collection.search("Rembrandt painted himself", min_score="auto")
    assert len(hits) > 0
    assert "fewer than 30" in hits.notes[0]
    assert hits[0].percentile is None
    assert hits[0].band is None
    assert collection.calibration()["threshold"] is None


def test_words_are_not_judged_by_meaning(manual: semsearch.Collection) -> None:
    assert manual.calibration()["items"] == 40
    hits = manual.search("toaster", mode="lexical", min_score="auto")
    assert any("compares words" in note for note in hits.notes)
    assert all(hit.band is None for hit in hits)


def test_an_item_with_all_words_is_found_whatever_its_cosine(tmp_path: Path) -> None:
    with semsearch.create(tmp_path / "codes", module="hashing") as codes:
        codes.add([*MANUAL, f"Rembrandt {' '.join(MANUAL[:9])}"])
        assert codes.search("Rembrandt", min_score="auto") == []
        hits = codes.search("Rembrandt", mode="hybrid", min_score="auto")
        assert len(hits) > 0
        assert any("all words" in note for note in hits.notes)
        assert codes.search(OFF_TOPIC, mode="hybrid", min_score="auto") == []


def test_a_filter_takes_the_item_with_all_words_out_of_the_verdict(tmp_path: Path) -> None:
    with semsearch.create(tmp_path / "codes", module="hashing") as codes:
        rows = [{"t": text, "n": 0} for text in MANUAL]
        codes.add([*rows, {"t": f"Rembrandt {' '.join(MANUAL[:9])}", "n": 1}], text="t")
        assert codes.search("Rembrandt", mode="hybrid", min_score="auto", where="n = 0") == []


def test_only_what_passes_the_filter_counts_for_the_verdict(tmp_path: Path) -> None:
    painters = [f"Rembrandt painted himself {n} times" for n in range(40)]
    with semsearch.create(tmp_path / "both", module="hashing") as both:
        both.add([{"t": text, "n": 0} for text in MANUAL] + [{"t": t, "n": 1} for t in painters])
        assert len(both.search(OFF_TOPIC, where="n = 0")) > 0
        assert both.search(OFF_TOPIC, min_score="auto", where="n = 1")
        assert both.search(OFF_TOPIC, min_score="auto", where="n = 0") == []


def test_vectors_of_ones_own_have_percentiles_but_no_unrelated_queries(tmp_path: Path) -> None:
    vectors = np.random.default_rng(0).normal(size=(50, 8)).astype(np.float32)
    with semsearch.create(tmp_path / "own", module=None, dim=8) as own:
        own.add(vectors=vectors, keys=[f"v{row}" for row in range(50)])
        hits = own.search(plus=[{"key": "v1"}], k=3, min_score="auto")
        assert len(hits) == 3
        assert all(hit.percentile is not None for hit in hits)
        assert any("reads texts" in note for note in hits.notes)
        assert own.calibration()["strong"] > own.calibration()["fair"]


def test_the_scale_is_kept_for_other_processes(
    manual: semsearch.Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = manual.calibration()
    manual.close()
    monkeypatch.setattr("semsearch.collection.judging.calibrate", _never)
    with semsearch.open(manual.path, read_only=True) as again:
        assert again.calibration() == known
        assert again.check(full=True).level == "ok"


def test_little_change_keeps_the_scale_and_much_change_measures_anew(
    manual: semsearch.Collection,
) -> None:
    known = manual.calibration()
    manual.add([{"k": f"new{n}", "t": f"zorbex {n}"} for n in range(5)], text="t", key="k")
    assert manual.calibration() == known
    manual.add([{"k": f"newer{n}", "t": f"zorbex {n}"} for n in range(9)], text="t", key="k")
    assert manual.calibration()["items"] == 54
    manual.delete([f"newer{n}" for n in range(9)] + [f"new{n}" for n in range(5)])
    assert manual.calibration()["items"] == 40


def test_where_queries_are_slow_fewer_are_asked_until_there_is_an_index(
    manual: semsearch.Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("semsearch.collection.calibrating.is_outgrown", lambda _: True)
    rough = manual.calibration()
    monkeypatch.undo()
    manual.add(["zorbex"])  # 1 in 40: no reason of its own to measure
    assert manual.calibration()["false_alarms"] != rough["false_alarms"]


def test_lexical_hits_show_the_words_they_share(manual: semsearch.Collection) -> None:
    [hit] = manual.search("toaster hums", k=1, mode="lexical", explain=True)
    assert [word.word for word in hit.words or []] == ["toaster", "hums"]


def test_hybrid_hits_are_judged_by_their_cosines(manual: semsearch.Collection) -> None:
    for hit in manual.search(ON_TOPIC, k=3, mode="hybrid", explain=True):
        assert hit.parts is not None
        assert hit.percentile == pytest.approx(99.9, abs=10)
        assert hit.band is not None
        assert hit.words


def test_a_scale_that_cannot_be_read_is_measured_anew(manual: semsearch.Collection) -> None:
    known = manual.calibration()
    with manual._store.writing() as writer:
        writer.keep_setting("calibration", manual._store.space.id, {"pairs": "gone"})
    with semsearch.open(manual.path) as again:
        assert again.calibration() == known


def test_the_unrelated_texts_are_many_and_each_stands_once() -> None:
    texts = unrelated_texts()
    assert len(texts) > 400
    assert len(set(texts)) == len(texts)
    assert all(text == text.strip() and text for text in texts)


def _never(*_: object) -> None:
    raise AssertionError("measured again")
