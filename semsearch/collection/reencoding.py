"""Exchanging the module of a collection: new vectors beside the old, compared, switched at once."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from semsearch.collection.checks import as_list, check_k
from semsearch.collection.comparison import (
    SpaceComparison,
    compare_on_queries,
    compare_on_sample,
)
from semsearch.collection.encoders import pinned_module
from semsearch.collection.filling import PASSES, Progress, SpaceFiller, Told, patient_writer
from semsearch.errors import CollectionError, ModuleError
from semsearch.modules import Module, anchored_handle, load_module
from semsearch.store import Space, Store
from semsearch.store.spaces import BUILDING, CURRENT, PREVIOUS, none_there


@dataclass(frozen=True)
class ReencodeReport:
    """What an exchange of modules did; `encoded` counts the vectors that this call made.

    `rows` are the items that have a vector of the module `after`; `switched` says whether searches
    use it from now on. `comparison` is None where fewer than two items are stored, or none is made.
    """

    before: str
    after: str
    rows: int
    encoded: int
    switched: bool
    comparison: SpaceComparison | None
    seconds: float

    def as_dict(self) -> dict[str, Any]:
        """Return the report as JSON-ready values."""
        return {
            "before": self.before,
            "after": self.after,
            "rows": self.rows,
            "encoded": self.encoded,
            "switched": self.switched,
            "comparison": None if self.comparison is None else self.comparison.as_dict(),
            "seconds": round(self.seconds, 3),
        }


class Exchange:
    """One exchange of modules: holds what is needed all along.

    `before_switch` is called when the new vectors are ready and not searched yet.
    """

    def __init__(
        self,
        store: Store,
        module_of: Callable[[Space], Module],
        *,
        progress: Progress | None = None,
        on_wait: Told | None = None,
        before_switch: Callable[[], None] | None = None,
    ) -> None:
        self._store = store
        self._module_of = module_of
        self._before_switch = before_switch
        self._progress = progress
        self._on_wait = on_wait
        self._name = store.folder.path.name

    def reencode(
        self, handle: str | None, queries: Sequence[Any] | None, k: int, *, switch: bool
    ) -> ReencodeReport:
        """Build, compare and, where `switch` says so, switch; see `Reencodable.reencode`."""
        started = time.perf_counter()
        check_k(k)
        asked = None if queries is None else _checked(queries)
        before = self._store.space
        module, space = self._target(handle)
        filler = self._filler(space, module)
        filler.fill()
        filler.check_complete()
        self._store.verify(space)
        comparison = self._compared(filler.space, module, asked, k)
        if switch:
            if self._before_switch is not None:
                self._before_switch()
            self._switch(filler)
        return self._report(before, filler, comparison, started)

    def rollback(self) -> ReencodeReport:
        """Return to the previous vectors; see `Reencodable.rollback`."""
        started = time.perf_counter()
        spaces = self._store.spaces()
        if PREVIOUS not in spaces:
            raise none_there(self._store.folder, PREVIOUS)
        filler = self._filler(spaces[PREVIOUS], self._module_of(spaces[PREVIOUS]))
        filler.fill()
        filler.check_complete()
        self._store.verify(filler.space)
        self._switch(filler)
        return self._report(spaces[CURRENT], filler, None, started)

    def drop(self, state: str) -> int:
        """Drop the vectors that are being built, or the previous ones; return the bytes freed."""
        with patient_writer(self._store, self._on_wait, brief=True) as writer:
            return writer.spaces.drop(state)

    def _target(self, handle: str | None) -> tuple[Module, Space]:
        """Return the module to encode with and the space to fill, begun if need be."""
        spaces = self._store.spaces()
        if spaces[CURRENT].handle is None:
            raise CollectionError(
                f"the collection {self._name!r} holds your own vectors, which no module has made",
                "make a collection with a module from the contents",
            )
        if handle is None:
            return self._under_way(spaces)
        module = load_module(handle)
        self._check_modality(handle, module)
        if BUILDING in spaces and spaces[BUILDING].digest == module.card.digest:
            return module, spaces[BUILDING]
        self._check_new(handle, module, spaces)
        with patient_writer(self._store, self._on_wait, brief=True) as writer:
            card = module.card
            anchored = anchored_handle(handle)
            return module, writer.spaces.begin(card.dim, anchored, card.digest, card.as_dict())

    def _under_way(self, spaces: dict[str, Space]) -> tuple[Module, Space]:
        if BUILDING not in spaces:
            raise none_there(self._store.folder, BUILDING)
        try:
            return pinned_module(spaces[BUILDING], self._name), spaces[BUILDING]
        except ModuleError as error:
            raise ModuleError(
                error.problem,
                "have that module here again, or drop what it made with --abandon",
            ) from error

    def _check_modality(self, handle: str, module: Module) -> None:
        modality = self._store.meta["modality"]
        if module.card.modality != modality:
            raise ModuleError(
                f"the module {handle!r} encodes {_plural(module.card.modality)}, and the collection"
                f" {self._name!r} holds {_plural(modality)}",
                "take a module of that kind: semsearch modules list",
            )

    def _check_new(self, handle: str, module: Module, spaces: dict[str, Space]) -> None:
        if module.card.digest == spaces[CURRENT].digest:
            raise CollectionError(
                f"{handle!r} is the module of the collection {self._name!r} already",
                "name another one: semsearch modules list",
            )
        if PREVIOUS in spaces and module.card.digest == spaces[PREVIOUS].digest:
            raise CollectionError(
                f"the vectors of {handle!r} are kept in the collection {self._name!r} as its"
                " previous ones",
                "return to them with rollback(): semsearch reencode NAME --rollback",
            )

    def _filler(self, space: Space, module: Module) -> SpaceFiller:
        return SpaceFiller(
            self._store, space, module, progress=self._progress, on_wait=self._on_wait
        )

    def _compared(
        self, space: Space, module: Module, queries: list[Any] | None, k: int
    ) -> SpaceComparison | None:
        if self._store.space.id == space.id:
            return None  # another program was faster to switch
        old, new = self._store.snapshot(), self._store.snapshot_of(BUILDING)
        if queries is None:
            return compare_on_sample(old, new, k)
        vectors = self._module_of(old.space).encode(queries), module.encode(queries)
        return compare_on_queries(old, new, vectors, k)

    def _switch(self, filler: SpaceFiller) -> None:
        """Switch at a moment when nothing is missing, which is looked for under the lock."""
        for _ in range(PASSES):
            if self._is_switched(filler, brief=True):
                return
            filler.fill()
        self._is_switched(filler, brief=False)  # others add as fast as we encode: they wait

    def _is_switched(self, filler: SpaceFiller, *, brief: bool) -> bool:
        with patient_writer(self._store, self._on_wait, brief=brief) as writer:
            filler.finish(writer, at_any_cost=not brief)
            filler.check_complete()
            return writer.spaces.make_current(filler.space.id) == 0

    def _report(
        self,
        before: Space,
        filler: SpaceFiller,
        comparison: SpaceComparison | None,
        started: float,
    ) -> ReencodeReport:
        return ReencodeReport(
            before=str(before.handle),
            after=str(filler.space.handle),
            rows=len(self._store.snapshot()),
            encoded=filler.encoded,
            switched=self._store.space.id == filler.space.id,
            comparison=comparison,
            seconds=time.perf_counter() - started,
        )


def _checked(queries: Sequence[Any]) -> list[Any]:
    asked = as_list(queries, "queries")
    if not asked:
        raise ValueError("queries is empty; leave it out to compare on stored items")
    return asked


def _plural(modality: str) -> str:
    return {"text": "texts", "image": "pictures"}.get(modality, "places in pictures")
