"""What a search takes: as JSON, in an address, and beside a picture; the same words everywhere."""

from __future__ import annotations

from typing import Annotated, Literal

from flask import current_app
from pydantic import BeforeValidator, Field, model_validator
from spectree.model_adapter.pydantic_adapter import BaseFile

from webui.schemas import MAX_JSON_DEPTH, Count, Request, Text, Words, depth

MAX_TERMS = 32
MAX_FACETS = 32
MAX_WEIGHT = 1000
MAX_SCORE = 1000
"""Of words; scores of meaning and of both reach 1."""

MAX_CURSOR = 16_384
MAX_OPTIONS = 65_536

Mode = Literal["semantic", "lexical", "hybrid"]
Fusion = Literal["convex", "reciprocal"]
Order = Literal["nearest", "farthest", "unusual"]
Cursor = Annotated[str, Field(min_length=1, max_length=MAX_CURSOR)]


def _read_options(value: object) -> object:
    """Read the JSON of a form as strictly as that of a body."""
    if not isinstance(value, str) or len(value) > MAX_OPTIONS:
        raise ValueError(f"it is no JSON of up to {MAX_OPTIONS:,} characters")
    try:
        options = current_app.json.loads(value)
    except (ValueError, RecursionError):
        raise ValueError("it cannot be read as JSON") from None
    if depth(options) > MAX_JSON_DEPTH:
        raise ValueError(f"it is nested deeper than {MAX_JSON_DEPTH}")
    return options


def _without_empty(value: object) -> object:
    """Read `?collapse=` as if it were not there, as forms in a browser write it."""
    return None if value == "" else value


Share = Annotated[float, Field(ge=0, le=1)]
Fold = Annotated[float, Field(gt=0, le=1)]
Score = Annotated[float, Field(ge=-1, le=MAX_SCORE)]
Strict = Field(strict=True)
Blank = BeforeValidator(_without_empty)


class TermRequest(Request):
    """A part of a question beside its text: a text or a stored item, and how much it weighs."""

    text: Words | None = None
    key: Text | None = None
    weight: float = Field(1.0, gt=0, le=MAX_WEIGHT, strict=True)

    @model_validator(mode="after")
    def _is_one_thing(self) -> TermRequest:
        if (self.text is None) == (self.key is None):
            raise ValueError("a term has either 'text' or 'key'")
        return self


class Options(Request):
    """How a question is asked; see `Collection.search` for what each part means."""

    plus: list[TermRequest] = Field(default=[], max_length=MAX_TERMS)
    minus: list[TermRequest] = Field(default=[], max_length=MAX_TERMS)
    mode: Mode = "semantic"
    weight: Annotated[Share, Strict] | None = None
    fusion: Fusion = "convex"
    min_score: Annotated[Score, Strict] | Literal["auto"] | None = None
    diversity: Share = Field(default=0.0, strict=True)
    collapse: Annotated[Fold, Strict] | None = None
    order: Order = "nearest"
    after: Cursor | None = None
    facets: list[Text] = Field(default=[], max_length=MAX_FACETS)
    explain: bool = Field(default=False, strict=True)


class SearchRequest(Options):
    """Search by a text, by terms, or with `key` by an item that is stored."""

    text: Words | None = None
    key: Text | None = None
    k: Count = Field(10, strict=True)
    where: Text | None = None

    @model_validator(mode="after")
    def _asks_one_thing(self) -> SearchRequest:
        if self.key is not None:
            others = self.model_fields_set - {"key", "k", "where", "mode"}
            if others or self.mode != "semantic":
                raise ValueError(
                    "'key' goes with 'k' and 'where' alone; in a question it is a term of 'plus'"
                )
        elif self.text is None and not (self.plus or self.minus or self.order == "unusual"):
            raise ValueError("give either 'text' or 'key'")
        return self


class SearchQuery(Request):
    """The same question in an address; a term is written `text`, `key:KEY` or `text*WEIGHT`."""

    q: Words | None = None
    like: Text | None = None
    k: Count = 10
    where: Text | None = None
    plus: list[Text] = Field(default=[], max_length=MAX_TERMS)
    minus: list[Text] = Field(default=[], max_length=MAX_TERMS)
    mode: Mode = "semantic"
    weight: Annotated[Share | None, Blank] = None
    fusion: Fusion = "convex"
    min_score: Annotated[Score | Literal["auto"] | None, Blank] = None
    diversity: Share = 0.0
    collapse: Annotated[Fold | None, Blank] = None
    order: Order = "nearest"
    after: Cursor | None = None
    facets: list[Text] = Field(default=[], max_length=MAX_FACETS)
    explain: bool = False


class ImageSearchForm(Request):
    """Search by a picture, sent as multipart/form-data; `options` are those of JSON, as JSON."""

    image: BaseFile
    k: Count = 10
    where: Text | None = None
    options: Annotated[Options, BeforeValidator(_read_options)] | None = None
