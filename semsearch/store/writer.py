"""Changing a collection: files first, then one transaction that makes them true."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import apsw
import numpy as np
import numpy.typing as npt

from semsearch import fsio
from semsearch.errors import CollectionSwitched
from semsearch.store import checking, derived, merging, recovery
from semsearch.store.batches import Batch, Known, Refresh
from semsearch.store.compaction import CompactReport, compact, mark_for_erasing
from semsearch.store.database import transaction
from semsearch.store.findings import CheckReport
from semsearch.store.folder import Folder
from semsearch.store.judgements import Judgement, forget_judgement, write_judgement
from semsearch.store.lexicon import add_words, forget_words
from semsearch.store.passages import add_passages
from semsearch.store.reader import read_space
from semsearch.store.reuse import Earlier
from semsearch.store.schema import Space, fields_as_json
from semsearch.store.segments import Ids, read_entries, replace_segments
from semsearch.store.settings import write_setting
from semsearch.store.spaces import Spaces


class Writer:
    """The one who may change the collection; made by `Store.writing` under the lock."""

    def __init__(self, folder: Folder, connection: apsw.Connection) -> None:
        self._folder = folder
        self._connection = connection

    @property
    def spaces(self) -> Spaces:
        """The vector spaces beside the one that searches use."""
        return Spaces(self._folder, self._connection)

    @property
    def earlier(self) -> Earlier:
        """What earlier calls stored and this one need not make again."""
        return Earlier(self._connection)

    def known(self, keys: Sequence[str]) -> dict[str, Known]:
        """Return what is stored under `keys`; new keys are left out."""
        return self.earlier.known(keys)

    def prefix_of(self, path: str, name: str) -> str:
        """Return what the keys of a file without keys begin with, see `Earlier.prefix_of`."""
        return self.earlier.prefix_of(path, name)

    def publish_blob(self, data: bytes) -> None:
        """Put an original image in place; the commit of its item makes it part of the truth."""
        fsio.publish_bytes(data, scratch=self._folder.scratch, place=self._folder.blob)

    def has_request(self, request_id: str) -> bool:
        """Say whether a change with this request id was committed."""
        found = self._connection.execute("SELECT 1 FROM op WHERE request_id = ?", (request_id,))
        return found.get is not None

    def commit(self, batch: Batch) -> None:
        """Store a batch whole, durably: when this returns, a power cut does not undo it.

        Raises:
            CollectionSwitched: the vectors are of another space than the current one.
        """
        if batch.request_id is not None and self.has_request(batch.request_id):
            return
        space = self.check_space(batch.space_id)
        folded = self._folded(space.id, batch)
        with transaction(self._connection):
            n = len(batch.items) + len(batch.refreshed)
            seq = self._count("add", n, batch.request_id)
            self._bury(batch.replaced, seq)
            unused = []
            if folded is not None:
                self._insert_items(space.id, batch, seq)
                unused = replace_segments(
                    self._connection, space.id, folded.taken, folded.ids, folded.published
                )
            self._refresh_items(batch.refreshed, seq)
            self._widen_fields(batch.field_types)
            if batch.source is not None:
                self._connection.execute("INSERT OR IGNORE INTO source VALUES (?, ?)", batch.source)
        for sha256 in unused:
            # Not made durable: one that a power cut brings back is swept by the next writer.
            fsio.remove(self._folder.segment(sha256))

    def check_space(self, space_id: int | None) -> Space:
        """Return the current space, which vectors of `space_id` (None: any) may be added to.

        Raises:
            CollectionSwitched: the collection was switched to another space.
        """
        space = read_space(self._connection)
        if space_id not in (None, space.id):
            raise CollectionSwitched(
                f"the collection {str(self._folder.path)!r} was switched to {space.handle!r}"
                " meanwhile",
                "run the same again: it goes on with the new module, and what was stored is kept",
            )
        return space

    def delete(self, ids: Iterable[int], *, erase: bool = False) -> None:
        """Bury items; searches leave them out from here on.

        With `erase` the next `compact` takes their bytes off the disk, whoever calls it.
        """
        wanted = list(ids)
        with transaction(self._connection):
            self._bury(wanted, self._count("delete", len(wanted)))
            if erase:
                mark_for_erasing(self._connection)

    def judge(self, query: str, key: str, grade: int | None) -> None:
        """Store what a person said of an item as an answer to a query; None takes it back."""
        with transaction(self._connection):
            seq = self._count("judge", 1)
            if grade is None:
                forget_judgement(self._connection, query, key)
            else:
                write_judgement(self._connection, Judgement(query, key, grade), seq)

    def keep_setting(self, name: str, space_id: int, value: Any) -> None:
        """Store what was learned for a vector space as JSON; None takes it out.

        It is no change of the collection: the version stays.
        """
        with transaction(self._connection):
            write_setting(self._connection, name, space_id, value)

    def compact(self) -> CompactReport:
        """Drop all deleted rows and shrink the files, see `compaction.compact`."""
        return compact(self._folder, self._connection)

    def check_and_repair(self, *, full: bool = False) -> CheckReport:
        """Look everything over and mend what can be made again, see `checking.repair`."""
        report = checking.check(self._folder, self._connection, full=full, alone=True)
        repaired = checking.repair(self._folder, self._connection, full=full)
        return report.joined((), repaired=repaired)

    def save_result(
        self,
        kind: str,
        name: str,
        arrays: Mapping[str, npt.NDArray[Any]],
        detail: Mapping[str, Any],
        space_id: int | None = None,
    ) -> None:
        """Store a small result (arrays without objects, and JSON) under a name, replacing it.

        It belongs to the space that its vectors came from; None: the current one.
        """
        buffer = io.BytesIO()
        np.savez(buffer, allow_pickle=False, **arrays)
        published = fsio.publish_bytes(
            buffer.getvalue(), scratch=self._folder.scratch, place=self._folder.head
        )
        with transaction(self._connection):
            seq = self._count(kind, 1)
            self._record_file("head", published)
            self._connection.execute(
                "INSERT OR REPLACE INTO result (kind, name, space_id, sha256, detail, seq)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                (kind, name, space_id or read_space(self._connection).id, published.sha256,
                 json.dumps(detail, ensure_ascii=False), seq),
            )  # fmt: skip
            unused = self._forget_unused_heads()
        fsio.remove_all(self._folder.head(sha256) for sha256 in unused)

    def record_derived(
        self,
        kind: str,
        name: str,
        published: fsio.Published,
        rows: int,
        ids: Ids | None,
        detail: Mapping[str, Any],
        space_id: int | None = None,
    ) -> None:
        """Name a published file under derived/, in place of the one of this kind and name.

        It covers `rows` rows, those of `ids` (ascending) or of the ids 1 to `rows`. `detail` is
        JSON. The file stands at `Folder.derived_file`, with the suffix that its path has.

        Raises:
            StorageError: the file has vanished since it was published; make it again.
        """
        with transaction(self._connection):
            space_id = space_id or read_space(self._connection).id
            seq = self._count(kind, rows)
            covers = derived.covered(ids, rows)
            row = derived.Derived(
                kind, name, space_id, published.path, published.sha256, published.size,
                covers, derived.as_detail(detail), seq,
            )  # fmt: skip
            unused = derived.publish_derived(self._connection, self._folder, row, published)
        fsio.remove_all(unused)

    def drop_derived(self, kind: str, name: str | None = None, space_id: int | None = None) -> None:
        """Forget the files of one kind, or the one of this name; none is no error."""
        with transaction(self._connection):
            space_id = space_id or read_space(self._connection).id
            unused = derived.drop_derived(self._connection, self._folder, kind, name, space_id)
            if unused:
                self._count(kind, 0)
        fsio.remove_all(unused)

    def reject_derived(self, row: derived.Derived, wrong: str) -> None:
        """Set a derived file aside that is not what was recorded; `wrong` says what it is instead.

        It lies in quarantine/ afterwards, and the catalogue knows nothing of it.
        """
        named = (row.kind, row.name, row.space_id)
        recovery.forget_derived(self._folder, self._connection, named, row.path, wrong)

    def _forget_unused_heads(self) -> list[str]:
        rows = self._connection.execute(
            "DELETE FROM file WHERE kind = 'head' AND sha256 NOT IN (SELECT sha256 FROM result)"
            " RETURNING sha256"
        )
        return [row[0] for row in rows]

    def _count(self, kind: str, n: int, request_id: str | None = None) -> int:
        self._connection.execute(
            "INSERT INTO op (kind, n, request_id) VALUES (?, ?, ?)", (kind, n, request_id)
        )
        return self._connection.last_insert_rowid()

    def _bury(self, ids: Sequence[int], seq: int) -> None:
        self._connection.executemany(
            "UPDATE item SET deleted_seq = ? WHERE id = ? AND deleted_seq IS NULL",
            ((seq, id_) for id_ in ids),
        )
        forget_words(self._connection, ids)

    def _folded(self, space_id: int, batch: Batch) -> merging.Folded | None:
        if not batch.items:
            return None
        ids = np.arange(len(batch.vectors), dtype=np.int64) + self._next_id()
        before = read_entries(self._connection, space_id)
        return merging.publish_folded(self._folder, before, ids, batch.vectors)

    def _next_id(self) -> int:
        last = self._connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'item'").get
        return int(last or 0) + 1

    def _insert_items(self, space_id: int, batch: Batch, seq: int) -> None:
        # Passages come before their item, so that SQLite's counter of items covers their ids.
        steps = np.array([len(item.spans) + 1 for item in batch.items], dtype=np.int64)
        ids = (np.cumsum(steps) + self._next_id() - 1).tolist()
        split = [(id_, item.spans) for id_, item in zip(ids, batch.items, strict=True)]
        firsts = (id_ - len(spans) for id_, spans in split)
        add_passages(self._connection, space_id, firsts, split)
        self._connection.executemany(
            "INSERT INTO item"
            " (id, key, text, fields, content, blob, signature, added_seq, changed_seq)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                (id_, i.key, i.text, fields_as_json(i.fields), i.content, i.blob, i.signature(),
                 seq, seq)
                for id_, i in zip(ids, batch.items, strict=True)
            ),
        )  # fmt: skip
        add_words(
            self._connection,
            ((id_, item.text) for id_, item in zip(ids, batch.items, strict=True)),
        )
        blobs = {i.blob for i in batch.items if i.blob is not None}
        for blob in blobs:
            path = self._folder.blob(blob)
            self._record_file("blob", fsio.Published(path, blob, path.stat().st_size))

    def _refresh_items(self, refreshed: Sequence[Refresh], seq: int) -> None:
        self._connection.executemany(
            "UPDATE item SET text = ?, fields = ?, signature = ?, changed_seq = ? WHERE id = ?",
            (
                (r.item.text, fields_as_json(r.item.fields), r.item.signature(), seq, r.id)
                for r in refreshed
            ),
        )
        forget_words(self._connection, (r.id for r in refreshed))
        add_words(self._connection, ((r.id, r.item.text) for r in refreshed))

    def _record_file(self, kind: str, published: fsio.Published) -> None:
        self._connection.execute(
            "INSERT OR IGNORE INTO file (sha256, kind, size) VALUES (?, ?, ?)",
            (published.sha256, kind, published.size),
        )

    def _widen_fields(self, types: Mapping[str, str]) -> None:
        for name, kind in types.items():
            self._connection.execute(
                "INSERT INTO field (name, type) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET type"
                " = CASE WHEN type = '' THEN excluded.type"
                " WHEN excluded.type IN ('', type) THEN type ELSE 'text' END",
                (name, kind),
            )
