"""What persons said of answers: which item is good, for which query; one grade each."""

from __future__ import annotations

from typing import Any, NamedTuple

import apsw

from semsearch.errors import CollectionDamaged, shortened

LARGEST_GRADE = 1000
"""No grade that anybody gave is larger; what measures answers reserves room for every grade."""


class Judgement(NamedTuple):
    """One opinion: how good the item `key` is as an answer to `query`; 0 is no answer at all."""

    query: str
    key: str
    grade: int


def read_judgements(connection: apsw.Connection, query: str | None = None) -> list[Judgement]:
    """Return what was said of a query, or of all (None), in the order in which it was last said.

    Raises:
        CollectionDamaged: a row holds what nobody can have said.
    """
    rows = connection.execute(
        "SELECT query, key, grade FROM judgement WHERE ? IS NULL OR query = ?"
        " ORDER BY seq, query, key",
        (query, query),
    )
    return [_checked(row) for row in rows]


def _checked(row: tuple[Any, ...]) -> Judgement:
    match row:
        case (str(), str(), int(grade)) if 0 <= grade <= LARGEST_GRADE:
            return Judgement(*row)
    raise CollectionDamaged(
        f"the database holds a judgement that is none: {shortened(row)}",
        "restore the collection from a backup",
    )


def write_judgement(connection: apsw.Connection, said: Judgement, seq: int) -> None:
    """Store an opinion in place of an earlier one on the same; stands inside a transaction."""
    connection.execute(
        "INSERT OR REPLACE INTO judgement (query, key, grade, seq) VALUES (?, ?, ?, ?)",
        (*said, seq),
    )


def forget_judgement(connection: apsw.Connection, query: str, key: str) -> None:
    """Take an opinion back; none is no error."""
    connection.execute("DELETE FROM judgement WHERE query = ? AND key = ?", (query, key))


def forget_judgements_of_dead(connection: apsw.Connection) -> None:
    """Take out what was said of items that are to be erased: their keys leave the disk too."""
    connection.execute(
        "DELETE FROM judgement WHERE key IN (SELECT key FROM item WHERE deleted_seq IS NOT NULL)"
        " AND key NOT IN (SELECT key FROM item WHERE deleted_seq IS NULL)"
    )
