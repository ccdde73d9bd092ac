"""Folders of documents: what is read, under which keys, what is told and what is left alone."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest

import semsearch
from semsearch.corpus import Item, Skipped, read_corpus
from semsearch.corpus.documents import DocumentFolder, limits
from semsearch.corpus.documents.reading import content_of
from semsearch.corpus.images import Unreadable
from semsearch.errors import SourceError
from tests.corpus.documents import making

PICTURE = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three texts, one of them in a folder inside, and clutter."""
    root = tmp_path / "papers"
    (root / "old" / ".git").mkdir(parents=True)
    (root / "b.TXT").write_text("Cold soup")
    (root / "a.rst").write_text("Hot soup")
    (root / "old" / "c.txt").write_text("Fine shoes")
    for clutter in (".DS_Store", "Thumbs.db", "~$b.docx", ".hidden.txt", "old/.git/d.txt"):
        (root / clutter).write_text("clutter")
    return root


def keys(source: Path) -> list[str | None]:
    return [entry.key for entry in read_corpus(source).entries if isinstance(entry, Item)]


def reasons(source: Path) -> dict[str | None, str]:
    found = read_corpus(source).entries
    return {entry.key: entry.reason for entry in found if isinstance(entry, Skipped)}


def test_documents_are_read_in_the_order_of_their_paths_and_clutter_is_not(folder: Path) -> None:
    corpus = read_corpus(folder)
    assert (corpus.name, corpus.modality, corpus.size) == ("papers", "text", 3)
    assert (corpus.key_column, corpus.fields) == (None, ("path", "title", "format"))
    entries = list(corpus.entries)
    assert [entry.key for entry in entries] == ["a.rst", "b.TXT", "old/c.txt"]
    assert all(isinstance(entry, Item) for entry in entries)
    assert corpus.again is not None
    assert list(corpus.again()) == entries


def test_every_item_has_the_fields_of_every_kind_in_the_folder(folder: Path) -> None:
    (folder / "m.eml").write_bytes(making.mail())
    corpus = read_corpus(folder)
    assert corpus.fields == ("path", "title", "format", "from", "date")
    first = next(corpus.entries)
    assert isinstance(first, Item)
    assert first.fields == {
        "path": "a.rst", "title": "a.rst", "format": "rst", "from": None, "date": None,
    }  # fmt: skip


def test_what_is_no_regular_file_is_told_and_not_read(folder: Path) -> None:
    (folder / "link.txt").symlink_to(folder / "b.TXT")
    (folder / "round").symlink_to(folder, target_is_directory=True)
    os.mkfifo(folder / "pipe.txt")
    link = "is a symbolic link, and links are not followed"
    assert reasons(folder) == {
        "link.txt": f"the file 'link.txt' {link}",
        "round": f"the file 'round' {link}",
        "pipe.txt": "the file 'pipe.txt' is not a regular file",
    }
    assert keys(folder) == ["a.rst", "b.TXT", "old/c.txt"]


def test_files_of_other_kinds_are_told(folder: Path) -> None:
    for name in ("x.py", "t.csv", "p.png", "noending"):
        (folder / name).write_text("x")
    assert reasons(folder) == {
        "noending": "the file 'noending' is of a kind that is not read",
        "p.png": "the file 'p.png' is an image among documents;"
        " index images into a collection of their own",
        "t.csv": "the file 't.csv' is a table among documents; index it by itself",
        "x.py": "the file 'x.py' is of a kind that is not read",
    }


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_may_not_be_read_is_told(folder: Path) -> None:
    (folder / "old").chmod(0)
    assert reasons(folder) == {"old": "the file 'old' cannot be read (Permission denied)"}
    (folder / "old").chmod(0o700)


def test_a_folder_that_vanishes_is_refused(folder: Path) -> None:
    source = DocumentFolder(folder / "gone")
    with pytest.raises(SourceError, match="the folder .* cannot be read .No such file"):
        source.files()


def test_a_file_that_vanishes_is_told(folder: Path) -> None:
    corpus = read_corpus(folder)
    (folder / "b.TXT").unlink()
    told = [entry for entry in corpus.entries if isinstance(entry, Skipped)]
    assert told == [Skipped(2, "b.TXT", "the file 'b.TXT' is not there any more")]


def test_a_file_that_is_written_to_while_it_is_read_is_told(tmp_path: Path) -> None:
    class Growing(io.FileIO):
        def read(self, size: int | None = -1) -> bytes:
            with (tmp_path / "a.txt").open("a") as other:
                other.write("more")
            return super().read(size)

    (tmp_path / "a.txt").write_text("Cold soup")
    with Growing(tmp_path / "a.txt") as file:
        assert content_of(file) == Unreadable("has changed while it was read")  # type: ignore[arg-type]


def test_a_file_that_is_too_large_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_FILE", 9)
    assert reasons(folder) == {"old/c.txt": "the file 'old/c.txt' is larger than 100 MB"}


def test_names_that_are_no_utf_8_are_shown_and_two_of_one_look_are_not_mixed_up(
    folder: Path,
) -> None:
    for odd in (b"\xff.txt", b"\xfe.txt"):
        (folder / os.fsdecode(odd)).write_text("odd")
    assert [key for key in keys(folder) if "�" in str(key)] == ["�.txt"]
    assert reasons(folder) == {"�.txt": "the key '�.txt' stands already in row 4"}


def test_a_folder_of_mostly_documents_is_read_as_documents_with_a_note(folder: Path) -> None:
    (folder / "p.png").write_bytes(PICTURE)
    corpus = read_corpus(folder)
    assert corpus.modality == "text"
    assert corpus.notes == (
        "'papers' is read for its documents, and one of the images is left out;"
        " index images from a folder of their own",
    )


@pytest.mark.parametrize("more", ["pictures", "table"])
def test_a_folder_of_mostly_images_or_with_a_table_of_them_is_read_as_images(
    folder: Path, more: str
) -> None:
    for number in range(4 if more == "pictures" else 1):
        (folder / f"{number}.png").write_bytes(PICTURE)
    if more == "table":
        (folder / "items.csv").write_text("file\n0.png\n")
    corpus = read_corpus(folder)
    assert corpus.modality == "image"
    assert "and 3 documents are left out; index documents from" in corpus.notes[0]


def test_documents_have_no_columns(folder: Path) -> None:
    for columns in ({"text": "a"}, {"key": "a"}):
        with pytest.raises(ValueError, match="name columns of a table; documents have none"):
            read_corpus(folder, **columns)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="names a column of a table"):
        read_corpus(folder, image="a")


def test_a_folder_without_anything_to_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x")
    with pytest.raises(SourceError, match="there are no images in .*, nor documents; give files"):
        read_corpus(tmp_path)


def test_a_folder_that_is_indexed_again_is_recognised(folder: Path, tmp_path: Path) -> None:
    with semsearch.create(tmp_path / "c", module="hashing") as collection:
        assert collection.add(folder).added == 3
        (folder / "d.txt").write_text("Tomatoes")
        (folder / "a.rst").write_text("Hotter soup")
        report = collection.add(folder)
        assert (report.added, report.updated, report.unchanged) == (1, 1, 2)
        assert collection.search("fine shoes", k=1)[0].key == "old/c.txt"
