"""Collection: the one object a user holds; it joins the stored rows, the module and the search."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from semsearch import corpus
from semsearch.collection.checks import check_modality, check_request
from semsearch.collection.encoders import VECTORS, OwnVectors, vector_entries
from semsearch.collection.ingest import Ingest, Origin, Progress
from semsearch.collection.insight import Insight
from semsearch.collection.judged import Judged
from semsearch.collection.passages import encoder_of
from semsearch.collection.records import AddReport
from semsearch.collection.searching import allowing, passing_ids
from semsearch.collection.upkeep import Upkeep
from semsearch.store.columns import save_columns


class Wanted(NamedTuple):
    """How an `add` goes about it; see there."""

    on_error: str
    progress: Progress | None
    request_id: str | None


class Collection(Judged, Insight, Upkeep):
    """A stored set of items with one vector each; searched, clustered and classified.

    Any thread may read. What another process commits is seen by the next call. The writer's lock
    is held only while something is written.
    """

    # -- adding and taking out

    def add(  # noqa: PLR0913 - the names are the contract of interface.md
        self,
        source: Any = None,
        *,
        text: str | Sequence[str] | None = None,
        image: str | None = None,
        key: str | None = None,
        table: str | None = None,
        query: str | None = None,
        sheet: str | None = None,
        encoding: str | None = None,
        vectors: Any = None,
        keys: Sequence[str] | None = None,
        on_error: str = "skip",
        progress: Progress | None = None,
        request_id: str | None = None,
    ) -> AddReport:
        """Store the items of a source; the same row again is not encoded again.

        `source` is a path (csv, tsv, json, jsonl, parquet, xlsx, sqlite, a folder or zip of
        images), a DataFrame, an iterable of dicts or a list of str; or `vectors` (n, dim) come
        with `keys`. `table` or `query` (one SELECT) say what of a SQLite database is read, `sheet`
        which of a workbook's, `encoding` how a csv or json file is encoded where a guess is wrong.
        `text` and `image` name the column that is encoded, `key` the column of the user's key;
        every other column becomes a field. A known key with other content is updated.
        With on_error="stop" the first bad row raises and nothing is stored; of pictures, and of
        rows that pass by only once, as those of a generator, the batches before it are.
        `request_id` is a name of your own for this call: repeated, it goes on where it was
        interrupted, and does nothing once it was done.
        `progress(done, total)` is told the number of rows; total is None when it is not known.

        Raises:
            SourceError: the source cannot be read, or a row is bad and on_error is "stop".
            CollectionLocked: another process is writing.

        Example:
            >>> report = collection.add("reviews.csv", text="review", key="id")
            >>> report.added, len(report.skipped)
        """
        check_request(request_id)
        if (vectors is None) != (keys is None):
            example = "add([{'id': 'a', 'text': 'soup'}], key='id')"
            raise ValueError(
                f"vectors= and keys= go together; name a column of keys with key=: {example}"
            )
        if vectors is not None and source is not None:
            raise ValueError("add() takes a source, or vectors= with keys=, not both")
        if vectors is None and source is None:
            raise ValueError("add() needs a source, or vectors= with keys=")
        wanted = Wanted(on_error, progress, request_id)
        if vectors is not None:
            report = self._add_vectors(vectors, keys, wanted)
        elif isinstance(source, corpus.Corpus):
            report = self._add_items(source, wanted)
        else:
            part = {"table": table, "query": query, "sheet": sheet, "encoding": encoding}
            found = corpus.read_corpus(source, text=text, image=image, key=key, **part)
            report = self._add_items(found, wanted)
        save_columns(self._store, self._store.fields())
        self._keeper.after_change()
        return report

    def delete(
        self, keys: Sequence[str] | None = None, *, where: str | None = None, purge: bool = False
    ) -> int:
        """Delete items by key or by filter, and return how many.

        Deleted items are found no more; their bytes leave the disk with `compact`. `purge` does
        that at once, and takes the index, thumbnails and clusterings made from them along.

        Raises:
            KeyNotFound: one of `keys` is not stored; nothing was deleted.
            StorageFull: purging needs more room; the items are deleted, `compact` purges them.
            QueryError: the filter cannot be understood.
        """
        if (keys is None) == (where is None):
            raise ValueError("delete() needs either keys or where")
        # What is refused before the lock is taken leaves no writer that failed, and no recovery.
        allowing(self._store, where)
        self._live(keys or [])
        with self._store.writing() as writer:
            if where is not None:
                ids = passing_ids(self._store, where).tolist()
            else:
                ids = sorted({item.id for item in self._live(keys or [])})
            if ids:
                writer.delete(ids, erase=purge)
            if ids and purge:
                writer.compact()
        if purge:
            self._keeper.after_change()
        return len(ids)

    # -- inside

    def _add_vectors(self, vectors: Any, keys: Any, wanted: Wanted) -> AddReport:
        space = self._store.space
        entries = vector_entries(vectors, keys, space, self.name)
        ingest = Ingest(
            self._store,
            OwnVectors(),
            VECTORS,
            on_error=wanted.on_error,
            progress=wanted.progress,
        )
        return ingest.run(entries, len(entries), space_id=space.id, request_id=wanted.request_id)

    def _add_items(self, found: corpus.Corpus, wanted: Wanted) -> AddReport:
        space = self._store.space
        module = self._module_of(space)
        check_modality(found, self.modality, self.name)
        ingest = Ingest(
            self._store,
            encoder_of(module),
            self.modality,
            on_error=wanted.on_error,
            progress=wanted.progress,
            rate=module.card.items_per_second,
        )
        origin = Origin(
            found.name,
            found.path,
            has_keys=found.key_column is not None,
            text_columns=found.text_columns,
            breaks=found.breaks,
            again=found.again,
        )
        report = ingest.run(
            found.entries,
            found.size,
            origin=origin,
            space_id=space.id,
            request_id=wanted.request_id,
        )
        return replace(report, notes=[*found.notes, *report.notes])
