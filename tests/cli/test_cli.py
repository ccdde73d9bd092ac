"""The command line as a person or a script meets it: output, exit codes, one-line errors."""

from __future__ import annotations

import json
from pathlib import Path

import click
import pytest

import semsearch
from semsearch.cli.main import main
from semsearch.store.lock import writer_lock
from tests.cli.conftest import CSV, Run, refused


def test_index_shows_a_plan_before_and_a_report_after(run: Run, table: Path) -> None:
    result = run("index", "reviews", table, "--module", "hashing")
    assert result.stdout == ""
    plan, report = result.stderr.split("\n\n")[0], result.stderr.strip().splitlines()[-1]
    for word in (
        "reviews: 4 texts",
        "review",
        "hashing, vectors of 256",
        "id (text), stars (number)",
        "estimate",
    ):
        assert word in plan
    assert report.startswith("4 added, 0 updated, 0 unchanged, 0 skipped in")


def test_index_again_recognises_every_row(indexed: Run, table: Path) -> None:
    result = indexed("index", "reviews", table, "--text", "review", "--key", "id", "--json")
    report = json.loads(result.stdout)
    counts = ["added", "updated", "unchanged", "skipped"]
    assert list(report) == [*counts, "seconds", "notes", "split", "passages"]
    assert (report["added"], report["unchanged"], report["skipped"]) == (0, 4, [])


def test_skipped_rows_are_told_with_row_key_and_reason(run: Run, table: Path) -> None:
    table.write_text(CSV + "e,,3\na,Once more,1\n")
    options = ("--text", "review", "--key", "id", "--module", "hashing")
    skipped = json.loads(run("index", "r", table, *options, "--json").stdout)["skipped"]
    assert [(row["row"], row["key"]) for row in skipped] == [(5, "e"), (6, "a")]
    assert all(row["reason"] for row in skipped)


def test_on_error_stop_leaves_no_collection_behind(run: Run, table: Path, tmp_path: Path) -> None:
    table.write_text(CSV + "e,,3\n")
    options = ("--text", "review", "--key", "id", "--module", "hashing", "--on-error", "stop")
    assert "row 5 (key 'e') cannot be stored" in refused(run("index", "r", table, *options), 1)
    assert not (tmp_path / "indexes" / "r").exists()


def test_several_sources_go_into_one_collection(run: Run, tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / f"{name}.csv").write_text(f"text\n{name} a\n{name} b\n")
    result = run(
        "index", "r", tmp_path / "one.csv", tmp_path / "two.csv", "--module", "hashing", "--json"
    )
    assert json.loads(result.stdout)["added"] == 4


def test_search_prints_json_of_the_contract(indexed: Run) -> None:
    result = indexed("search", "reviews", "tomato soup", "-k", "2", "--json")
    hits = json.loads(result.stdout)
    assert [list(hit) for hit in hits] == [["key", "score", "text", "fields"]] * 2
    assert hits[0]["key"] == "b"
    assert hits[0]["fields"] == {"stars": 5}


def test_search_prints_text_score_and_fields_for_reading(indexed: Run) -> None:
    shown = indexed("search", "reviews", "tomato soup", "-k", "1").stdout
    assert "A wonderful tomato soup" in shown
    assert "stars=5" in shown
    assert "█" in shown


def test_search_narrows_by_a_filter(indexed: Run) -> None:
    hits = json.loads(indexed("search", "reviews", "soup", "--where", "stars < 3", "--json").stdout)
    assert {hit["key"] for hit in hits} == {"a", "d"}


def test_similar_leaves_out_the_item_itself(indexed: Run) -> None:
    hits = json.loads(indexed("similar", "reviews", "a", "--json").stdout)
    assert sorted(hit["key"] for hit in hits) == ["b", "c", "d"]


def test_delete_takes_keys_or_a_filter(indexed: Run) -> None:
    assert indexed("delete", "reviews", "a", "b").stdout == "deleted 2 of 4 items\n"
    assert indexed("delete", "reviews", "--where", "stars = 2").stdout == "deleted 1 of 2 items\n"


def test_delete_counts_a_key_once_however_often_it_is_given(indexed: Run) -> None:
    assert indexed("delete", "reviews", "a", "a").stdout == "deleted 1 of 4 items\n"


def test_delete_prints_json(indexed: Run) -> None:
    told = indexed("delete", "reviews", "a", "--json").stdout
    assert json.loads(told) == {"deleted": 1, "rows": 3}


def test_info_prints_the_same_as_the_library(indexed: Run, tmp_path: Path) -> None:
    told = json.loads(indexed("info", "reviews", "--json").stdout)
    with semsearch.open(tmp_path / "indexes" / "reviews") as collection:
        assert told == collection.info()
    assert "4 texts" in indexed("info", "reviews").stdout


def test_cluster_prints_json_of_the_contract(indexed: Run) -> None:
    result = json.loads(indexed("cluster", "reviews", "-n", "2", "--json").stdout)
    assert [list(cluster) for cluster in result["clusters"]] == [
        ["id", "name", "keywords", "size", "representatives"]
    ] * 2
    assert set(result["labels"]) == {"a", "b", "c", "d"}


def test_train_and_predict_work_from_a_table_of_keys(indexed: Run, tmp_path: Path) -> None:
    labels = tmp_path / "labels.csv"
    labels.write_text("key,label\na,food\nb,food\nc,clothes\nd,clothes\n")
    trained = indexed("train", "reviews", "topic", labels, "--json")
    assert json.loads(trained.stdout)["n_examples"] == 4
    predicted = json.loads(indexed("predict", "reviews", "topic", "--json").stdout)
    assert [list(row) for row in predicted] == [["key", "label", "probability"]] * 4
    table = tmp_path / "new.csv"
    table.write_text("text\ntomato soup\n")
    [new] = json.loads(indexed("predict", "reviews", "topic", table, "--json").stdout)
    assert new["label"] == "food"


