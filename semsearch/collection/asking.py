"""The vector of a question, in the space of the snapshot that is searched."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from semsearch.collection.parts import Parts
from semsearch.search.question import Question
from semsearch.store import Snapshot
from semsearch.vectors import Vectors


def question_vectors(parts: Parts, questions: Sequence[Question], snapshot: Snapshot) -> Vectors:
    """Return one unit vector a question, shape (n, dim).

    Raises:
        ContentError: the module refuses a text or image.
    """
    module = parts.module_of(snapshot.space)
    contents: list[Any] = [one.text if one.image is None else one.image for one in questions]
    return module.encode_prepared([module.prepare(content) for content in contents])
