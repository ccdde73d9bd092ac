"""Makes a collection as the first format had it: pages without checksums, one vector space."""

from __future__ import annotations

import hashlib
import io
import json
from pathlib import Path

import apsw
import numpy as np

from semsearch.store.schema import APPLICATION_ID, fields_as_json, signature_of

TABLES = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE space (
    id INTEGER PRIMARY KEY, handle TEXT, digest TEXT, dim INTEGER NOT NULL, card TEXT NOT NULL
);
CREATE TABLE op (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, n INTEGER NOT NULL,
    at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
);
CREATE TABLE file (
    sha256 TEXT NOT NULL, kind TEXT NOT NULL, size INTEGER NOT NULL, PRIMARY KEY (kind, sha256)
) WITHOUT ROWID;
CREATE TABLE segment (
    first_id INTEGER PRIMARY KEY, n INTEGER NOT NULL,
    space_id INTEGER NOT NULL REFERENCES space (id), sha256 TEXT NOT NULL
);
CREATE TABLE item (
    id INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL, text TEXT NOT NULL,
    fields TEXT NOT NULL, content TEXT NOT NULL, blob TEXT, signature BLOB NOT NULL,
    added_seq INTEGER NOT NULL, deleted_seq INTEGER
);
CREATE UNIQUE INDEX item_key ON item (key) WHERE deleted_seq IS NULL;
CREATE INDEX item_dead ON item (id) WHERE deleted_seq IS NOT NULL;
CREATE TABLE source (path TEXT PRIMARY KEY, prefix TEXT NOT NULL UNIQUE) WITHOUT ROWID;
CREATE TABLE field (name TEXT PRIMARY KEY, type TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE result (
    kind TEXT NOT NULL, name TEXT NOT NULL, sha256 TEXT NOT NULL, detail TEXT NOT NULL,
    seq INTEGER NOT NULL, PRIMARY KEY (kind, name)
) WITHOUT ROWID;
"""


def make_collection(path: Path, batches: list[np.ndarray], keep_log: bool = False) -> None:
    """Store batches of vectors under the keys "k0", "k1", ..., and delete the item "k1".

    With `keep_log` the last commits stand in the log beside the database, as after a crash.
    """
    for inside in ("tmp", "segments", "heads", "blobs", "derived"):
        (path / inside).mkdir(parents=True)
    stamp = {"format": "semsearch collection", "major": 1, "minor": 0, "uuid": "1"}
    (path / "FORMAT").write_text(json.dumps(stamp))
    (path / "LOCK").write_text("")
    connection = apsw.Connection(str(path / "store.db"), vfs="unix")
    connection.pragma("journal_mode", "WAL")
    connection.pragma("application_id", APPLICATION_ID)
    connection.pragma("user_version", 1)
    connection.wal_autocheckpoint(0)
    connection.execute(f"BEGIN; {TABLES} COMMIT;")
    _fill(path, connection, batches)
    if keep_log:
        log = (path / "store.db-wal").read_bytes()
        database = (path / "store.db").read_bytes()
        connection.close()
        (path / "store.db").write_bytes(database)
        (path / "store.db-wal").write_bytes(log)
    else:
        connection.close()


def _fill(path: Path, connection: apsw.Connection, batches: list[np.ndarray]) -> None:
    dim = batches[0].shape[1]
    connection.execute("INSERT INTO meta VALUES ('modality', 'text')")
    connection.execute("INSERT INTO space VALUES (1, NULL, NULL, ?, '{}')", (dim,))
    connection.execute("INSERT INTO source VALUES ('/data/reviews.csv', '')")
    connection.execute("INSERT INTO field VALUES ('n', 'number')")
    number = 0
    for rows in batches:
        connection.execute("INSERT INTO op (kind, n) VALUES ('add', ?)", (len(rows),))
        seq, first_id = connection.last_insert_rowid(), number + 1
        for _ in rows:
            key, text, fields = f"k{number}", f"text of k{number}", fields_as_json({"n": number})
            signature = signature_of(key, text, fields, f"digest of {key}")
            connection.execute(
                "INSERT INTO item (key, text, fields, content, signature, added_seq)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                (key, text, fields, f"digest of {key}", signature, seq),
            )
            number += 1
        buffer = io.BytesIO()
        np.save(buffer, rows)
        digest = _place(path / "segments", ".npy", buffer.getvalue(), "segment", connection)
        connection.execute("INSERT INTO segment VALUES (?, ?, 1, ?)", (first_id, len(rows), digest))
    buffer = io.BytesIO()
    np.savez(buffer, labels=np.arange(3))
    digest = _place(path / "heads", ".npz", buffer.getvalue(), "head", connection)
    connection.execute("INSERT INTO op (kind, n) VALUES ('clustering', 1)")
    connection.execute("INSERT INTO result VALUES ('clustering', 'default', ?, '{}', 1)", (digest,))
    connection.execute("INSERT INTO op (kind, n) VALUES ('delete', 1)")
    connection.execute(
        "UPDATE item SET deleted_seq = ? WHERE key = 'k1'", (connection.last_insert_rowid(),)
    )


def _place(folder: Path, suffix: str, data: bytes, kind: str, connection: apsw.Connection) -> str:
    digest = hashlib.sha256(data).hexdigest()
    (folder / f"{digest}{suffix}").write_bytes(data)
    connection.execute("INSERT INTO file VALUES (?, ?, ?)", (digest, kind, len(data)))
    return digest
