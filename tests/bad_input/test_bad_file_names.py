"""Names of files, folders and collections that are odd or impossible: used as they are, or told."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

import semsearch
from semsearch.cli.main import main
from semsearch.errors import CollectionNotFound, SourceError
from tests.bad_input.conftest import one_sentence

CSV = "id,text\na,the soup was cold\nb,fine shoes\n"


@pytest.mark.parametrize(
    "name",
    [
        "with space.csv",
        " leading.csv",
        "trailing .csv",
        "-dash.csv",
        "--text.csv",
        "naïve 日本語 🍲.csv",
        "quote'\".csv",
        "semi;colon&and|pipe.csv",
        "$HOME `x`.csv",
        "percent%20.csv",
        "new\nline.csv",
        "UPPER.CSV",
        "dots..csv",
        "x" * 240 + ".csv",
    ],
)
def test_an_odd_file_name_is_read_as_any_other(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text(CSV)
    with semsearch.create(tmp_path / "c", module="hashing") as collection:
        assert collection.add(path, text="text").added == 2
        assert len(collection) == 2


@pytest.mark.parametrize(
    ("make", "phrase"),
    [
        (lambda folder: folder / "nope.csv", "there is no file or folder"),
        (lambda folder: folder / "a\0b.csv", "cannot be read (embedded null byte)"),
        (lambda folder: folder / ("x" * 300 + ".csv"), "cannot be read (File name too long)"),
        (lambda folder: folder / "text.doc", "is of a kind that cannot be read"),
        (lambda folder: folder / "noending", "is of a kind that cannot be read"),
        (lambda folder: folder / "pipe.csv", "is neither a regular file nor a folder"),
        (lambda folder: folder / "loop.csv", "cannot be read"),
        (lambda folder: folder / "text.doc" / "inside.csv", "cannot be read (Not a directory)"),
        (lambda folder: Path("/dev/null"), "is neither a regular file nor a folder"),
    ],
)
def test_a_file_that_cannot_be_read_is_told(
    tmp_path: Path, make: Callable[[Path], Path], phrase: str
) -> None:
    (tmp_path / "text.doc").write_text("x")
    (tmp_path / "noending").write_text("x")
    os.mkfifo(tmp_path / "pipe.csv")
    (tmp_path / "loop.csv").symlink_to(tmp_path / "loop.csv")
    with semsearch.create(tmp_path / "c", module="hashing") as collection:
        with pytest.raises(SourceError) as told:
            collection.add(make(tmp_path))
        assert told.value.code == "source"
        assert phrase in str(told.value).replace("\\x00", "\0")
        assert len(collection) == 0
    words = ["--indexes", str(tmp_path / "i"), "index", "c", str(make(tmp_path))]
    result = CliRunner().invoke(main, words)
    assert (result.exit_code, result.stdout) == (1, "")
    assert phrase in result.stderr
    assert not (tmp_path / "i").exists()


@pytest.mark.parametrize(
    ("path", "error", "phrase"),
    [
        ("", ValueError, "no collection can stand at ''; name a folder"),
        ("a\0b", ValueError, "no collection can stand at"),
        ("x" * 300, ValueError, "a name longer than 200 bytes"),
        ("é" * 150, ValueError, "a name longer than 200 bytes"),
        (5, TypeError, "a collection is named by its path, got 5"),
        (None, TypeError, "a collection is named by its path, got None"),
        (b"own", TypeError, "a collection is named by its path, got b'own'"),
    ],
)
def test_a_path_where_no_collection_can_stand(
    path: object, error: type[Exception], phrase: str
) -> None:
    for call in (
        lambda: semsearch.create(path, module=None, dim=4),  # type: ignore[arg-type]
        lambda: semsearch.open(path),  # type: ignore[arg-type]
    ):
        with pytest.raises(error) as told:
            call()
        assert phrase in one_sentence(told.value)


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", "../up", "a/b", ".hidden", "-dash", "a b", "a\nb", "a\0b", "x" * 101, "ä:b"],
)
def test_a_name_that_no_collection_can_have(tmp_path: Path, name: str) -> None:
    before = sorted(tmp_path.rglob("*"))
    words = ["--indexes", str(tmp_path), "info", "--", name]
    result = CliRunner().invoke(main, words)
    assert result.exit_code == 2
    assert "a collection cannot be named" in one_sentence(Exception(result.stderr.strip()))
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("kind", ["file", "folder", "missing"])
def test_opening_what_is_no_collection(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "thing"
    if kind == "file":
        path.write_text("x")
    elif kind == "folder":
        path.mkdir()
    with pytest.raises(CollectionNotFound) as told:
        semsearch.open(path)
    assert "`semsearch index`" in one_sentence(told.value)
