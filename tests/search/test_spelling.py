"""Terms of a question written in one line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from semsearch.search import Term, parse_term, spell_term

contents = some.text(min_size=1).filter(lambda text: bool(text.strip()))
weights = some.floats(min_value=1e-6, max_value=1000)


@pytest.mark.parametrize(
    ("spelled", "term"),
    [
        ("great service", Term(1, text="great service")),
        ("great service*0.5", Term(0.5, text="great service")),
        ("key:r-12", Term(1, key="r-12")),
        ("key:r-12*.25", Term(0.25, key="r-12")),
        ("key:text:a", Term(1, key="text:a")),
        ("text:key:r-12*2", Term(2, text="key:r-12")),
        ("3*4*1", Term(1, text="3*4")),
        ("five*stars", Term(1, text="five*stars")),
        ("two\nlines*2", Term(2, text="two\nlines")),
    ],
)
def test_a_term_is_read_from_a_line(spelled: str, term: Term) -> None:
    assert parse_term(spelled) == term


@pytest.mark.parametrize("spelled", ["", " ", "key:", "text: ", "*2", "key:*0.5"])
def test_an_empty_term_is_refused(spelled: str) -> None:
    with pytest.raises(ValueError, match="is empty"):
        parse_term(spelled)


@given(content=contents, weight=weights, is_key=some.booleans())
def test_what_is_written_is_read_again(content: str, weight: float, is_key: bool) -> None:
    term = Term(weight, key=content) if is_key else Term(weight, text=content)
    assert parse_term(spell_term(term)) == term


@given(
    content=contents, is_key=some.booleans(), ending=some.sampled_from(["", "*2", "*.5", "*1e-7"])
)
def test_a_weight_of_one_is_left_out_where_nothing_is_lost(
    content: str, is_key: bool, ending: str
) -> None:
    content += ending
    term = Term(1, key=content) if is_key else Term(1, text=content)
    assert parse_term(spell_term(term)) == term


def test_an_image_has_no_spelling() -> None:
    with pytest.raises(ValueError, match="image"):
        spell_term(Term(1, image="cat.jpg"))
