"""Documents that cannot be read: each is a skipped row with one sentence, and nothing is stored."""

from __future__ import annotations

import os
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

import semsearch
from semsearch.cli.main import main
from semsearch.collection import AddReport
from semsearch.corpus.documents.limits import MAX_FILE, MAX_PAGES, MAX_TEXT
from semsearch.errors import SourceError
from tests.bad_input.conftest import one_sentence
from tests.corpus.documents import making

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)
LAUGHS = (
    '<!DOCTYPE x [<!ENTITY a "ha">'
    + "".join(
        f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefgh", "bcdefghi", strict=True)
    )
    + "]>"
)
LAUGHING = LAUGHS + making.BOOK.replace("<spine>", "<spine>&i;").replace("one%201", "gone")
WORD_LAUGHING = (
    LAUGHS + '<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">'
    "<w:body><w:p><w:r><w:t>&i;</w:t></w:r></w:p></w:body></w:document>"
)
CIPHERS = '<encryption><CipherReference URI="OEBPS/two.xhtml"/></encryption>'
EMPTY_BOOK = making.BOOK.replace("itemref", "gone")
WORD, EPUB, PDF = making.word("Cold soup"), making.epub(), making.pdf("Cold soup")
LAUGHING_WORD = making.with_part(WORD, "word/document.xml", WORD_LAUGHING)
HALF = bytes(range(128, 256)) * 4

