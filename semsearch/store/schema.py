"""The tables of a collection's database, and the records that travel in and out of them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

Value = str | int | float | bool | date | list[str] | None

APPLICATION_ID = 0x53454D53  # "SEMS"

ERASING = "erasing"
"""The name in `meta` that stands from a deletion with purge until its bytes have left the disk."""

ERASED = "erased"
"""The name in `meta` that stands once bytes were erased: see `derived.publish_derived`."""

TABLES = """
CREATE TABLE meta (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;

-- A vector space: which module made the vectors, pinned by digest. Exactly one is 'current'; one
-- may be 'building' beside it, one is the 'previous' that a rollback returns to.
CREATE TABLE space (
    id INTEGER PRIMARY KEY,
    handle TEXT,
    digest TEXT,
    dim INTEGER NOT NULL,
    card TEXT NOT NULL,
    state TEXT NOT NULL
);
CREATE UNIQUE INDEX space_state ON space (state);

-- One line a committed change; `seq` is the version of the collection. A request id makes a retried
-- change happen once.
CREATE TABLE op (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    request_id TEXT UNIQUE,
    kind TEXT NOT NULL,
    n INTEGER NOT NULL,
    at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
);

-- The manifest: every file that the collection cannot do without.
CREATE TABLE file (
    sha256 TEXT NOT NULL,
    kind TEXT NOT NULL,
    size INTEGER NOT NULL,
    PRIMARY KEY (kind, sha256)
) WITHOUT ROWID;

-- Rows of vectors, ascending by id: row r of the file is the vector of item first_id + r, or, where
-- ids are missing in between, of the r-th id in `ids` (see segments.packed_ids).
CREATE TABLE segment (
    space_id INTEGER NOT NULL REFERENCES space (id),
    first_id INTEGER NOT NULL,
    n INTEGER NOT NULL,
    ids BLOB,
    sha256 TEXT NOT NULL,
    PRIMARY KEY (space_id, first_id)
) WITHOUT ROWID;

-- Files that can be made again: FAISS indexes, saved columns. `ids` says which items they cover:
-- NULL for 1 to `rows`, else packed as in `segment`. `detail` is what its maker wants to know.
CREATE TABLE derived (
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    space_id INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    suffix TEXT NOT NULL,
    size INTEGER NOT NULL,
    rows INTEGER NOT NULL,
    ids BLOB,
    detail TEXT NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (kind, name, space_id)
) WITHOUT ROWID;

-- AUTOINCREMENT, so an id is never used again; a deleted row stays as a tombstone.
CREATE TABLE item (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL,
    text TEXT NOT NULL,
    fields TEXT NOT NULL,
    content TEXT NOT NULL,
    blob TEXT,
    signature BLOB NOT NULL,
    added_seq INTEGER NOT NULL,
    changed_seq INTEGER NOT NULL,
    deleted_seq INTEGER
);
CREATE UNIQUE INDEX item_key ON item (key) WHERE deleted_seq IS NULL;
CREATE INDEX item_dead ON item (id) WHERE deleted_seq IS NOT NULL;
CREATE INDEX item_changed ON item (changed_seq);
-- Finds the vector of a content that is stored already; half a digest tells enough.
CREATE INDEX item_content ON item (substr(content, 1, 16));

-- Files whose rows have no key of their own: what is put before their row numbers or paths, so that
-- row 1 of a second file does not replace row 1 of the first.
CREATE TABLE source (
    path TEXT PRIMARY KEY,
    prefix TEXT NOT NULL UNIQUE
) WITHOUT ROWID;

-- The type is '' as long as no item had a value.
CREATE TABLE field (
    name TEXT PRIMARY KEY,
    type TEXT NOT NULL
) WITHOUT ROWID;

-- Clusterings and classifiers by name, each of one vector space; their arrays stand in a file.
CREATE TABLE result (
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    space_id INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    detail TEXT NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (kind, name, space_id)
) WITHOUT ROWID;
"""

NEW_IN_FORMAT_3 = """
-- Parts of a text that is longer than the module of a vector space reads: the characters start to
-- stop of the text of an item. Passages have vectors under ids of their own, taken from the counter
-- of the items: those of a new item stand right before its own.
CREATE TABLE passage (
    id INTEGER PRIMARY KEY,
    space_id INTEGER NOT NULL,
    item_id INTEGER NOT NULL,
    start INTEGER NOT NULL,
    stop INTEGER NOT NULL
);
CREATE INDEX passage_item ON passage (item_id);

-- The words of the texts of live items by their ids, for BM25; the texts themselves are not kept
-- twice. What goes in is written by semsearch.terms.
CREATE VIRTUAL TABLE words USING fts5 (
    text,
    content = '',
    contentless_delete = 1,
    tokenize = 'porter unicode61 remove_diacritics 2'
);
CREATE VIRTUAL TABLE vocabulary USING fts5vocab (words, 'row');
CREATE VIRTUAL TABLE occurrence USING fts5vocab (words, 'instance');

-- What a person said of an item as an answer to a query.
CREATE TABLE judgement (
    query TEXT NOT NULL,
    key TEXT NOT NULL,
    grade INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (query, key)
) WITHOUT ROWID;

-- What was learned for one vector space, as JSON: the weight of its module beside the words.
CREATE TABLE setting (
    name TEXT NOT NULL,
    space_id INTEGER NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (name, space_id)
) WITHOUT ROWID;
"""

TABLES_OF_FORMAT_2 = TABLES
TABLES += NEW_IN_FORMAT_3


@dataclass(frozen=True)
class Space:
    """One vector space: its width, and the module that made it (None: the user's own vectors)."""

    dim: int
    handle: str | None
    digest: str | None
    card: dict[str, Any]
    id: int = 1


def fields_as_json(fields: Mapping[str, Value]) -> str:
    """Return the one spelling under which fields are stored and compared."""
    return json.dumps(
        dict(fields), ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=iso_date
    )


def iso_date(value: Any) -> str:
    """Spell a date as 2024-05-01, a moment as 2024-05-01T12:30:00Z; one without a zone is UTC."""
    if isinstance(value, datetime):
        moment = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
        return moment.isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"a field cannot hold {type(value).__name__}: {value!r}")


def signature_of(key: str, text: str, fields_json: str, content: str) -> bytes:
    """Return the checksum of a stored row: 16 bytes over everything a user put into it."""
    digest = hashlib.blake2b(digest_size=16)
    for part in (key, text, fields_json, content):
        data = part.encode()
        digest.update(len(data).to_bytes(8, "little"))
        digest.update(data)
    return digest.digest()


def type_of(value: Value) -> str:
    """Name a value's type: boolean, number, date, list or text; "" for None, which has none."""
    match value:
        case None:
            return ""
        case bool():
            return "boolean"
        case int() | float():
            return "number"
        case date():
            return "date"
        case list():
            return "list"
    return "text"
