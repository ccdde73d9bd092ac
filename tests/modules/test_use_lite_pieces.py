"""The pieces of use-lite: what TensorFlow.js's list leaves open is mended, and texts made plain."""

from __future__ import annotations

import json

import pytest

from semsearch.errors import ModuleError
from semsearch.modules.networks.use_lite_pieces import Pieces, normalised

RESERVED = [["�", 0], ["<s>", 0], ["</s>", 0], *([f"extra_{n}", 0] for n in (1, 2, 3))]
SOUP, OF, DAY, SOU, P, COLON, DAY_AGAIN, LETTER = range(6, 14)
LISTED = [
    *RESERVED,
    ["▁soup", -2.0],
    ["▁of", -2.5],
    ["▁day", -3.0],
    ["▁sou", -3.5],
    ["p", -4.0],
    [":", None],
    ["▁day", -5.0],
    ["s", -6.0],
]


@pytest.fixture(scope="module")
def pieces() -> Pieces:
    return Pieces(json.dumps(LISTED).encode())


def ids(pieces: Pieces, *texts: str, longest: int = 100) -> list[list[int]]:
    return [each.tolist() for each in pieces.encode(texts, longest)]


def test_a_text_is_split_where_its_pieces_score_best(pieces) -> None:
    assert ids(pieces, "soup of soups") == [[SOUP, OF, SOUP, LETTER]]


def test_a_piece_without_a_score_is_used_all_the_same(pieces) -> None:
    assert ids(pieces, "soup:") == [[SOUP, COLON]]


def test_of_a_piece_listed_twice_the_last_one_counts(pieces) -> None:
    assert ids(pieces, "day") == [[DAY_AGAIN]]


def test_what_is_unknown_is_one_piece_with_the_number_zero(pieces) -> None:
    assert ids(pieces, "soup猫犬") == [[SOUP, 0]]


def test_marks_written_into_a_text_are_not_read_as_marks(pieces) -> None:
    assert set(ids(pieces, "<s>")[0]).isdisjoint({1, 2, 3, 4, 5})


@pytest.mark.parametrize("blank", ["", " ", "\t\n", "\u3000"])
def test_a_text_of_blanks_has_no_pieces(pieces, blank: str) -> None:
    assert ids(pieces, blank, "soup") == [[], [SOUP]]


def test_only_the_first_pieces_are_kept(pieces) -> None:
    assert ids(pieces, "soup of day", longest=2) == [[SOUP, OF]]


def test_any_white_space_is_one_space_and_wide_letters_are_plain_ones() -> None:
    assert normalised(" ｓｏｕｐ\u00a0\tof\n\nthe ① ") == "soup of the 1"


@pytest.mark.parametrize("vocabulary", [b"", b"soup", b"7", b'[["a"]]', b"[[1, 2, 3]]", b"{}"])
def test_what_is_no_list_of_pieces_is_refused(vocabulary: bytes) -> None:
    with pytest.raises(ModuleError, match="no list of pieces"):
        Pieces(vocabulary)
