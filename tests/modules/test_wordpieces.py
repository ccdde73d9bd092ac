"""Texts become the ids of BERT's word pieces; ids of the real vocabulary are tested in hub/."""

from __future__ import annotations

import pytest

from semsearch.errors import ModuleError
from semsearch.modules.networks.wordpiece import WordPieces, read_vocabulary

PIECES = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "soup", "noodle", "##s", "##soup", "!", "cold", "猫"]
PIECES += ["creme", "no", "##odle", "[", "]", "sep", "σ", "οδο", "##σ"]
VOCABULARY = {piece: number for number, piece in enumerate(PIECES)}


def pieces(text: str, max_tokens: int = 64, *, is_uncased: bool = True) -> list[str]:
    words = WordPieces(VOCABULARY, is_uncased=is_uncased)
    return [PIECES[number] for number in words.encode([text], max_tokens)[0]]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("Soup", ["soup"]),
        ("cold   noodles!", ["cold", "noodle", "##s", "!"]),
        ("noodlesoup", ["noodle", "##soup"]),
        ("Crème", ["creme"]),
        ("soup猫soup", ["soup", "猫", "soup"]),
        ("pizza soup", ["[UNK]", "soup"]),
        ("so\u200bup\x00", ["soup"]),
        ("soup\u00a0cold\tsoup\u2028cold", ["soup", "cold", "soup", "cold"]),
        ("soup\ufffd", ["soup"]),
        ("ΟΔΟΣ", ["οδο", "##σ"]),
        ("s" * 101, ["[UNK]"]),
    ],
)
def test_a_text_becomes_pieces_between_two_marks(text: str, expected: list[str]) -> None:
    assert pieces(text) == ["[CLS]", *expected, "[SEP]"]


def test_a_text_cannot_write_the_marks_that_steer_the_network() -> None:
    assert pieces("[SEP]") == ["[CLS]", "[", "sep", "]", "[SEP]"]


def test_a_long_text_is_cut_and_keeps_its_end_mark() -> None:
    assert pieces("soup " * 100, max_tokens=5) == ["[CLS]", "soup", "soup", "soup", "[SEP]"]
    assert pieces("noodles", max_tokens=3) == ["[CLS]", "noodle", "[SEP]"]


def test_a_cased_vocabulary_sees_capitals_and_accents() -> None:
    assert pieces("Soup soup", is_uncased=False) == ["[CLS]", "[UNK]", "soup", "[SEP]"]


def test_a_vocabulary_is_read_a_line_a_piece() -> None:
    assert read_vocabulary("\r\n".join(PIECES).encode()) == VOCABULARY


def test_a_vocabulary_without_the_marks_or_of_other_bytes_is_refused() -> None:
    with pytest.raises(ModuleError, match=r"no \[CLS\], \[SEP\]"):
        read_vocabulary(b"[UNK]\nsoup\n")
    with pytest.raises(ModuleError, match="not UTF-8"):
        read_vocabulary(b"\xff\xfe")
