"""Filters drawn by chance, each as the text that a user writes and as plain Python that says what
it means, with SQL's third truth value None."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Row = Mapping[str, Any]
Truth = bool | None
Meaning = Callable[[Row], Truth]

TOWNS = ("bonn", "berlin", "ulm", "kassel")
TAGS = ("red", "green", "blue")
WORDS = ("soup", "shoes", "film", "salt", "laces", "plot", "office", "waiter")


@dataclass(frozen=True)
class Filter:
    """A filter's text and its meaning: a row passes where it is True."""

    text: str
    meaning: Meaning

    def passes(self, row: Row) -> bool:
        """Say whether a row passes."""
        return self.meaning(row) is True


def draw_filter(chance: random.Random, names: tuple[str, ...], depth: int = 2) -> Filter:
    """Return a filter over the fields `names`; "key" and "text" are such as well."""
    kind = chance.choice(["leaf", "leaf", "and", "or", "not"]) if depth else "leaf"
    if kind == "leaf":
        return LEAVES[chance.choice(names)](chance)
    first = draw_filter(chance, names, depth - 1)
    if kind == "not":
        return Filter(f"not ({first.text})", lambda row: _not(first.meaning(row)))
    second = draw_filter(chance, names, depth - 1)
    join = _and if kind == "and" else _or
    return Filter(
        f"({first.text}) {kind} ({second.text})",
        lambda row: join(first.meaning(row), second.meaning(row)),
    )


def _not(one: Truth) -> Truth:
    return None if one is None else not one


def _and(one: Truth, other: Truth) -> Truth:
    if one is False or other is False:
        return False
    return None if one is None or other is None else True


def _or(one: Truth, other: Truth) -> Truth:
    return _not(_and(_not(one), _not(other)))


def _known(name: str, test: Callable[[Any], bool]) -> Meaning:
    return lambda row: None if row[name] is None else test(row[name])


def _stars(chance: random.Random) -> Filter:
    low, high = sorted((chance.randrange(6), chance.randrange(6)))
    return chance.choice(
        [
            Filter(f"stars <= {high}", _known("stars", lambda v: v <= high)),
            Filter(f"stars = {low}", _known("stars", lambda v: v == low)),
            Filter(f"stars <> {low}", _known("stars", lambda v: v != low)),
            Filter(f"stars between {low} and {high}", _known("stars", lambda v: low <= v <= high)),
            Filter(f"stars in ({low}, {high})", _known("stars", lambda v: v in (low, high))),
            Filter(f"stars not in ({low})", _known("stars", lambda v: v != low)),
            Filter("stars is null", lambda row: row["stars"] is None),
        ]
    )


def _town(chance: random.Random) -> Filter:
    town, other = chance.choice(TOWNS), chance.choice(TOWNS)
    return chance.choice(
        [
            Filter(f"town = '{town}'", _known("town", lambda v: v == town)),
            Filter(f"town <> '{town}'", _known("town", lambda v: v != town)),
            Filter(f"town in ('{town}', '{other}')", _known("town", lambda v: v in (town, other))),
            Filter("town like 'b%'", _known("town", lambda v: v.startswith("b"))),
            Filter(f"town > '{town}'", _known("town", lambda v: v > town)),
            Filter("town is not null", lambda row: row["town"] is not None),
        ]
    )


def _even(chance: random.Random) -> Filter:
    return chance.choice(
        [
            Filter("even", _known("even", bool)),
            Filter("not even", _known("even", lambda v: not v)),
            Filter("even is null", lambda row: row["even"] is None),
        ]
    )


def _day(chance: random.Random) -> Filter:
    day = day_of(chance)
    return chance.choice(
        [
            Filter(f"day < '{day}'", _known("day", lambda v: v < day)),
            Filter(f"day >= '{day}'", _known("day", lambda v: v >= day)),
            Filter(f"day = '{day}'", _known("day", lambda v: v == day)),
        ]
    )


def _tags(chance: random.Random) -> Filter:
    tag = chance.choice(TAGS)
    return Filter(f"'{tag}' in tags", _known("tags", lambda v: tag in v))


def _key(chance: random.Random) -> Filter:
    digit, number = chance.randrange(10), chance.randrange(60)
    return chance.choice(
        [
            Filter(f"key like 'k{digit}%'", lambda row: row["key"].startswith(f"k{digit}")),
            Filter(f"key = 'k{number}'", lambda row: row["key"] == f"k{number}"),
            Filter(f"key not in ('k{number}')", lambda row: row["key"] != f"k{number}"),
        ]
    )


def _text(chance: random.Random) -> Filter:
    word = chance.choice(WORDS)
    return Filter(f"text like '%{word}%'", lambda row: word in row["text"])


LEAVES: dict[str, Callable[[random.Random], Filter]] = {
    "stars": _stars,
    "town": _town,
    "even": _even,
    "day": _day,
    "tags": _tags,
    "key": _key,
    "text": _text,
}
FIELDS = ("stars", "town", "even", "day", "tags")


def day_of(chance: random.Random) -> str:
    """Return a day in May."""
    return f"2024-05-{chance.randint(1, 28):02}"


def draw_fields(chance: random.Random) -> dict[str, Any]:
    """Return the fields of a row; each is missing now and then."""
    fields: dict[str, Any] = {
        "stars": chance.randrange(6),
        "town": chance.choice(TOWNS),
        "even": chance.random() < 0.5,
        "day": day_of(chance),
        "tags": sorted(chance.sample(TAGS, chance.randint(1, 3))),
    }
    return {name: value if chance.random() < 0.9 else None for name, value in fields.items()}
