"""What adding sources to a collection would do, found out without writing anything."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

from semsearch.collection.checks import check_modality, is_storable
from semsearch.collection.encoders import content_digest
from semsearch.collection.gathering import in_chunks
from semsearch.collection.ingest import Progress
from semsearch.collection.keys import check_key
from semsearch.collection.passages import encoder_of, spans_of
from semsearch.collection.records import AddReport, SkippedRow
from semsearch.corpus import Corpus, DigestMap, Item, Skipped
from semsearch.errors import ContentError
from semsearch.modules import Module, ModuleCard
from semsearch.store import Known, NewItem, Store
from semsearch.store.folder import is_collection

NOT_HERE = "the module is not here yet, so what it would refuse or split is not counted"
COUNTS = ("added", "updated", "unchanged", "split", "passages")
NUMBER = 6
"""Bytes of a signature that are kept: as many as a number of a `DigestMap` may have."""


class Trial:
    """Sources are read to their end, compared with what is stored, and nothing is kept of them.

    `module` is None where it is not here and its own refusals cannot be known.
    """

    def __init__(
        self, name: str, card: ModuleCard, module: Module | None, store: Store | None
    ) -> None:
        self.name = name
        self.card = card
        self._encoder = None if module is None else encoder_of(module)
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
        check_modality(found, self.card.modality, self.name)
        prefix = "" if found.key_column is not None else self._prefix(found)
        counts: Counter[str] = Counter()
        skipped: list[SkippedRow] = []
        done = 0
        for chunk in in_chunks(found.entries):
            known = self._known([prefix + each.key for each in chunk if isinstance(each, Item)])
            for entry in chunk:
                try:
                    counts.update(self._tried(entry, prefix, known))
                except ContentError as error:
                    skipped.append(SkippedRow(entry.row, entry.key, error.problem))
            done += len(chunk)
            if progress is not None:
                progress(done, found.size)
        seconds = time.perf_counter() - started
        notes = [*found.notes, *([] if self._encoder else [NOT_HERE])]
        total = {name: counts[name] for name in COUNTS}
        return AddReport(**total, skipped=skipped, seconds=seconds, notes=notes)

    def _prefix(self, found: Corpus) -> str:
        place = "" if found.path is None else str(found.path)
        if self._store is not None and place not in self._prefixes:
            self._prefixes[place] = self._store.earlier(
                lambda earlier: earlier.prefix_of(place, found.name)
            )
        others = len(self._prefixes) - (place in self._prefixes)
        return self._prefixes.setdefault(place, f"{found.name}:" if others else "")

    def _known(self, keys: list[str]) -> dict[str, Known]:
        if self._store is None:
            return {}
        storable = [key for key in keys if is_storable(key)]
        return self._store.earlier(lambda earlier: earlier.known(storable))

    def _tried(
        self, entry: Item | Skipped, prefix: str, known: Mapping[str, Known]
    ) -> Counter[str]:
        """Return what storing one row would count as.

        Raises:
            ContentError: it would be left out.
        """
        if isinstance(entry, Skipped):
            raise ContentError(entry.reason)
        check_key(entry.key)
        key, digest = prefix + entry.key, content_digest(entry.content)
        blob = digest if isinstance(entry.content, bytes) else None
        item = NewItem(key, entry.text, entry.fields, digest, blob)
        signature, before = as_number(item.signature()), self._met.get(key)
        if before is None and key in known:
            before = as_number(known[key].signature)
        if before == signature:
            return Counter(unchanged=1)
        n_passages = 0
        if self._encoder is not None:
            n_passages = len(spans_of(self._encoder.prepare(entry.content)))
        self._met[key] = signature
        fate = "added" if before is None else "updated"
        return Counter({fate: 1, "split": int(n_passages > 0), "passages": n_passages})


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
