"""Texts and keys that cannot be stored, odd ones that can, and files in another encoding."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import semsearch
from semsearch.cli.main import main
from semsearch.errors import ContentError, SourceError
from tests.bad_input.conftest import nothing_changes, one_sentence

EMPTY = "its text ('text') is empty"
NO_KEY = "its key ('id') is empty"


def short(value: object) -> str:
    """Name a case by what begins it; millions of characters are no name."""
    return ascii(value)[:30]


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[semsearch.Collection]:
    """A collection that nothing may get into."""
    with semsearch.create(tmp_path_factory.mktemp("texts") / "c", module="hashing") as made:
        yield made


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", EMPTY),
        (" ", EMPTY),
        ("\n\t\r", EMPTY),
        ("\u2003\u00a0\u3000", EMPTY),
        ("\u200b", EMPTY),
        ("\ufeff", EMPTY),
        ("\0", EMPTY),
        ("\x07\x1b", EMPTY),
        ("\u202e\u2066", EMPTY),
        ("\U000e0001", EMPTY),
        ("\ufffe", EMPTY),
        (None, EMPTY),
        (float("nan"), EMPTY),
        (float("inf"), EMPTY),
        (b"", EMPTY),
        (b"soup", EMPTY),
        (bytearray(b"soup"), EMPTY),
        ("x" * 20_000_001, "the text has 20,000,001 characters, more than 20,000,000"),
    ],
    ids=short,
)
def test_a_text_that_cannot_be_encoded_is_skipped_with_its_reason(
    empty: semsearch.Collection, text: Any, reason: str
) -> None:
    report = empty.add([{"id": "k", "text": text}], text="text", key="id")
    assert report.skipped == [(1, "k", reason)]
    assert len(empty) == 0
    with pytest.raises(SourceError) as told:
        empty.add([{"id": "k", "text": text}], text="text", key="id", on_error="stop")
    assert told.value.code == "source"
    assert f"row 1 (key 'k') cannot be stored: {reason}" in one_sentence(told.value)
    assert len(empty) == 0


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        ("", NO_KEY),
        (" \n", NO_KEY),
        (None, NO_KEY),
        (float("nan"), NO_KEY),
        (b"k", NO_KEY),
        ("\0", "the key holds a NUL character"),
        ("a\0b", "the key holds a NUL character"),
        ("k" * 1001, "the key is longer than 1000 characters"),
    ],
    ids=short,
)
def test_a_key_that_cannot_be_stored_is_skipped_with_its_reason(
    empty: semsearch.Collection, key: Any, reason: str
) -> None:
    report = empty.add([{"id": key, "text": "soup"}], text="text", key="id")
    assert [(skip.row, skip.reason) for skip in report.skipped] == [(1, reason)]
    assert len(empty) == 0


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("a\0b", "a\0b"),
        ("\ud83c soup", "\ufffd soup"),
        ("\u202esoup", "\u202esoup"),
        ("a" + "\u0300" * 10_000, "a" + "\u0300" * 10_000),
        ("\x1b[31msoup\x1b[0m", "\x1b[31msoup\x1b[0m"),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("'; drop table item; --", "'; drop table item; --"),
        ("🍲", "🍲"),
        ("?", "?"),
        ("  soup  ", "  soup  "),
        (5, "5"),
        (True, "true"),
        (["a", "b"], '["a", "b"]'),
        ({"a": 1}, '{"a": 1}'),
    ],
    ids=short,
)
def test_an_odd_text_is_stored_as_it_is(tmp_path: Path, text: Any, stored: str) -> None:
    with semsearch.create(tmp_path / "c", module="hashing") as collection:
        assert collection.add([{"id": "k", "text": text}], text="text", key="id").added == 1
        assert collection.get(["k"])[0].text == stored


@pytest.mark.parametrize(
    ("query", "phrase"),
    [
        ("\ud83c", "unpaired surrogate"),
        ("soup \udfff", "unpaired surrogate"),
        ("a" * 1_000_001, "more than 1,000,000"),
    ],
    ids=short,
)
def test_a_query_that_cannot_be_encoded(
    texts: semsearch.Collection, query: str, phrase: str
) -> None:
    with nothing_changes(texts), pytest.raises(ContentError) as told:
        texts.search(query)
    assert told.value.code == "content"
    assert phrase in one_sentence(told.value)


@pytest.mark.parametrize(
    ("content", "phrase"),
    [
        ("id,text\na,soup\n".encode("utf-16"), "is not UTF-8: byte 0, in line 1, is 0xff"),
        (b"\xfe\xff\0i\0d", "is not UTF-8: byte 0, in line 1, is 0xfe"),
        (b"\0\0\xfe\xff\0\0\0i", "is not UTF-8: byte 2, in line 1, is 0xfe"),
        (b"id,text\na,caf\xe9\n", "is not UTF-8: byte 13, in line 2, is 0xe9"),
        (b"id,text\r\na,\x93soup\x94\r\n", "byte 11, in line 2, is 0x93"),
        (b"id,text\na,caf\xc3", "byte 13, in line 2, is 0xc3"),
        (b"id,text\na,\xc0\xaf\n", "byte 10, in line 2, is 0xc0"),
        (b"id,text\na,\xed\xa0\xbd\n", "byte 10, in line 2, is 0xed"),
        (b"id,text\na,\xf5\x80\x80\x80\n", "byte 10, in line 2, is 0xf5"),
        (b"id,text\n\n\na,\x80\n", "in line 4, is 0x80"),
        ("id,text\na,すし\n".encode("shift_jis"), "is not UTF-8: byte 10"),
        ("id,text\na,суп\n".encode("koi8-r"), "is not UTF-8: byte 10"),
        (b"\x1f\x8b\x08\0", "is no text but compressed by gzip"),
        (b"%PDF-1.7\n", "is no text but a PDF; name it .pdf"),
        (b"PK\x03\x04", "is no text but a workbook or zip archive"),
        (b"\xd0\xcf\x11\xe0", "is no text but a workbook or document of before 2007"),
        (b"PAR1soup", "is no text but a parquet file"),
    ],
)
@pytest.mark.parametrize("name", ["texts.csv", "texts.jsonl"])
def test_a_file_that_is_not_in_the_encoding_that_was_named_is_told(
    empty: semsearch.Collection, tmp_path: Path, name: str, content: bytes, phrase: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(SourceError) as told:
        empty.add(path, encoding="utf-8")
    assert phrase in one_sentence(told.value)
    assert len(empty) == 0
    words = ["--indexes", str(tmp_path / "i"), "index", "c", str(path), "--module", "hashing"]
    result = CliRunner().invoke(main, [*words, "--encoding", "utf-8"])
    assert (result.exit_code, result.stdout) == (1, "")
    assert phrase in result.stderr
    assert not (tmp_path / "i" / "c").exists()
