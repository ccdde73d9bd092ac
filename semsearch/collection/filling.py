"""The vectors that a space misses, made from what is stored: in batches, each kept at once."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from functools import partial
from typing import Any

import numpy as np

from semsearch.collection.background import Background
from semsearch.collection.encoders import content_digest
from semsearch.collection.gathering import USUAL_TEXT
from semsearch.collection.passages import blocks, encoder_of, spans_of
from semsearch.errors import CollectionDamaged, CollectionError, CollectionLocked, ContentError
from semsearch.modules import Module, attempts_ahead
from semsearch.store import Space, Store
from semsearch.store.passages import Span
from semsearch.store.segments import Ids
from semsearch.store.spaces import StoredContent
from semsearch.store.writer import Writer
from semsearch.vectors import Vectors

logger = logging.getLogger(__name__)

LOOKED_UP = 256
"""Items that are read at once."""

MOST = {"text": 4096, "image": 512}
"""Items of a batch at most: they stand in memory, pictures decoded."""

AT_RISK = 10.0
"""Seconds of encoding that a crash or Ctrl-C may cost, about."""

UNKNOWN_RATE = 25.0
"""Items a second of a module that nobody has measured, until its first batch tells."""

PASSES = 10
"""Times that rows which were added meanwhile are caught up with; then others have to wait."""

MOMENT = 0.5
"""Seconds of encoding for which others may be kept waiting."""

PAUSE = 0.01
"""Seconds between two looks whether another writer is done; some let go for no longer than that."""

Progress = Callable[[int, int], None]
Told = Callable[[str], None]
Prepared = tuple[StoredContent, Any]
Filled = tuple[Ids, Vectors, list[Sequence[Span]]]


@contextmanager
def patient_writer(store: Store, on_wait: Told | None, *, brief: bool = False) -> Iterator[Writer]:
    """Hold the writer's lock, waiting as long as another holds it; `on_wait` is told once who."""
    with ExitStack() as stack:
        tell = on_wait or (lambda problem: logger.warning("waiting: %s", problem))
        while True:
            try:
                writer = stack.enter_context(store.writing(brief=brief))
                break
            except CollectionLocked as error:
                tell(error.problem)
                tell = logger.debug
                time.sleep(PAUSE)
        yield writer


