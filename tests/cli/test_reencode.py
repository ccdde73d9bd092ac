"""`reencode` on the command line: a plan, a comparison, the switch, and the way back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import semsearch
from semsearch.collection import Collection
from semsearch.modules.catalogue import BUILT_IN, BuiltIn
from tests import words_module
from tests.cli.conftest import Run, refused


@pytest.fixture(autouse=True)
def _words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(BUILT_IN, "words", BuiltIn(words_module.CARD, words_module.words))


def module_of(indexed: Run) -> str:
    return str(json.loads(indexed("info", "reviews", "--json").stdout)["handle"])


def test_nothing_changes_before_the_switch(indexed: Run) -> None:
    built = indexed("reencode", "reviews", "--module", "words")
    assert built.exit_code == 0, built.output
    assert "4 items encoded by words" in built.stdout
    assert "Asked with 4 stored items as queries, " in built.stdout
    assert "semsearch reencode reviews --switch" in built.stdout
    assert module_of(indexed) == "hashing"
    switched = indexed("reencode", "reviews", "--switch")
    assert "4 items, and nothing to encode: each has its vector of words" in switched.stdout
    assert "Searches use words now" in switched.stdout
    assert module_of(indexed) == "words"


def test_the_plan_tells_what_is_to_come(indexed: Run) -> None:
    plan = indexed("reencode", "reviews", "--module", "words").stderr
    for told in ("reviews, holding 4 items", "hashing, vectors of 256", "words, vectors of 64"):
        assert told in plan
    assert "less than 1 s to encode 4 items" in plan
    assert "0.0 MB of vectors beside the old ones" in plan
    again = indexed("reencode", "reviews", "--module", "words").stderr
    assert "4 of 4 items stand already" in again


def test_the_way_back_and_the_end_of_it(indexed: Run) -> None:
    indexed("reencode", "reviews", "--module", "words", "--switch")
    back = json.loads(indexed("reencode", "reviews", "--rollback", "--json").stdout)
    assert (back["before"], back["after"], back["switched"]) == ("words", "hashing", True)
    assert module_of(indexed) == "hashing"
    dropped = json.loads(indexed("reencode", "reviews", "--drop-old", "--json").stdout)
    assert dropped["dropped"] == "previous"
    assert dropped["bytes"] >= 4 * words_module.DIM * 4
    message = refused(indexed("reencode", "reviews", "--rollback"), 1)
    assert "the collection 'reviews' has no previous vectors" in message


def test_an_attempt_can_be_dropped(indexed: Run) -> None:
    indexed("reencode", "reviews", "--module", "words")
    assert "building vectors are dropped" in indexed("reencode", "reviews", "--abandon").stdout
    message = refused(indexed("reencode", "reviews", "--switch"), 1)
    assert "the collection 'reviews' is not being re-encoded; begin with" in message


def test_queries_come_from_a_file(indexed: Run, tmp_path: Path) -> None:
    queries = tmp_path / "queries.txt"
    queries.write_text("cold soup\n\nlaces\n")
    told = indexed(
        "reencode", "reviews", "--module", "words", "--queries", queries, "-k", "2", "--json"
    )
    report = json.loads(told.stdout)
    assert (report["comparison"]["n_queries"], report["comparison"]["k"]) == (2, 2)
    assert (report["rows"], report["encoded"], report["switched"]) == (4, 4, False)
    queries.write_text("\n")
    message = refused(indexed("reencode", "reviews", "--queries", queries), 1)
    assert "holds no query" in message
    message = refused(indexed("reencode", "reviews", "--queries", tmp_path / "none.txt"), 1)
    assert "cannot be read" in message


def test_what_stands_alone_is_told(indexed: Run) -> None:
    result = indexed("reencode", "reviews", "--rollback", "--module", "words")
    assert result.exit_code == 2
    assert "each stand alone" in result.stderr


def test_another_kind_of_module_is_refused(indexed: Run) -> None:
    message = refused(indexed("reencode", "reviews", "--module", "colours"), 1)
    assert "'colours' encodes pictures, and the collection 'reviews' holds texts" in message


def test_a_stop_says_how_far_it_came(indexed: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    reencode = Collection.reencode

    def stopped(self: Collection, *handles: str | None, **options: object) -> object:
        reencode(self, *handles, switch=False)
        raise KeyboardInterrupt

    monkeypatch.setattr(Collection, "reencode", stopped)
    result = indexed("reencode", "reviews", "--module", "words")
    assert result.exit_code == 130
    assert "4 of 4 items encoded; the same command goes on from there" in result.stderr


def test_another_writer_is_waited_for_and_named(
    indexed: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with semsearch.open(tmp_path / "indexes" / "reviews") as other:
        writing = other._store.writing()
        writing.__enter__()
        monkeypatch.setattr(
            "semsearch.collection.filling.time.sleep", lambda _: writing.__exit__(None, None, None)
        )
        result = indexed("reencode", "reviews", "--module", "words", "--switch")
    assert result.exit_code == 0, result.output
    assert "waiting: the collection" in result.stderr
    assert "is being written by process" in result.stderr


def test_info_tells_of_the_vectors_beside_those_that_are_searched(indexed: Run) -> None:
    assert "previous" not in indexed("info", "reviews").stdout
    indexed("reencode", "reviews", "--module", "words")
    told = indexed("info", "reviews").stdout
    assert "vectors of words; `semsearch reencode reviews` goes on with them" in told
    indexed("reencode", "reviews", "--switch")
    told = indexed("info", "reviews").stdout
    assert "vectors of hashing; `semsearch reencode reviews --rollback` returns to them" in told
    facts = json.loads(indexed("info", "reviews", "--json").stdout)
    assert facts["other_spaces"] == {"previous": "hashing"}


def test_a_classifier_of_the_old_vectors_says_so(indexed: Run, tmp_path: Path) -> None:
    labels = tmp_path / "labels.csv"
    labels.write_text("key,label\na,food\nb,food\nc,shoes\nd,shoes\n")
    assert indexed("train", "reviews", "kind", labels).exit_code == 0
    indexed("reencode", "reviews", "--module", "words", "--switch")
    message = refused(indexed("predict", "reviews", "kind"), 1)
    assert "the classifier 'kind' was trained on vectors of 'hashing'" in message
    assert "train it again" in message
    indexed("reencode", "reviews", "--rollback")
    assert indexed("predict", "reviews", "kind").exit_code == 0
