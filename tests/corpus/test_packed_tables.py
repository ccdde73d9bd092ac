"""A folder, zip or tar that holds one table and nothing else is read as that table."""

from __future__ import annotations

import tarfile
import zipfile
from pathlib import Path

import pytest

from semsearch.corpus import Item, images, read_corpus
from semsearch.errors import SourceError

CSV = "id,text\na,cold soup\nb,warm bread\n"


def packed(folder: Path, kind: str, files: dict[str, str]) -> Path:
    inside = folder / "inside"
    inside.mkdir()
    for name, text in files.items():
        (inside / name).write_text(text)
    path = folder / f"reviews{kind}"
    if kind == ".zip":
        with zipfile.ZipFile(path, "w") as archive:
            for name in files:
                archive.write(inside / name, name)
    elif kind:
        with tarfile.open(path, "w:gz") as archive:
            for name in files:
                archive.add(inside / name, name)
    return path if kind else inside


@pytest.mark.parametrize("kind", [".zip", ".tar.gz", ""])
@pytest.mark.parametrize(("name", "text"), [("a.csv", CSV), ("a.jsonl", '{"text": "cold soup"}\n')])
def test_the_one_table_is_read(tmp_path: Path, kind: str, name: str, text: str) -> None:
    found = read_corpus(packed(tmp_path, kind, {name: text}), text="text")
    first = next(iter(found.entries))
    assert isinstance(first, Item)
    assert (first.text, found.modality) == ("cold soup", "text")


@pytest.mark.parametrize("kind", [".zip", ".tar.gz", ""])
def test_several_tables_are_named_and_none_is_chosen(tmp_path: Path, kind: str) -> None:
    with pytest.raises(SourceError, match=r"holds tables: 'a.csv', 'b.csv'; index each"):
        read_corpus(packed(tmp_path, kind, {"a.csv": CSV, "b.csv": CSV}))


def test_a_table_too_big_to_be_held_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = packed(tmp_path, ".zip", {"a.csv": CSV * 9})
    monkeypatch.setattr(images, "MAX_FILE", 100)
    with pytest.raises(SourceError, match=r"'a.csv' in .* is larger than .*; unpack it, or make"):
        read_corpus(path)


def test_a_broken_table_in_an_archive_is_told_with_both_names(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"'a.csv' in '.*reviews.zip' has 2 columns but 1 value"):
        read_corpus(packed(tmp_path, ".zip", {"a.csv": "id,text\na\n"}))
