"""Zip and tar archives of documents, which are read without being unpacked."""

from __future__ import annotations

import io
import os
import stat
import tarfile
from pathlib import Path
from zipfile import ZipFile, ZipInfo

import pytest
from PIL import Image

from semsearch.corpus import Item, Skipped, read_corpus
from semsearch.corpus.documents import limits
from semsearch.errors import SourceError
from tests.corpus.documents import making

PARTS = {
    "./b.txt": b"Cold soup",
    "old/a.txt": b"Hot soup",
    ".hidden.txt": b"no",
    "__MACOSX/._b.txt": b"no",
}
LINK = "is a symbolic link, and links are not followed"


def picture(colour: str) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (4, 3), colour).save(file, "PNG")
    return file.getvalue()


def texts(path: Path) -> dict[str | None, str]:
    return {
        entry.key: entry.text if isinstance(entry, Item) else entry.reason
        for entry in read_corpus(path).entries
    }


@pytest.mark.parametrize(
    "ending", ["zip", "tar", "tar.gz", "TGZ", "tar.bz2", "tbz2", "tar.xz", "txz"]
)
def test_an_archive_is_read_where_it_is(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"papers.{ending}"
    kind = {"tgz": "gz", "tbz2": "bz2", "txz": "xz"}.get(ending.lower(), ending.lower()[4:])
    made = making.zipped(PARTS) if ending == "zip" else making.tarred(PARTS, kind)
    path.write_bytes(made)
    corpus = read_corpus(path)
    assert (corpus.name, corpus.size) == ("papers", 2)
    assert texts(path) == {"b.txt": "Cold soup", "old/a.txt": "Hot soup"}
    assert corpus.again is not None
    assert list(corpus.again()) == list(corpus.entries)
    assert sorted(tmp_path.iterdir()) == [path]


def test_an_mbox_in_an_archive_is_read_mail_by_mail(tmp_path: Path) -> None:
    path = tmp_path / "a.tar.gz"
    path.write_bytes(making.tarred({"m.mbox": making.mbox(making.mail()), "z.txt": b"x"}, "gz"))
    assert read_corpus(path).size is None
    assert texts(path) == {"m.mbox#1@example.org": "Soup\n\nThe soup was cold.", "z.txt": "x"}


def test_links_devices_and_tricks_in_a_tar_are_told(tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    with tarfile.open(path, "w") as archive:
        for name, kind in (
            ("link.txt", tarfile.SYMTYPE),
            ("hard.txt", tarfile.LNKTYPE),
            ("pipe.txt", tarfile.FIFOTYPE),
            ("device.txt", tarfile.CHRTYPE),
            ("../up.txt", tarfile.REGTYPE),
            ("/etc/root.txt", tarfile.REGTYPE),
            ("fine.txt", tarfile.REGTYPE),
        ):
            member = tarfile.TarInfo(name)
            member.type, member.linkname, member.size = kind, "/etc/passwd", 0
            if kind == tarfile.REGTYPE:
                member.size = 4
            archive.addfile(member, io.BytesIO(b"text"))
    out = "leads out of the archive"
    assert texts(path) == {
        "link.txt": f"the file 'link.txt' {LINK}",
        "hard.txt": f"the file 'hard.txt' {LINK}",
        "pipe.txt": "the file 'pipe.txt' is not a regular file",
        "device.txt": "the file 'device.txt' is not a regular file",
        "../up.txt": f"the file '../up.txt' {out}",
        "/etc/root.txt": f"the file '/etc/root.txt' {out}",
        "fine.txt": "text",
    }


def test_links_tricks_and_damage_in_a_zip_are_told(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    link = ZipInfo("link.txt")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with ZipFile(path, "w") as archive:
        archive.writestr(link, "/etc/passwd")
        archive.writestr("../up.txt", "text")
        archive.writestr("torn.txt", "the torn text")
        archive.writestr("fine.txt", "text")
    path.write_bytes(path.read_bytes().replace(b"the torn text", b"the TORN text"))
    found = texts(path)
    assert "the file 'torn.txt' cannot be read (Bad CRC-32" in found.pop("torn.txt")
    assert found == {
        "link.txt": f"the file 'link.txt' {LINK}",
        "../up.txt": "the file '../up.txt' leads out of the archive",
        "fine.txt": "text",
    }


def test_a_member_of_a_zip_without_a_name_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    made = making.zipped({"named.txt": "text", "b.txt": "text"})
    path.write_bytes(made.replace(b"named.txt", b"\0amed.txt"))  # a name ends at a zero
    assert texts(path) == {"b.txt": "text"}


@pytest.mark.parametrize("ending", ["zip", "tar.gz"])
def test_an_archive_that_unpacks_to_too_much_is_refused(
    tmp_path: Path, ending: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / f"a.{ending}"
    parts = {f"{number}.txt": bytes(1000) for number in range(9)}
    path.write_bytes(making.zipped(parts) if ending == "zip" else making.tarred(parts, "gz"))
    monkeypatch.setattr(limits, "MAX_ARCHIVE", 8000)
    with pytest.raises(SourceError, match="unpacks to more than"):
        read_corpus(path)


def test_a_tar_whose_header_promises_a_name_without_end_is_refused(tmp_path: Path) -> None:
    member = tarfile.TarInfo("long")
    member.type, member.size = tarfile.GNUTYPE_LONGNAME, limits.MAX_HEADER + 1
    path = tmp_path / "a.tar"
    path.write_bytes(member.tobuf(tarfile.GNU_FORMAT) + bytes(20_000))
    with pytest.raises(SourceError, match="a header in it is too large"):
        read_corpus(path)


def test_an_archive_that_changes_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    path.write_bytes(making.tarred(PARTS))
    corpus = read_corpus(path)
    path.write_bytes(making.tarred({"new.txt": b"x"}))
    os.utime(path, ns=(0, 0))
    with pytest.raises(SourceError, match="has changed while it was read"):
        list(corpus.entries)


@pytest.mark.parametrize("ending", ["zip", "tar"])
def test_an_archive_that_vanishes_is_told(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"a.{ending}"
    path.write_bytes(making.zipped(PARTS) if ending == "zip" else making.tarred(PARTS))
    corpus = read_corpus(path)
    path.unlink()
    with pytest.raises(SourceError, match="cannot be read .No such file or directory"):
        list(corpus.entries)


def test_of_members_of_one_name_in_a_tar_the_last_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    path.write_bytes(making.tarred({"a.txt": b"old", "b.txt": b"b", "./a.txt": b"new"}))
    assert texts(path) == {"b.txt": "b", "a.txt": "new"}


@pytest.mark.parametrize("kind", ["", "gz"])
def test_a_tar_of_images_is_read_as_a_folder_of_them(tmp_path: Path, kind: str) -> None:
    red, blue = picture("red"), picture("blue")
    path = tmp_path / ("a.tar" if not kind else "a.tar.gz")
    table = b"file,key,text\nsea/blue.png,the-sea,Deep\ngone.png,gone,\n"
    parts = {"red.png": red, "./sea/blue.png": blue, "bad.png": b"x", "items.csv": table}
    path.write_bytes(making.tarred(parts, kind))
    corpus = read_corpus(path)
    assert corpus.modality == "image"
    assert list(corpus.entries) == [
        Item(1, "the-sea", blue, "Deep", {}),
        Skipped(2, "gone", "the file 'gone.png' is not there"),
        Item(3, "red.png", red, "", {}),
        Skipped(
            4, "bad.png", "the file 'bad.png' is not a readable image (UnidentifiedImageError)"
        ),
    ]
