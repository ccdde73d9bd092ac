"""Makes a collection as the second format had it: without passages, words and judgements."""

from __future__ import annotations

import json
import re
from pathlib import Path

from semsearch.store import Store
from semsearch.store.database import fold_log, open_writer
from semsearch.store.schema import NEW_IN_FORMAT_3

NEW_TABLES = re.findall(r"CREATE (?:VIRTUAL )?TABLE (\w+)", NEW_IN_FORMAT_3)[::-1]


def as_format_two(store: Store) -> Path:
    """Take what is new in format 3 out of a collection, close it and return its path."""
    path = store.folder.path
    store.close()
    connection = open_writer(store.folder.database)
    for table in NEW_TABLES:
        connection.execute(f"DROP TABLE {table}")
    connection.pragma("user_version", 2)
    fold_log(connection)
    connection.close()
    stamp = json.loads((path / "FORMAT").read_text())
    (path / "FORMAT").write_text(json.dumps(stamp | {"major": 2}))
    return path
