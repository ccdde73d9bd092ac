"""The verbs of a collection that exchange its module."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from semsearch.collection.opened import OpenedCollection
from semsearch.collection.reencoding import Exchange, ReencodeReport
from semsearch.errors import SemsearchError
from semsearch.store.spaces import BUILDING, PREVIOUS

logger = logging.getLogger(__name__)

Progress = Callable[[int, int], None]
Told = Callable[[str], None]


class Reencodable(OpenedCollection):
    """A collection whose vectors can be made anew by another module."""

    def reencode(
        self,
        module: str | None = None,
        *,
        queries: Sequence[Any] | None = None,
        k: int = 10,
        progress: Progress | None = None,
        switch: bool = True,
        on_wait: Told | None = None,
    ) -> ReencodeReport:
        """Make the vectors of all items anew by another module, and search those from then on.

        They are made beside the old ones, from the stored texts or images, while searches, adds
        and deletes go on. What is encoded is kept: after a stop the same call goes on, and so does
        one without `module`. Then the answers of both are compared, over `queries` (texts, or
        images) or a sample of the stored items, and one transaction switches. With switch=False
        it stops before that. The old vectors stay for `rollback`; older ones are dropped.
        `progress(done, total)` counts items; `on_wait` is told who else is writing.

        Raises:
            CollectionError: the vectors are your own; another module is under way; the module is
                the collection's already, or refuses an item.
            CollectionDamaged: the vectors are not what was written; nothing was switched.
            ModuleError: the module cannot be loaded, or encodes another kind of content.

        Example:
            >>> report = collection.reencode("minilm", queries=["cold soup"], switch=False)
            >>> print(report.comparison)
            >>> collection.reencode()
        """
        exchange = Exchange(
            self._store,
            self._module_of,
            progress=progress,
            on_wait=on_wait,
            before_switch=self._index_the_next,
        )
        report = exchange.reencode(module, queries, k, switch=switch)
        self._keeper.after_change()
        return report

    def rollback(
        self,
        *,
        progress: Progress | None = None,
        on_wait: Told | None = None,
    ) -> ReencodeReport:
        """Return to the vectors from before the last switch, in one transaction.

        What was added since is encoded by their module first. The vectors that are left stay, so
        a second call undoes the first.

        Raises:
            CollectionError: there are no previous vectors.
            CollectionDamaged: they are not what was written; nothing was switched.
            ModuleError: their module cannot be loaded.
        """
        exchange = Exchange(self._store, self._module_of, progress=progress, on_wait=on_wait)
        report = exchange.rollback()
        self._keeper.after_change()
        return report

    def drop_space(self, which: str = "previous") -> int:
        """Drop the "previous" vectors, or those that are "building"; return the bytes set free.

        Raises:
            CollectionError: there are none.
        """
        if which not in (PREVIOUS, BUILDING):
            raise ValueError(f"drop_space() drops 'previous' or 'building' vectors, not {which!r}")
        return Exchange(self._store, self._module_of).drop(which)

    def spaces(self) -> dict[str, dict[str, Any]]:
        """Return the vectors there are, JSON-ready: "current", and "building" or "previous".

        Each has its module (handle, digest), its width, and how many items have no vector there.
        """
        return {
            state: {
                "handle": space.handle,
                "digest": space.digest,
                "dim": space.dim,
                "missing": len(self._store.missing(space.id)),
            }
            for state, space in self._store.spaces().items()
        }

    def _index_the_next(self) -> None:
        """Have an index ready at the switch where there is one now; without it, none is waited for.

        A search is right without an index, so nothing that goes wrong with it stops the switch.
        """
        try:
            wish = self._keeper.wish_for_next(self._store.snapshot_of(BUILDING))
            if wish is not None:
                self._keeper.stop()
                self._builder.build(replace(wish, state=BUILDING))
        except SemsearchError as error:
            logger.warning("the new vectors have no index yet: %s", error)
