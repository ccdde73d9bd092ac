"""The truth about a collection: one SQLite database and the immutable files it names."""

from semsearch.store.backup import BackupReport
from semsearch.store.batches import Batch, Known, NewItem, Refresh
from semsearch.store.compaction import CompactReport
from semsearch.store.derived import Derived
from semsearch.store.findings import CheckReport, Finding
from semsearch.store.judgements import Judgement
from semsearch.store.reader import Snapshot, StoredItem
from semsearch.store.restoring import restore
from semsearch.store.schema import Space
from semsearch.store.store import Store

__all__ = [
    "BackupReport",
    "Batch",
    "CheckReport",
    "CompactReport",
    "Derived",
    "Finding",
    "Judgement",
    "Known",
    "NewItem",
    "Refresh",
    "Snapshot",
    "Space",
    "Store",
    "StoredItem",
    "restore",
]
