"""Checks of what a caller passes, each with one sentence."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from semsearch.corpus import Corpus
from semsearch.errors import CollectionError, shortened

MAX_K = 10_000
MAX_DIM = 65_536
MAX_NAME = 100
MAX_SEED = 2**32 - 1


def check_whole(value: Any, what: str, low: int, high: int) -> int:
    """Return a whole number between `low` and `high`.

    Raises:
        ValueError: it lies outside.
        TypeError: it is no whole number.
    """
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        raise TypeError(f"{what} must be a whole number, got {shortened(value)}")
    if not low <= value <= high:
        raise ValueError(f"{what} must lie between {low} and {high}, got {shortened(value)}")
    return int(value)


def check_k(k: int) -> int:
    """Return k, or raise where it is no number of neighbours; see `check_whole`."""
    return check_whole(k, "k", 1, MAX_K)


def check_seed(seed: int) -> int:
    """Return the seed of chance, or raise where it is none; see `check_whole`."""
    return check_whole(seed, "seed", 0, MAX_SEED)


def check_dim(dim: int | None) -> int:
    """Return the width of the user's own vectors, or raise where it is none."""
    if dim is None:
        raise ValueError("a collection without a module needs dim, the width of its vectors")
    return check_whole(dim, "dim, the width of the vectors,", 1, MAX_DIM)


def check_query(text: Any) -> str:
    """Return the text of a query.

    Raises:
        ValueError: it is empty.
        TypeError: it is no text.
    """
    if not isinstance(text, str):
        raise TypeError(f"a query is a text, got {shortened(text)} of type {type(text).__name__}")
    if not text.strip():
        raise ValueError("the query is empty; write what to look for")
    return text


def check_label(name: Any, what: str) -> str:
    """Return the name of a clustering or classifier; `what` says of which.

    Raises:
        ValueError: it is empty, longer than 100 characters or holds signs that cannot be shown.
        TypeError: it is no text.
    """
    if not isinstance(name, str):
        raise TypeError(f"the name of a {what} is a text, got {shortened(name)}")
    if not name.strip():
        raise ValueError(f"the name of a {what} is empty; give it one such as 'sentiment'")
    if len(name) > MAX_NAME or not name.isprintable():
        raise ValueError(
            f"a {what} cannot be named {shortened(name)}; use up to {MAX_NAME} letters and signs"
        )
    return name


def check_request(request_id: str | None) -> str | None:
    """Return the name that a caller gave a call, or None.

    Raises:
        ValueError: it is empty, longer than 100 characters or holds signs that cannot be shown.
        TypeError: it is no text.
    """
    if request_id is None:
        return None
    if not isinstance(request_id, str):
        raise TypeError(f"request_id is a text, got {shortened(request_id)}")
    if not request_id.strip() or len(request_id) > MAX_NAME or not request_id.isprintable():
        raise ValueError(
            f"request_id cannot be {shortened(request_id)}; use 1 to {MAX_NAME} letters and signs"
        )
    return request_id


def check_modality(source: Corpus, modality: str, name: str) -> None:
    """Raise `CollectionError` unless the collection `name` holds what a source does."""
    if source.modality != modality:
        raise CollectionError(
            f"the source {source.name!r} holds {source.modality}s,"
            f" and the collection {name!r} {modality}s",
            "index it into a collection of its own",
        )


def as_list(values: Iterable[Any], what: str) -> list[Any]:
    """Return `values` as a list; a single text is refused, as its letters would be taken."""
    if isinstance(values, str | bytes):
        single = shortened(values)
        raise TypeError(f"{what} must be a list, got the single {single}; put it in a list")
    try:
        return list(values)
    except TypeError as error:
        raise TypeError(f"{what} must be a list, got {shortened(values)}") from error


def as_keys(keys: Iterable[Any]) -> list[str]:
    """Return keys as a list of texts.

    Raises:
        TypeError: they are no list, or one of them is no text.
    """
    found = as_list(keys, "keys")
    for key in found:
        if not isinstance(key, str):
            raise TypeError(f"a key is a text, got {shortened(key)} of type {type(key).__name__}")
    return found


def is_storable(text: str) -> bool:
    """Say whether a text can stand in the database: it holds no half characters."""
    return all(not "\ud800" <= character <= "\udfff" for character in text)


def as_ids(ids: Any) -> list[int]:
    """Return internal ids of any shape as one flat list of ints.

    Raises:
        TypeError: one of them is no whole number of 64 bits.
    """
    found = np.asarray(ids)
    if found.dtype.kind not in "iu" and found.size:
        raise TypeError(f"ids are whole numbers as neighbors() gives them, got {shortened(ids)}")
    return [int(id_) for id_ in found.ravel()]
