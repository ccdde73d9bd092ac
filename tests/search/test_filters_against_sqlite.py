"""Random filters over random rows: our columns find what SQLite finds, nulls and all."""

from __future__ import annotations

import itertools
import json

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.search.small_table import SmallTable

FIELDS = {"n": "number", "t": "text", "b": "boolean", "d": "date", "l": "list"}
SIGNS = ["=", "<>", "<", "<=", ">", ">="]

# Few values, so that filters meet rows; with the neighbours of 2**53 and of 64 bits among them.
NUMBERS = [
    0, 1, -1, 2, 2.5, -2.5, 1e300, 2**53, 2**53 + 1, 2**53 + 2, -(2**53) - 1, 2.0**53, 2.0**63,
     2**63 - 1, -(2**63), -(2.0**63), 2**62 + 1, 2.0**62, 0.5,
]  # fmt: skip
TEXTS = [
    "", "a", "A", "ab", "aB%", "b", "a_b", "é", "É", "日本", "\U0001f35c", "\uffff", "a'b",
     "a\nb", "k", "K", "\u212a", "10", "9", "aab", "abab", "baab",
]  # fmt: skip
numbers, texts = st.sampled_from(NUMBERS), st.sampled_from(TEXTS)
patterns = st.text(alphabet="ab%_ÉBk", max_size=5)
days = st.sampled_from(["2024-02-28", "2024-02-29", "2024-03-01", "1969-12-31", "0001-01-01"])
moments = st.tuples(days, st.sampled_from(["T00:00:00Z", "T12:30:00Z", "T23:59:59Z"])).map("".join)
dates = days | moments
rows = st.fixed_dictionaries(
    {},
    optional={
        "n": st.none() | numbers,
        "t": st.none() | texts,
        "b": st.none() | st.booleans(),
        "d": st.none() | dates,
        "l": st.none() | st.lists(texts, max_size=3),
    },
)


def quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def value(name: str) -> str:
    """Return the SQL of a field's value."""
    return f"json_extract(fields, '$.{name}')"


def both(condition: str, name: str) -> tuple[str, str]:
    """Return a condition in our language and in SQLite's, which differ in the field alone."""
    return condition.replace("FIELD", name), condition.replace("FIELD", value(name))


def spelled(number: float) -> str:
    return json.dumps(number)


def number_leaf(draw: st.DrawFn) -> tuple[str, str]:
    a, b, sign = (
        spelled(draw(numbers)),
        spelled(draw(numbers)),
        draw(st.sampled_from([*SIGNS, "==", "!="])),
    )
    forms = [
        f"FIELD {sign} {a}", f"{a} {sign} FIELD", f"FIELD in ({a}, {b})", f"FIELD not in ({a})",
        f"FIELD between {a} and {b}", f"FIELD not between {a} and {b}",
        "FIELD is null", "FIELD is not null",
    ]  # fmt: skip
    return both(draw(st.sampled_from(forms)), "n")


def text_leaf(draw: st.DrawFn) -> tuple[str, str]:
    a, b, pattern = quoted(draw(texts)), quoted(draw(texts)), quoted(draw(patterns))
    sign = draw(st.sampled_from(SIGNS))
    forms = [
        f"FIELD {sign} {a}", f"{a} {sign} FIELD", f"FIELD in ({a}, {b})", f"FIELD not in ({a})",
        f"FIELD between {a} and {b}", f"FIELD like {pattern}", f"FIELD not like {pattern}",
        "FIELD is null", "FIELD is not null",
    ]  # fmt: skip
    name = draw(st.sampled_from(["t", "key", "text"]))
    if draw(st.booleans()):
        ours, theirs = piece_forms(draw(st.text(alphabet="aBk%_É\\'1", max_size=3)))
        at = draw(st.integers(0, len(ours) - 1))
        stored = value("t") if name == "t" else name
        return ours[at].replace("FIELD", name), theirs[at].replace("FIELD", stored)
    form = draw(st.sampled_from(forms))
    return both(form, "t") if name == "t" else (form.replace("FIELD", name),) * 2


def piece_forms(piece: str) -> tuple[list[str], list[str]]:
    """Return conditions on a piece of text: ours, and LIKE with the piece's own signs escaped."""
    escaped = "".join("!" + each if each in "%_!" else each for each in piece)
    patterns = {
        "contains": f"%{escaped}%",
        "starts with": f"{escaped}%",
        "ends with": f"%{escaped}",
    }
    negations = ["", "not "]
    ours = [f"FIELD {no}{each} {quoted(piece)}" for each in patterns for no in negations]
    theirs = [
        f"FIELD {no}like {quoted(each)} escape '!'"
        for each in patterns.values()
        for no in negations
    ]
    return ours, theirs


