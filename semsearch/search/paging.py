"""Where a page of hits ended, as a short text that asks for the next one.

Scores of meaning belong to a pair of vectors and never change, so the score and id of the last hit
say where to go on, whatever was added or deleted meanwhile. Where scores depend on other items
(words, hybrids, unusual ones) or hits on the hits before (diversity, folding), the ids that were
shown are carried along.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import math
from dataclasses import dataclass, field, replace
from pathlib import PurePath
from typing import Any

import numpy as np

from semsearch.search.question import Question
from semsearch.search.ranked import Ids, Ranked, Scores

MAX_SHOWN = 10_000
"""So many hits are shown in all, page after page."""

MAX_CARRIED = 1_000
"""So many where their ids are carried along; a cursor has to fit into an address."""

FORMAT = 1
NO_CURSOR = "after is no cursor of a search; pass on hits.after as it came"


@dataclass(frozen=True)
class Cursor:
    """Where a page ended: `n` hits were shown, the last of them with this score and id.

    `question` names what was asked, `space` the vectors that were compared. `shown` (n,) are the
    ids of all hits before, ascending, where they are carried along.
    """

    question: str
    space: int
    n: int = 0
    score: float = 0.0
    last: int = 0
    shown: Ids = field(default_factory=lambda: np.empty(0, np.int64))

    def rest(self, found: Ranked, sign: int) -> Ranked:
        """Return what comes after the pages before; `sign` is -1 where low scores come first."""
        if not self.n:
            return found
        if len(self.shown):
            return found.take(~np.isin(found.ids, self.shown))
        scores, border = sign * found.scores, np.float32(sign * self.score)
        return found.take((scores < border) | ((scores == border) & (found.ids > self.last)))

    def next(self, ids: Ids, scores: Scores, *, carries: bool) -> Cursor:
        """Return the cursor behind a page of hits, which must not be empty."""
        moved = replace(self, n=self.n + len(ids), score=float(scores[-1]), last=int(ids[-1]))
        return replace(moved, shown=np.union1d(self.shown, ids)) if carries else moved

    def as_text(self) -> str:
        """Return the cursor as letters, digits, - and _."""
        gaps = np.diff(self.shown, prepend=0).tolist()
        values = [FORMAT, self.question, self.space, self.n, self.score, self.last, gaps]
        written = json.dumps(values, separators=(",", ":")).encode()
        return base64.urlsafe_b64encode(written).decode().rstrip("=")


def first_page(question: Question, space: int = 0) -> Cursor:
    """Return the cursor before the first page of a question."""
    return Cursor(_name_of(question), space)


def read_cursor(question: Question) -> Cursor:
    """Return where the page before `question` ended.

    Raises:
        ValueError: `question.after` is no cursor, or one of another question.
    """
    cursor = first_page(question)
    if question.after is None:
        return cursor
    found = _parsed(question.after)
    if found.question != cursor.question:
        raise ValueError(
            "after belongs to another question; ask for the next page with the same words, filter"
            " and options"
        )
    if found.n >= most_shown(question):
        raise ValueError(NO_CURSOR)  # no page ends there
    return found


def carries_ids(question: Question) -> bool:
    """Say whether scores or places of hits depend on more than the question and the hit."""
    is_plain = question.mode == "semantic" and question.order != "unusual"
    return not is_plain or bool(question.diversity) or question.collapse is not None


def most_shown(question: Question) -> int:
    """Return how many hits the pages of a question show in all."""
    return MAX_CARRIED if carries_ids(question) else MAX_SHOWN


def _parsed(text: str) -> Cursor:
    try:
        padded = text.encode("ascii") + b"=" * (-len(text) % 4)
        values = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        number, question, space, n, score, last, gaps = values
        whole = [number, space, n, last, *gaps]
        is_sound = all(type(each) is int and 0 <= each < 2**62 for each in whole)
        if not (is_sound and number == FORMAT and n >= 1 and len(gaps) in (0, n)):
            raise ValueError("not as they are written")
        if not (type(score) is float and math.isfinite(score) and isinstance(question, str)):
            raise ValueError("not as they are written")
        return Cursor(question, space, n, score, last, np.cumsum(gaps, dtype=np.int64))
    except (ValueError, TypeError, binascii.Error, RecursionError, OverflowError):
        raise ValueError(NO_CURSOR) from None


def _name_of(question: Question) -> str:
    """Return a short name of all that decides which hits come, and in which order."""
    asked = [
        question.text,
        _content(question.image),
        [_term(term) for term in question.plus],
        [_term(term) for term in question.minus],
        question.where,
        question.mode,
        question.weight,
        question.fusion,
        question.min_score,
        question.diversity,
        question.collapse,
        question.order,
    ]
    written = json.dumps(asked).encode()
    return base64.urlsafe_b64encode(hashlib.sha256(written).digest()[:6]).decode()


def _term(term: Any) -> list[Any]:
    return [term.weight, term.text, term.key, _content(term.image)]


def _content(image: Any) -> str | None:
    match image:
        case None | str():
            return image
        case PurePath():
            return str(image)
        case bytes():
            return hashlib.sha256(image).hexdigest()
    written = image.tobytes() if hasattr(image, "tobytes") else repr(image).encode()
    return hashlib.sha256(written).hexdigest()
