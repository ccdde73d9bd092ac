"""What the API takes, as pydantic models: the limits of every request stand here.

Limits are T8 of the threat model: a request may be wrong, it may not be large.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

MAX_K = 1_000
MAX_TEXT_BYTES = 8 * 1024
MAX_TEXTS = 64
MAX_EXAMPLES = 1_000
MIN_LABELS, MAX_LABELS = 2, 50
MAX_CLUSTERS = 1_000
MAX_BODY_BYTES = 16 * 1024 * 1024
MAX_FORM_PARTS = 100
MAX_JSON_DEPTH = 16
MAX_THUMBNAIL = 512


def _is_sound(text: str) -> str:
    try:
        size = len(text.encode())
    except UnicodeEncodeError:
        raise ValueError("it holds half of a surrogate pair, which is no character") from None
    if size > MAX_TEXT_BYTES:
        raise ValueError(f"it is {size:,} bytes long; at most {MAX_TEXT_BYTES:,} are taken")
    return text


def _has_words(text: str) -> str:
    if not text.strip():
        raise ValueError("it is empty; write what you are looking for")
    return text


Text = Annotated[str, AfterValidator(_is_sound)]
Words = Annotated[str, AfterValidator(_is_sound), AfterValidator(_has_words)]
Name = Annotated[str, Field(pattern=r"^\w[\w .-]{0,63}$")]
Count = Annotated[int, Field(ge=1, le=MAX_K)]


class Request(BaseModel):
    """A body or query string: unknown fields are refused, so a slip of the pen is told."""

    model_config = ConfigDict(extra="forbid")


class ItemQuery(Request):
    """Which stored item."""

    key: Text


class ThumbnailQuery(Request):
    """Which picture, and how many pixels its longer side shall have at most."""

    key: Text
    size: int = Field(256, ge=16, le=MAX_THUMBNAIL)


class ResultQuery(Request):
    """Which stored clustering."""

    name: Name = "default"


class MembersQuery(Request):
    """A page of the members of a cluster."""

    name: Name = "default"
    offset: int = Field(0, ge=0)
    limit: Count = 50


class SampleQuery(Request):
    """How many stored items to show someone who has not asked anything yet."""

    n: int = Field(24, ge=1, le=100)


class ClusterRequest(Request):
    """Group every item; without `n_clusters` the number is chosen."""

    n_clusters: int | None = Field(None, ge=2, le=MAX_CLUSTERS, strict=True)
    name: Name = "default"
    seed: int = Field(0, ge=0, le=2**31 - 1, strict=True)


class TrainRequest(Request):
    """Examples of each label: texts, or with `keys` the keys of stored items."""

    name: Name
    examples: dict[Name, list[Words]]
    keys: bool = False
    seed: int = Field(0, ge=0, le=2**31 - 1, strict=True)

    @model_validator(mode="after")
    def _is_trainable(self) -> TrainRequest:
        if not MIN_LABELS <= len(self.examples) <= MAX_LABELS:
            raise ValueError(f"give {MIN_LABELS} to {MAX_LABELS} labels, each with its examples")
        for label, examples in self.examples.items():
            if not 1 <= len(examples) <= MAX_EXAMPLES:
                raise ValueError(f"the label {label!r} needs 1 to {MAX_EXAMPLES:,} examples")
        return self


class PredictRequest(Request):
    """Predict these texts or stored items; without either, every stored item."""

    texts: list[Words] | None = Field(None, min_length=1, max_length=MAX_TEXTS)
    keys: list[Text] | None = Field(None, min_length=1, max_length=MAX_K)
    k: int = Field(12, ge=1, le=MAX_K, strict=True)

    @model_validator(mode="after")
    def _asks_one_thing(self) -> PredictRequest:
        if self.texts is not None and self.keys is not None:
            raise ValueError("give 'texts' or 'keys', not both")
        return self


def depth(value: Any) -> int:
    """Return how deeply lists and objects of a JSON value stand inside each other."""
    level, deepest = [value], 0
    while level and deepest <= MAX_JSON_DEPTH:
        inner = [
            each
            for item in level
            if isinstance(item, dict | list)
            for each in (item.values() if isinstance(item, dict) else item)
        ]
        deepest += any(isinstance(item, dict | list) for item in level)
        level = inner
    return deepest