BAD: dict[str, tuple[bytes, str]] = {
    "empty.txt": (b"", "is empty"),
    "blank.txt": (b" \n\t\r\n", "holds no text"),
    "unseen.txt": ("\u200b\u200e\u2060".encode(), "holds no text"),
    "mark.txt": (b"\xef\xbb\xbf", "holds no text"),
    "binary.txt": (b"\x7fELF\0\0\1\2", "holds binary data, not text"),
    "odd.txt": (HALF, "is in an encoding that cannot be told; save it as UTF-8"),
    "half.txt": (b"\xff\xfeab\x00\xd8", "is in an encoding that cannot be told"),
    "long.txt": (b"soup " * (MAX_TEXT // 5 + 1), "holds more than 10,000,000 characters of text"),
    "empty.rst": (b"", "is empty"),
    "rules.rst": (b"=====\n\n-----\n", "holds no text"),
    "empty.md": (b"", "is empty"),
    "front.md": (b"---\ntitle: a\n---\n", "holds no text"),
    "link.md": (b"[a]: http://x\n", "holds no text"),
    "empty.html": (b"", "is empty"),
    "unseen.html": (b"<title>a</title><script>b</script><p hidden>c</p>", "holds no text"),
    "binary.html": (b"<p>a\0b\0\xff", "holds binary data, not text"),
    "empty.pdf": (b"", "is empty"),
    "text.pdf": (b"Cold soup", "is no PDF: it does not begin with %PDF"),
    "page.pdf": (b"<html>404</html>", "is no PDF"),
    "head.pdf": (b"%PDF-1.7\n", "is damaged or no pdf (PdfStreamError)"),
    "cut.pdf": (PDF[:300], "is damaged or no pdf"),
    "scan.pdf": (making.pdf(""), "holds no text; a scan needs OCR first"),
    "closed.pdf": (making.encrypted_pdf(PDF, "x"), "is encrypted with a password"),
    "many.pdf": (making.pdf("a", repeat=MAX_PAGES + 1), "has 5,001 pages, more than 5,000"),
    "none.pdf": (PDF.replace(b"/Pages 2 0 R", b"/Nodes 2 0 R"), "is damaged or no pdf"),
    "round.pdf": (PDF.replace(b"/Kids[5 0 R]", b"/Kids[2 0 R]"), "is damaged or no pdf"),
    "empty.docx": (b"", "is empty"),
    "text.docx": (b"Cold soup", "is damaged or no docx (File is not a zip file)"),
    "old.docx": (OLE, "is an old Office file or has a password; save it as docx without one"),
    "cut.docx": (WORD[: len(WORD) // 2], "is damaged or no docx (File is not a zip file)"),
    "zip.docx": (making.zipped({"a.txt": "a"}), "is damaged or no docx (KeyError)"),
    "book.docx": (EPUB, "is damaged or no docx"),
    "xml.docx": (making.with_part(WORD, "word/document.xml", "<w:docu"), "is damaged or no docx"),
    "bomb.docx": (making.declaring(WORD, 500_000_000), "unpacks to more than 400 MB"),
    "closed.docx": (making.closed(WORD), "is encrypted with a password; save it without one"),
    "laughs.docx": (LAUGHING_WORD, "is damaged or no docx"),
    "blank.docx": (making.word(), "holds no text"),
    "empty.epub": (b"", "is empty"),
    "text.epub": (b"Cold soup", "is damaged or no epub (File is not a zip file)"),
    "word.epub": (WORD, "is no epub: it has no META-INF/container.xml"),
    "box.epub": (making.epub(**{"META-INF/container.xml": "<a/>"}), "names no book"),
    "xml.epub": (making.epub(**{"META-INF/container.xml": "<a"}), "is damaged at META-INF/"),
    "gone.epub": (making.zipped({"META-INF/container.xml": making.CONTAINER}), "no OEBPS/book.opf"),
    "torn.epub": (making.epub(**{"OEBPS/book.opf": "<a><b></a>"}), "is damaged at OEBPS/book.opf"),
    "unread.epub": (making.epub(**{"OEBPS/book.opf": EMPTY_BOOK}), "holds no text"),
    "bomb.epub": (making.declaring(EPUB, 500_000_000), "unpacks to more than 400 MB"),
    "closed.epub": (making.closed(EPUB), "is encrypted with a password"),
    "drm.epub": (making.epub(**{"META-INF/encryption.xml": CIPHERS}), "protected against copying"),
    "laughs.epub": (making.epub(**{"OEBPS/book.opf": LAUGHING}), "is damaged at OEBPS/book.opf"),
    "empty.eml": (b"", "is empty"),
    "prose.eml": (b"Cold soup is not liked.\n", "is no mail: it has no header such as From"),
    "binary.eml": (bytes(range(256)), "is no mail"),
    "blank.eml": (b"From: a@x\n\n\n", "holds no text"),
    "image.eml": (b"From: a@x\nContent-Type: image/png\n\nAAAA", "holds no text"),
    "empty.mbox": (b"", "holds no mail: each begins with a line 'From ...'"),
    "prose.mbox": (b"Cold soup\n", "holds no mail"),
    "x.doc": (b"x", "is of a kind that is not read"),
    "x.csv": (b"text\nx\n", "is a table among documents; index it by itself"),
    "x.png": (b"x", "is an image among documents"),
    "noending": (b"x", "is of a kind that is not read"),
}  # fmt: skip


def huge(path: Path) -> None:
    """Make a file that is a byte too long, without writing its bytes."""
    with path.open("wb") as file:
        file.truncate(MAX_FILE + 1)


SPECIAL: dict[str, tuple[Callable[[Path], object], str]] = {
    "link.txt": (lambda path: path.symlink_to("/etc/passwd"), "is a symbolic link, and links"),
    "lost.txt": (lambda path: path.symlink_to("nowhere"), "is a symbolic link, and links"),
    "out": (lambda path: path.symlink_to("/etc"), "is a symbolic link, and links"),
    "pipe.txt": (os.mkfifo, "is not a regular file"),
    "large.txt": (huge, "100 MB"),
    "large.pdf": (huge, "100 MB"),
}


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> tuple[AddReport, int]:
    """What became of a folder of all of them, and how many items were stored."""
    folder = tmp_path_factory.mktemp("bad")
    for name, (content, _) in BAD.items():
        (folder / name).write_bytes(content)
    for name, (make, _) in SPECIAL.items():
        make(folder / name)
    with semsearch.create(tmp_path_factory.mktemp("made") / "c", module="hashing") as collection:
        return collection.add(folder), len(collection)


@pytest.mark.parametrize("name", [*BAD, *SPECIAL])
def test_a_document_that_cannot_be_read_is_told(outcome: tuple[AddReport, int], name: str) -> None:
    report, _ = outcome
    [reason] = [skip.reason for skip in report.skipped if skip.key == name]
    assert reason.startswith(f"the file {name!r} ")
    assert (BAD.get(name) or SPECIAL[name])[1] in one_sentence(Exception(reason))
    assert len(reason) < 200


def test_nothing_of_them_is_stored(outcome: tuple[AddReport, int]) -> None:
    report, stored = outcome
    assert (report.added, stored) == (0, 0)
    assert len(report.skipped) == len(BAD) + len(SPECIAL)


TAR = making.tarred({"a.txt": b"Cold soup", "b.txt": bytes(5000)})
GZ = making.tarred({"a.txt": os.urandom(9000)}, "gz")


ZIP, NOT_READ = making.zipped({"a.txt": b"a"}), "cannot be read as a"
ARCHIVES: dict[str, tuple[bytes, str]] = {
    "empty.zip": (b"", NOT_READ),
    "head.zip": (b"PK\3\4" + bytes(40), NOT_READ),
    "cut.zip": (ZIP[:-9], NOT_READ),
    "code.zip": (making.zipped({"a.py": b"a"}), "there are no images in"),
    "nothing.zip": (making.zipped({}), "there are no images in"),
    "empty.tar": (b"", NOT_READ),
    "prose.tar": (b"Cold soup" * 99, NOT_READ),
    "cut.tar": (TAR[:3000], NOT_READ),
    "code.tar": (making.tarred({"a.py": b"a"}), "there are no images in"),
    "really-gz.tar": (GZ, NOT_READ),
    "really-tar.tar.gz": (TAR, NOT_READ),
    "cut.tgz": (GZ[:4000], NOT_READ),
    "damaged.tgz": (GZ[:3000] + b"damage" + GZ[3006:], NOT_READ),
    "really-tar.tar.bz2": (TAR, NOT_READ),
    "really-tar.txz": (TAR, NOT_READ),
}


@pytest.mark.parametrize("name", ARCHIVES)
def test_an_archive_that_cannot_be_read_is_told(tmp_path: Path, name: str) -> None:
    content, phrase = ARCHIVES[name]
    path = tmp_path / name
    path.write_bytes(content)
    with semsearch.create(tmp_path / "c", module="hashing") as collection:
        with pytest.raises(SourceError) as told:
            collection.add(path)
        assert phrase in one_sentence(told.value)
        assert len(collection) == 0


def test_a_tar_of_a_sparse_file_is_told(tmp_path: Path) -> None:
    member = tarfile.TarInfo("a.txt")
    member.type = tarfile.GNUTYPE_SPARSE
    (tmp_path / "a.tar").write_bytes(member.tobuf(tarfile.GNU_FORMAT) + bytes(1024))
    with semsearch.create(tmp_path / "c", module="hashing") as collection:
        [skip] = collection.add(tmp_path / "a.tar").skipped
    assert skip.reason == "the file 'a.txt' is not a regular file"


@pytest.mark.parametrize("name", ["closed.pdf", "old.docx", "empty.txt", "prose.mbox"])
def test_a_single_bad_document_is_one_line_on_the_command_line(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(BAD[name][0])
    words = ["--indexes", str(tmp_path / "indexes"), "index", "docs", str(tmp_path / name)]
    result = CliRunner().invoke(main, [*words, "--module", "hashing"])
    assert result.exit_code == 1
    assert result.stdout == ""
    assert BAD[name][1] in " ".join(result.stderr.split())
    assert "no row of 1 could be stored" in " ".join(result.stderr.split())
    assert "Traceback" not in result.stderr


def test_the_first_bad_document_stops_when_that_is_asked(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "a.txt").write_text("Cold soup")
    (tmp_path / "docs" / "b.html").write_bytes(b"")
    with semsearch.create(tmp_path / "c", module="hashing") as collection:
        with pytest.raises(SourceError, match="the file 'b.html' is empty"):
            collection.add(tmp_path / "docs", on_error="stop")
        assert len(collection) == 0