class SpaceFiller:
    """Makes what one space misses; `encoded` counts vectors, `refused` says why some have none."""

    def __init__(
        self,
        store: Store,
        space: Space,
        module: Module,
        *,
        progress: Progress | None = None,
        on_wait: Told | None = None,
    ) -> None:
        self.space = space
        self.encoded = 0
        self.refused: dict[int, str] = {}
        self._store = store
        self._module = module
        self._encoder = encoder_of(module)
        self._progress = progress
        self._on_wait = on_wait
        self._rate = module.card.items_per_second or UNKNOWN_RATE
        self._done = self._total = 0

    def fill(self) -> None:
        """Encode without the lock, until next to nothing is missing, or others add too fast."""
        for _ in range(PASSES):
            left = self._left(self._store.missing(self.space.id))
            if not len(left) or self._takes_a_moment(left):
                return
            with closing(self._encoded(left)) as batches:
                for batch in batches:
                    with patient_writer(self._store, self._on_wait, brief=True) as writer:
                        self.encoded += writer.spaces.extend(self.space.id, *batch)

    def finish(self, writer: Writer, *, at_any_cost: bool) -> None:
        """Encode what is left while the lock is held and nobody can add, or nothing of much."""
        left = self._left(writer.spaces.missing(self.space.id))
        if at_any_cost or self._takes_a_moment(left):
            with closing(self._encoded(left)) as batches:
                for batch in batches:
                    self.encoded += writer.spaces.extend(self.space.id, *batch)

    def check_complete(self) -> None:
        """Raise a CollectionError where the module refuses items: the switch would lose them."""
        if not self.refused:
            return
        reason = next(iter(self.refused.values()))
        items = "one item" if len(self.refused) == 1 else f"{len(self.refused):,} items, such as"
        raise CollectionError(
            f"{self.space.handle!r} cannot encode {items} {reason}",
            "delete or change what it refuses and run the same again; what is encoded is kept",
        )

    def _takes_a_moment(self, ids: Ids) -> bool:
        """Say whether so few are left that others may wait; never before the network is up."""
        return self.encoded > 0 and len(ids) <= self._rate * MOMENT

    def _left(self, missing: Ids) -> Ids:
        refused = np.array(list(self.refused), dtype=np.int64)
        return np.setdiff1d(missing, refused, assume_unique=True)

    def _encoded(self, ids: Ids) -> Generator[Filled, None, None]:
        """Yield items in batches, ascending by id, as `Spaces.extend` takes them."""
        self._total = max(len(self._store.snapshot()), len(ids))
        self._done = self._total - len(ids)
        with Background(self._encoder) as background:
            for batch, cost in self._batches(ids):
                started = time.monotonic()
                found = self._vectors_of(list(self._prepared(batch)), background)
                self._rate = cost / max(time.monotonic() - started, 1e-6)
                if found:
                    kept = np.array([one.id for one, _, _ in found], dtype=np.int64)
                    spans = [each for _, each, _ in found]
                    yield kept, np.vstack([rows for *_, rows in found]), spans
                self._done += len(batch)
                self._tell(0, 0)

    def _batches(self, ids: Ids) -> Iterator[tuple[list[StoredContent], float]]:
        """Yield stored contents, and what they cost in items of usual length."""
        batch: list[StoredContent] = []
        cost = 0.0
        for start in range(0, len(ids), LOOKED_UP):
            found = self._store.contents(ids[start : start + LOOKED_UP].tolist())
            batch += found
            cost += sum(_cost_of(one) for one in found)
            if len(batch) >= MOST[self._module.card.modality] or cost >= self._rate * AT_RISK:
                yield batch, cost
                batch, cost = [], 0.0
        if batch:
            yield batch, cost

    def _prepared(self, batch: Sequence[StoredContent]) -> Iterator[Prepared]:
        """Yield each item that the module takes, with its content prepared."""

        def prepare(one: StoredContent) -> Any:
            return self._encoder.prepare(self._content_of(one))

        if self._module.card.modality != "image":  # only decoding is worth threads
            for one in batch:
                yield from self._unless_refused(one, partial(prepare, one))
            return
        with closing(attempts_ahead(batch, prepare)) as attempts:
            for one, attempt in attempts:
                yield from self._unless_refused(one, attempt.result)

    def _unless_refused(
        self, one: StoredContent, prepared: Callable[[], Any]
    ) -> Iterator[Prepared]:
        try:
            yield one, prepared()
        except ContentError as error:
            self._refuse(one, error)

    def _vectors_of(
        self, prepared: list[Prepared], background: Background
    ) -> list[tuple[StoredContent, Sequence[Span], Vectors]]:
        contents = [content for _, content in prepared]
        try:
            vectors = background.encode(contents, self._tell).result()
        except ContentError as error:
            # Some modules tell only while they run that a content has no vector.
            if len(prepared) == 1:
                self._refuse(prepared[0][0], error)
                return []
            middle = len(prepared) // 2
            halves = prepared[:middle], prepared[middle:]
            return [pair for half in halves for pair in self._vectors_of(half, background)]
        return [
            (one, spans_of(content), own)
            for (one, content), own in zip(prepared, blocks(contents, vectors), strict=True)
        ]

    def _refuse(self, one: StoredContent, error: ContentError) -> None:
        self.refused[one.id] = f"{one.key!r}: {error.problem}"

    def _content_of(self, one: StoredContent) -> str | bytes:
        """Return what the stored vector of an item was made from, byte for byte."""
        content = one.text if one.blob is None else self._store.blob(one.blob)
        if content_digest(content) == one.content:
            return content
        if one.blob is not None:
            raise CollectionDamaged(
                f"the stored image of {one.key!r} is not what was written", "restore a backup"
            )
        raise CollectionError(
            f"the stored text of {one.key!r} is not what was encoded, so it cannot be encoded anew",
            "index the source into a new collection with the other module",
        )

    def _tell(self, done: int, _total: int) -> None:
        if self._progress is not None:
            self._progress(min(self._done + done, self._total), self._total)


def _cost_of(one: StoredContent) -> float:
    return 1.0 if one.blob is not None else max(1.0, len(one.text) / USUAL_TEXT)
