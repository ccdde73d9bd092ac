"""What the API takes about the contents of a collection: counts, duplicates and judgements."""

from __future__ import annotations

from pydantic import Field

from webui.schemas import Request, Text, Words
from webui.search_schemas import MAX_FACETS

MAX_GRADE = 3
MAX_GROUPS = 200


class FacetsQuery(Request):
    """Which fields to count, and among which items; without `fields` all that tell something."""

    fields: list[Text] = Field(default=[], max_length=MAX_FACETS)
    where: Text | None = None


class DuplicatesQuery(Request):
    """How alike two items are at least, and how many groups of them to show."""

    threshold: float | None = Field(None, ge=0.5, le=1)
    where: Text | None = None
    limit: int = Field(50, ge=1, le=MAX_GROUPS)


class JudgementsQuery(Request):
    """Which query the judgements belong to; without one, all of them."""

    query: Words | None = None


class JudgementRequest(Request):
    """How good an item is as an answer to a query: 1 to 3, or 0 for no answer; null takes back."""

    query: Words
    key: Text
    grade: int | None = Field(ge=0, le=MAX_GRADE, strict=True)
