"""What adding sources to a collection would do, found out without writing anything."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from itertools import islice
from pathlib import Path

from semsearch.collection.encoders import content_digest
from semsearch.collection.ingest import Progress
from semsearch.collection.keys import check_key
from semsearch.collection.records import AddReport, SkippedRow
from semsearch.corpus import Corpus, DigestMap, Item, Skipped
from semsearch.errors import CollectionError, ContentError
from semsearch.modules import Module, ModuleCard
from semsearch.store import NewItem, Store
from semsearch.store.folder import is_collection

LOOKED_UP = 256
"""Rows that are read and compared with the store at once."""
NUMBER = 6
"""Bytes of a signature that are kept: as many as a number of a `DigestMap` may have."""
FATES = {True: "unchanged", False: "updated"}


class Trial:
    """Sources are read to their end, compared with what is stored, and nothing is kept of them.

    `module` is None where it is not here and its own refusals cannot be known.
    """

    def __init__(
        self, name: str, card: ModuleCard, module: Module | None, store: Store | None
    ) -> None:
        self.name = name
        self.card = card
        self._module = module
        self._store = store
        self._met = DigestMap()  # what earlier sources of this trial bring: content by key
        self._prefixes: dict[str, str] = {}

    @property
    def is_new(self) -> bool:
        """Whether there is no such collection yet."""
        return self._store is None

    def __len__(self) -> int:
        return 0 if self._store is None else len(self._store.snapshot())

    def add(self, found: Corpus, progress: Progress | None = None) -> AddReport:
        """Report what adding a source would do.

        Raises:
            SourceError: the source cannot be read to its end.
            CollectionError: it is not of the kind that the collection holds.
        """
        started = time.perf_counter()
        if found.modality != self.card.modality:
            raise CollectionError(
                f"the source {found.name!r} holds {found.modality}s,"
                f" and the collection {self.name!r} {self.card.modality}s",
                "index it into a collection of its own",
            )
        prefix = "" if found.key_column is not None else self._prefix(found)
        counts = {"added": 0, "updated": 0, "unchanged": 0}
        skipped: list[SkippedRow] = []
        while chunk := list(islice(found.entries, LOOKED_UP)):
            items = self._items(chunk, prefix, skipped)
            for what in self._fates(items, found.modality == "image"):
                counts[what] += 1
            if progress is not None:
                progress(sum(counts.values()) + len(skipped), found.size)
        seconds = time.perf_counter() - started
        return AddReport(**counts, skipped=skipped, seconds=seconds, notes=list(found.notes))

    def _prefix(self, found: Corpus) -> str:
        place = "" if found.path is None else str(found.path)
        if self._store is not None and place not in self._prefixes:
            self._prefixes[place] = self._store.earlier(
                lambda earlier: earlier.prefix_of(place, found.name)
            )
        others = len(self._prefixes) - (place in self._prefixes)
        return self._prefixes.setdefault(place, f"{found.name}:" if others else "")

    def _items(
        self, chunk: Sequence[Item | Skipped], prefix: str, skipped: list[SkippedRow]
    ) -> list[tuple[str, Item]]:
        """Return what may be stored under its key, and add the rest to `skipped`."""
        items = []
        for entry in chunk:
            if isinstance(entry, Skipped):
                skipped.append(SkippedRow(entry.row, entry.key, entry.reason))
                continue
            try:
                check_key(entry.key)
                if self._module is not None:
                    self._module.prepare(entry.content)
                items.append((prefix + entry.key, entry))
            except ContentError as error:
                skipped.append(SkippedRow(entry.row, entry.key, error.problem))
        return items

    def _fates(self, items: Sequence[tuple[str, Item]], has_blob: bool) -> Iterator[str]:
        """Yield of each item whether it would be added, updated or left unchanged."""
        keys = [key for key, _ in items]
        known = self._store.earlier(lambda earlier: earlier.known(keys)) if self._store else {}
        for key, entry in items:
            digest = content_digest(entry.content)
            item = NewItem(key, entry.text, entry.fields, digest, digest if has_blob else None)
            signature = as_number(item.signature())
            before = self._met.get(key)
            if before is None and key in known:
                before = as_number(known[key].signature)
            self._met[key] = signature
            yield "added" if before is None else FATES[before == signature]


def as_number(signature: bytes) -> int:
    """Return as much of a signature as a `DigestMap` may hold."""
    return int.from_bytes(signature[:NUMBER], "little")


@contextmanager
def trial(path: Path, card: ModuleCard, module: Module | None) -> Iterator[Trial]:
    """Try what adding to the collection at `path` would do; there may be none."""
    if not is_collection(path):
        yield Trial(path.name, card, module, None)
        return
    with closing(Store(path, read_only=True)) as store:
        yield Trial(path.name, card, module, store)
