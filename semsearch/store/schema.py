"""The tables of a collection's database, and the records that travel in and out of them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Value = str | int | float | bool | None

APPLICATION_ID = 0x53454D53  # "SEMS"

TABLES = """
CREATE TABLE meta (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;

-- A vector space: which module made the vectors, pinned by digest.
CREATE TABLE space (
    id INTEGER PRIMARY KEY,
    handle TEXT,
    digest TEXT,
    dim INTEGER NOT NULL,
    card TEXT NOT NULL
);

-- One line a committed change; `seq` is the version of the collection.
CREATE TABLE op (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    n INTEGER NOT NULL,
    at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
);

-- The manifest: every file that belongs to the collection.
CREATE TABLE file (
    sha256 TEXT NOT NULL,
    kind TEXT NOT NULL,
    size INTEGER NOT NULL,
    PRIMARY KEY (kind, sha256)
) WITHOUT ROWID;

-- Rows of vectors: row r of the file is the vector of item first_id + r.
CREATE TABLE segment (
    first_id INTEGER PRIMARY KEY,
    n INTEGER NOT NULL,
    space_id INTEGER NOT NULL REFERENCES space (id),
    sha256 TEXT NOT NULL
);

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
    deleted_seq INTEGER
);
CREATE UNIQUE INDEX item_key ON item (key) WHERE deleted_seq IS NULL;
CREATE INDEX item_dead ON item (id) WHERE deleted_seq IS NOT NULL;

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

-- Clusterings and classifiers by name; their arrays stand in a file.
CREATE TABLE result (
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    detail TEXT NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (kind, name)
) WITHOUT ROWID;
"""


@dataclass(frozen=True)
class Space:
    """One vector space: its width, and the module that made it (None: the user's own vectors)."""

    dim: int
    handle: str | None
    digest: str | None
    card: dict[str, Any]


def fields_as_json(fields: Mapping[str, Value]) -> str:
    """Return the one spelling under which fields are stored and compared."""
    return json.dumps(dict(fields), ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def signature_of(key: str, text: str, fields_json: str, content: str) -> bytes:
    """Return the checksum of a stored row: 16 bytes over everything a user put into it."""
    digest = hashlib.blake2b(digest_size=16)
    for part in (key, text, fields_json, content):
        data = part.encode()
        digest.update(len(data).to_bytes(8, "little"))
        digest.update(data)
    return digest.digest()


def type_of(value: Value) -> str:
    """Name the type of a field's value: boolean, number or text; "" for None, which has none."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "boolean"
    return "number" if isinstance(value, int | float) else "text"
