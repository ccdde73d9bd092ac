"""Texts in old encodings are read, and none is read wrongly without a word."""

from __future__ import annotations

import codecs

import pytest

from semsearch.corpus.documents.parsing import parse
from semsearch.corpus.encodings import decoded
from semsearch.corpus.refused import Refused


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("café au lait", "cp1252"),
        ("Ünïcode, Straße und Übel für alle Leute", "latin-1"),
        ("“quoted” text — dash", "cp1252"),
        ("Zażółć gęślą jaźń", "cp1250"),
        ("Привет мир, это текст на русском языке", "cp1251"),
        ("Привет мир, это текст на русском языке", "koi8-r"),
        ("Αυτό είναι ένα ελληνικό κείμενο", "cp1253"),
        ("هذا نص عربي قصير للاختبار", "cp1256"),
        ("これは日本語のテキストです。今日はいい天気です", "shift_jis"),
        ("これは日本語のテキストです", "euc_jp"),
        ("这是一个中文的文本。今天天气很好。", "gb18030"),
        ("這是一個中文的文本。今天天氣很好。", "big5"),
        ("안녕하세요 이것은 한국어 텍스트입니다", "cp949"),
        ("plain words in pairs of bytes", "utf-16-le"),
    ],
)
def test_an_old_encoding_is_found_out(text: str, encoding: str) -> None:
    assert decoded(text.encode(encoding)) == text


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_a_mark_tells_the_encoding(encoding: str) -> None:
    assert decoded("käse 日本".encode(encoding)) == "käse 日本"


def test_what_is_utf_8_is_utf_8_whatever_is_declared() -> None:
    assert decoded("käse".encode(), "latin-1") == "käse"


def test_a_declared_encoding_is_taken_before_a_guess() -> None:
    assert decoded("Şahin".encode("cp1254"), "windows-1254") == "Şahin"
    assert decoded("日本".encode("iso2022_jp"), "iso-2022-jp") == "日本"


@pytest.mark.parametrize("declared", ["zip", "hex", "rot13", "punycode", "nonsense", "", "\0"])
def test_a_declaration_that_is_none_is_passed_over(declared: str) -> None:
    assert decoded("café".encode("cp1252"), declared) == "café"
    assert decoded(b"cafe", declared) == "cafe"


def test_html_declares_its_encoding() -> None:
    page = '<meta charset="windows-1254"><p>Şahin'
    assert parse(page.encode("cp1254"), "html").text == "Şahin"


def test_a_long_text_whose_first_odd_letter_comes_late_is_read_whole() -> None:
    text = "plain line\n" * 50_000 + "これは日本語のテキストです。今日は\n" * 9_000
    assert decoded(text.encode("shift_jis")) == text


def test_utf_8_with_a_broken_byte_is_mended_and_told() -> None:
    whole = "Приветствую всех вас".encode()
    made = parse(whole[:-1], "txt")
    assert made.text == "Приветствую всех ва\ufffd"
    assert made.flaws == ("is UTF-8 but for 1 broken places, which are shown as \ufffd",)


@pytest.mark.parametrize(
    "content",
    [b"text\0text", bytes(range(256)) * 8, codecs.BOM_UTF16_LE + b"\x00\xd8x", b"\xef\xbb\xbf\xff"],
)
def test_what_is_no_text_is_refused(content: bytes) -> None:
    with pytest.raises(Refused):
        decoded(content)
