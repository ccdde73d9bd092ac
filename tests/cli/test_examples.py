"""Tables of labels and of rows to predict: empty cells, typed cells, examples of one class."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import Result

from tests.cli.conftest import Run, refused


def write_parquet(path: Path, **columns: list[object]) -> Path:
    pq.write_table(pa.table(columns), path)
    return path


def labels_of(result: Result) -> list[str]:
    assert result.exit_code == 0, result.output
    labels: list[str] = json.loads(result.stdout)["labels"]
    return labels


def test_a_row_without_a_label_is_left_out_and_counted(indexed: Run, tmp_path: Path) -> None:
    tables = {
        "labels.csv": "key,label\na,food\nb,food\nc,clothes\nd, \n",
        "labels.jsonl": '{"key": "a", "label": "food"}\n{"key": "b", "label": "food"}\n'
        '{"key": "c", "label": "clothes"}\n{"key": "d"}\n',
    }
    for name, content in tables.items():
        (tmp_path / name).write_text(content)
    write_parquet(
        tmp_path / "labels.parquet", key=["a", "b", "c", "d"], label=["food"] * 2 + ["shoe", None]
    )
    for name in (*tables, "labels.parquet"):
        trained = indexed("train", "reviews", "topic", tmp_path / name, "--json")
        assert len(labels_of(trained)) == 2
        assert json.loads(trained.stdout)["n_examples"] == 3
        assert f"{name}' without a label, left out: 1 of 4" in trained.stderr


def test_whole_numbers_stand_as_such_in_keys_and_labels(run: Run, tmp_path: Path) -> None:
    table = tmp_path / "rows.csv"
    table.write_text("text\ncold soup\nhot soup\nleather shoes\nwide shoes\n")
    run("index", "r", table, "--module", "hashing")
    labels = write_parquet(
        tmp_path / "labels.parquet", key=[1.0, 2.0, 3.0, 4.0], label=[1.0, 1.0, 2.0, None]
    )
    assert labels_of(run("train", "r", "topic", labels, "--json")) == ["1", "2"]
    predicted = run("predict", "r", "topic", labels, "--json")
    assert [row["key"] for row in json.loads(predicted.stdout)] == ["1", "2", "3", "4"]


def test_a_row_without_a_key_or_text_is_refused_by_number(indexed: Run, tmp_path: Path) -> None:
    labels = tmp_path / "labels.csv"
    labels.write_text("key,label\na,food\nc,clothes\n")
    indexed("train", "reviews", "topic", labels)
    labels.write_text('text,label\nsoup,food\n"",food\nshoes,clothes\n')
    assert "row 2 of " in refused(indexed("train", "reviews", "topic", labels), 1)
    assert "has no text" in refused(indexed("predict", "reviews", "topic", labels), 1)
    labels.write_text('key,label\na,food\n"",clothes\n')
    assert "has no key" in refused(indexed("train", "reviews", "topic", labels), 1)


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ("a,food\nb,food\n", "all 2 examples are of the class 'food'"),
        ("a,\nb,\n", "there are no examples"),
    ],
)
def test_examples_that_teach_nothing_are_a_problem_of_the_table(
    indexed: Run, tmp_path: Path, rows: str, told: str
) -> None:
    labels = tmp_path / "labels.csv"
    labels.write_text(f"key,label\n{rows}")
    message = refused(indexed("train", "reviews", "topic", labels), 1)
    assert "labels.csv" in message
    assert told in message


def test_an_empty_name_of_a_classifier_is_wrong_usage(indexed: Run, tmp_path: Path) -> None:
    labels = tmp_path / "labels.csv"
    labels.write_text("key,label\na,food\nc,clothes\n")
    result = indexed("train", "reviews", " ", labels)
    assert result.exit_code == 2
    assert "LABEL_NAME is empty" in result.stderr


def test_an_empty_collection_cannot_be_clustered(indexed: Run) -> None:
    indexed("delete", "reviews", "a", "b", "c", "d")
    message = refused(indexed("cluster", "reviews"), 1)
    assert "the collection 'reviews' holds no items to cluster" in message
    assert "semsearch index reviews" in message


def test_an_empty_collection_has_nothing_to_predict(indexed: Run, tmp_path: Path) -> None:
    labels = tmp_path / "labels.csv"
    labels.write_text("key,label\na,food\nc,clothes\n")
    indexed("train", "reviews", "topic", labels)
    indexed("delete", "reviews", "a", "b", "c", "d")
    assert indexed("predict", "reviews", "topic").stdout == "nothing to predict\n"
    assert indexed("predict", "reviews", "topic", "--json").stdout == "[]\n"


@pytest.mark.parametrize("words", [("-n", "0"), ("-n", "9"), ("--method", "magic")])
def test_a_clustering_that_cannot_be_is_wrong_usage(indexed: Run, words: tuple[str, str]) -> None:
    refused(indexed("cluster", "reviews", *words), 2)