def boolean_leaf(draw: st.DrawFn) -> tuple[str, str]:
    truth = draw(st.sampled_from(["true", "false", "1", "0"]))
    forms = ["FIELD", f"FIELD = {truth}", f"FIELD <> {truth}", "FIELD is true",
             "FIELD is not false", "FIELD is null", f"FIELD in ({truth})"]  # fmt: skip
    return both(draw(st.sampled_from(forms)), "b")


def date_leaf(draw: st.DrawFn) -> tuple[str, str]:
    """Compare days by their first ten characters, moments by a spelling that all of them share."""
    sign, text = draw(st.sampled_from(SIGNS)), draw(dates)
    is_day = len(text) == len("2024-02-28")
    stored = f"substr({value('d')}, 1, 10)" if is_day else f"datetime({value('d')})"
    literal = quoted(text) if is_day else f"datetime({quoted(text)})"
    forms = [
        (f"d {sign} {quoted(text)}", f"{stored} {sign} {literal}"),
        (f"d in ({quoted(text)})", f"{stored} = {literal}"),
        (f"d between {quoted(text)} and {quoted(text)}", f"{stored} = {literal}"),
        ("d is null", f"{value('d')} is null"),
    ]
    return draw(st.sampled_from(forms))


def list_leaf(draw: st.DrawFn) -> tuple[str, str]:
    member = quoted(draw(texts))
    held = (
        f"CASE WHEN {value('l')} IS NOT NULL THEN"
        f" EXISTS (SELECT 1 FROM json_each(fields, '$.l') AS each WHERE each.value = {member}) END"
    )
    forms = [
        (f"{member} in l", held),
        (f"{member} not in l", f"NOT ({held})"),
        (f"l contains {member}", held),
        (f"l not contains {member}", f"NOT ({held})"),
        ("l is null", f"{value('l')} is null"),
    ]
    return draw(st.sampled_from(forms))


LEAVES = [number_leaf, text_leaf, boolean_leaf, date_leaf, list_leaf]


@st.composite
def leaves(draw: st.DrawFn) -> tuple[str, str]:
    return draw(st.sampled_from(LEAVES))(draw)


def combined(parts: st.SearchStrategy[tuple[str, str]]) -> st.SearchStrategy[tuple[str, str]]:
    joined = st.tuples(parts, st.sampled_from(["and", "or"]), parts).map(
        lambda drawn: tuple(
            f"({a}) {drawn[1]} ({b})" for a, b in zip(drawn[0], drawn[2], strict=True)
        )
    )
    return joined | parts.map(lambda pair: (f"not ({pair[0]})", f"not ({pair[1]})"))


filters = st.recursive(leaves(), combined, max_leaves=6)


@settings(max_examples=300, deadline=None)
@given(drawn=st.lists(rows, max_size=12), pair=filters)
def test_a_random_filter_finds_what_sqlite_finds(
    drawn: list[dict[str, object]], pair: tuple[str, str]
) -> None:
    table = SmallTable(FIELDS, {f"{number}": row for number, row in enumerate(drawn)})
    where, condition = pair
    assert table.matching(where) == table.matching_in_sqlite(condition)
    table.database.close()


def test_every_number_is_compared_exactly_with_every_other() -> None:
    table = SmallTable(FIELDS, {str(at): {"n": each} for at, each in enumerate([*NUMBERS, None])})
    literals = [*map(spelled, NUMBERS), "1e400", "-1e400", "18446744073709551616"]
    for literal in literals:
        for sign in SIGNS:
            where, condition = both(f"FIELD {sign} {literal}", "n")
            assert table.matching(where) == table.matching_in_sqlite(condition), where


def test_every_pattern_of_four_characters_matches_as_in_sqlite() -> None:
    table = SmallTable(FIELDS, {str(at): {"t": each} for at, each in enumerate([*TEXTS, None])})
    for n in range(5):
        for drawn in itertools.product("aB%_", repeat=n):
            where, condition = both(f"FIELD like '{''.join(drawn)}'", "t")
            assert table.matching(where) == table.matching_in_sqlite(condition), where
    for pattern in ("k", "%É", "_", "日%", "%\n%"):
        where, condition = both(f"FIELD like '{pattern}'", "t")
        assert table.matching(where) == table.matching_in_sqlite(condition), where