def test_train_works_from_a_table_of_texts(indexed: Run, tmp_path: Path) -> None:
    labels = tmp_path / "labels.csv"
    labels.write_text(
        "text,label\ntomato soup,food\ncold soup,food\nleather shoes,clothes\nlaces,clothes\n"
    )
    assert "accuracy" in indexed("train", "reviews", "topic", labels).stdout
    assert "food" in indexed("predict", "reviews", "topic").stdout


def test_an_unknown_collection_names_the_known_ones(indexed: Run) -> None:
    message = refused(indexed("search", "reviws", "soup"), 1)
    assert "no collection named 'reviws'" in message
    assert "did you mean 'reviews'? there are: reviews" in message


def test_no_collection_at_all_says_how_to_make_one(run: Run) -> None:
    assert "there are none yet: make one with `semsearch index`" in refused(run("info", "x"), 1)


def test_a_folder_that_is_no_collection_is_told(run: Run, tmp_path: Path) -> None:
    (tmp_path / "indexes" / "notes").mkdir(parents=True)
    assert "is not a collection" in refused(run("info", "notes"), 1)


def test_a_missing_file_is_told(run: Run, tmp_path: Path) -> None:
    message = refused(run("index", "r", tmp_path / "nowhere.csv"), 1)
    assert "no file or folder" in message
    assert not (tmp_path / "indexes").exists()


def test_a_missing_column_names_those_there_are(run: Run, table: Path) -> None:
    message = refused(run("index", "r", table, "--text", "body"), 1)
    assert "'body'" in message
    assert "its columns are: 'id', 'review', 'stars'" in message


def test_an_unknown_field_in_a_filter_names_the_fields(indexed: Run) -> None:
    message = refused(indexed("search", "reviews", "soup", "--where", "price < 3"), 1)
    assert "unknown field 'price', at character 1, near 'price'; there are: stars" in message


@pytest.mark.parametrize("k", ["0", "-1", "1000000000"])
def test_k_out_of_range_is_wrong_usage(indexed: Run, k: str) -> None:
    message = refused(indexed("search", "reviews", "soup", "-k", k), 2)
    assert message == f"k must lie between 1 and 10000, got {k}"


def test_another_module_for_an_existing_collection_is_refused(indexed: Run, table: Path) -> None:
    message = refused(indexed("index", "reviews", table, "--module", "use-multilingual"), 1)
    assert "was made by 'hashing', not 'use-multilingual'" in message


def test_an_unknown_module_names_the_known_ones(run: Run, table: Path) -> None:
    message = refused(run("index", "r", table, "--module", "word2vec"), 1)
    assert "use-multilingual" in message


def test_a_newer_format_is_refused(indexed: Run, tmp_path: Path) -> None:
    stamp = tmp_path / "indexes" / "reviews" / "FORMAT"
    stamp.write_text(stamp.read_text().replace('"major": 3', '"major": 4'))
    assert "upgrade semsearch" in refused(indexed("info", "reviews"), 1)


def test_a_collection_that_is_being_written_exits_with_3(indexed: Run, tmp_path: Path) -> None:
    with writer_lock(tmp_path / "indexes" / "reviews" / "LOCK"):
        assert "is being written by process" in refused(indexed("delete", "reviews", "a"), 3)
        assert indexed("search", "reviews", "soup").exit_code == 0


def test_a_name_that_would_leave_the_folder_is_wrong_usage(run: Run, table: Path) -> None:
    for name in ("../outside", "a/b", ".hidden", ""):
        assert "cannot be named" in refused(run("index", name, table, "--module", "hashing"), 2)


def test_a_table_of_labels_without_labels_is_told(indexed: Run, tmp_path: Path) -> None:
    labels = tmp_path / "labels.csv"
    labels.write_text("key,class\na,food\n")
    assert "has no column 'label'" in refused(indexed("train", "reviews", "topic", labels), 1)


def test_an_unknown_classifier_names_those_there_are(indexed: Run) -> None:
    assert "no classifier named 'mood'" in refused(indexed("predict", "reviews", "mood"), 1)


def test_doctor_names_versions_and_problems(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    healthy = run("doctor", "--json")
    assert json.loads(healthy.stdout)["versions"]["faiss-cpu"]
    monkeypatch.setattr(
        "semsearch.cli.doctor._version", lambda name: None if name == "faiss-cpu" else "82.0"
    )
    sick = run("doctor")
    assert sick.exit_code == 1
    assert "problem: faiss-cpu is missing" in sick.stdout
    assert "setuptools<82" in sick.stdout


def test_every_command_has_help(run: Run) -> None:
    listed = run("--help").stdout
    names = main.list_commands(click.Context(main))
    assert len(names) > 20
    for name in names:
        assert name in listed
        assert run(name, "--help").exit_code == 0


@pytest.mark.parametrize(("k", "name", "code"), [("1", "nowhere", 1), ("0", "reviews", 2)])
def test_a_traceback_is_shown_when_asked_for(indexed: Run, k: str, name: str, code: int) -> None:
    result = indexed("--traceback", "search", name, "soup", "-k", k)
    assert result.exit_code == code
    assert "Traceback" in result.stderr
    assert result.stderr.splitlines()[-1].startswith("semsearch: ")


def test_two_questions_at_once_are_wrong_usage(indexed: Run) -> None:
    assert indexed("search", "reviews").exit_code == 2
    assert indexed("delete", "reviews").exit_code == 2
    assert indexed("delete", "reviews", "a", "--where", "stars = 1").exit_code == 2
