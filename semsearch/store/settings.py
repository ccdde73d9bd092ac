"""What was learned for one vector space and may be learned again: JSON values by name."""

from __future__ import annotations

import json
from typing import Any

import apsw


def read_setting(connection: apsw.Connection, name: str, space_id: int) -> Any:
    """Return the value of this name for a vector space; None where there is none."""
    rows = connection.execute(
        "SELECT value FROM setting WHERE name = ? AND space_id = ?", (name, space_id)
    ).fetchall()
    return json.loads(str(rows[0][0])) if rows else None


def write_setting(connection: apsw.Connection, name: str, space_id: int, value: Any) -> None:
    """Store a value in place of an earlier one, None takes it out; stands inside a transaction."""
    if value is None:
        connection.execute("DELETE FROM setting WHERE name = ? AND space_id = ?", (name, space_id))
        return
    connection.execute(
        "INSERT OR REPLACE INTO setting (name, space_id, value) VALUES (?, ?, ?)",
        (name, space_id, json.dumps(value, ensure_ascii=False, allow_nan=False)),
    )
