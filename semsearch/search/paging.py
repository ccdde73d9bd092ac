"""Where a page of hits ended, as a short text that asks for the next one.

Scores of meaning belong to a pair of vectors and never change, so the score of the last hit says
where to go on, whatever was added or deleted meanwhile. A text may be encoded a little differently
beside others, which moves scores by 1e-7 or so: hits that near to the border are carried along by
their ids. Where scores depend on other items (words, hybrids, unusual ones) or hits on the hits
before (diversity, folding), the ids of all that was shown are.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
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

ROUNDING = 2e-6
"""So much at most a score changes with what a text is encoded beside."""

MAX_NEAR = 500
"""More hits of all but one score are told apart by that score and their ids alone."""

LARGEST = 1e30
"""No score is as large, and any that is smaller is one of 32 bits."""

FORMAT = 1
NO_CURSOR = "after is no cursor of a search; pass on hits.after as it came"


@dataclass(frozen=True)
class Cursor:
    """Where a page ended: `n` hits were shown, the last of them with this score and id.

    `question` names what was asked, `space` the vectors that were compared. `shown` (m,) are ids of
    hits before, ascending: of all of them where `carries` is true, else of those near the border.
    """

    question: str
    space: int
    carries: bool
    n: int = 0
    score: float = 0.0
    last: int = 0
    shown: Ids = field(default_factory=lambda: np.empty(0, np.int64))

    def rest(self, found: Ranked, sign: int) -> Ranked:
        """Return what comes after the pages before; `sign` is -1 where low scores come first."""
        if not self.n:
            return found
        scores, border = sign * found.scores, np.float32(sign * self.score)
        if not len(self.shown):
            return found.take((scores < border) | ((scores == border) & (found.ids > self.last)))
        is_new = ~np.isin(found.ids, self.shown)
        return found.take(is_new if self.carries else is_new & (scores < border + ROUNDING))

    def next(self, ids: Ids, scores: Scores) -> Cursor:
        """Return the cursor behind a page of hits, which must not be empty."""
        moved = replace(self, n=self.n + len(ids), score=float(scores[-1]), last=int(ids[-1]))
        if self.carries:
            return replace(moved, shown=np.union1d(self.shown, ids))
        near = ids[np.abs(scores - scores[-1]) <= 2 * ROUNDING]
        if self.n and abs(self.score - moved.score) <= 2 * ROUNDING:
            near = np.union1d(self.shown, near) if len(self.shown) else self.shown
        return replace(moved, shown=np.sort(near) if len(near) <= MAX_NEAR else near[:0])

    def as_text(self) -> str:
        """Return the cursor as letters, digits, - and _."""
        gaps = np.diff(self.shown, prepend=0).tolist()
        values = [FORMAT, self.question, self.space, self.n, self.score, self.last, gaps]
        written = json.dumps(values, separators=(",", ":")).encode()
        return base64.urlsafe_b64encode(written).decode().rstrip("=")


def first_page(question: Question, space: int = 0) -> Cursor:
    """Return the cursor before the first page of a question."""
    return Cursor(_name_of(question), space, carries_ids(question))


def read_cursor(question: Question) -> Cursor:
    """Return where the page before `question` ended.

    Raises:
        ValueError: `question.after` is no cursor, or one of another question.
    """
    cursor = first_page(question)
    if question.after is None:
        return cursor
    found = _parsed(question.after, cursor.carries)
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


def _parsed(text: str, carries: bool) -> Cursor:
    try:
        padded = text.encode("ascii") + b"=" * (-len(text) % 4)
        values = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        number, question, space, n, score, last, gaps = values
        whole = [number, space, n, last, *gaps]
        is_sound = all(type(each) is int and 0 <= each < 2**62 for each in whole)
        is_whole = len(gaps) == n if carries else len(gaps) <= MAX_NEAR
        if not (is_sound and is_whole and number == FORMAT and n >= 1):
            raise ValueError("not as they are written")
        if not (type(score) is float and abs(score) < LARGEST and isinstance(question, str)):
            raise ValueError("not as they are written")
        if sum(gaps) >= 2**62:
            raise ValueError("not as they are written")
        return Cursor(question, space, carries, n, score, last, np.cumsum(gaps, dtype=np.int64))
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
