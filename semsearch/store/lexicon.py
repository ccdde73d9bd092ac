"""The index of words beside the rows, written in the transaction that changes them.

It is made of the items' texts, so it can be made again: `flaw_of_words`, `rebuild_words`.
"""

from __future__ import annotations

from collections.abc import Iterable

import apsw

from semsearch.store.database import transaction
from semsearch.terms import indexed_text

COMPARED = {
    "lacks the words of {:,} items": (
        "SELECT id FROM item WHERE deleted_seq IS NULL AND text <> ''",
        "SELECT id FROM words_docsize",
    ),
    "holds words of {:,} items that are none": (
        "SELECT id FROM words_docsize",
        "SELECT id FROM item WHERE deleted_seq IS NULL AND text <> ''",
    ),
}
"""What is wrong where the first gives ids that the second does not."""


def add_words(connection: apsw.Connection, texts: Iterable[tuple[int, str]]) -> None:
    """Index the texts of items by their ids."""
    connection.executemany(
        "INSERT INTO words (rowid, text) VALUES (?, ?)",
        ((id_, indexed_text(text)) for id_, text in texts if text),
    )


def forget_words(connection: apsw.Connection, ids: Iterable[int]) -> None:
    """Take the words of items out of the index; none is no error."""
    connection.executemany("DELETE FROM words WHERE rowid = ?", ((id_,) for id_ in ids))


def add_all_words(connection: apsw.Connection) -> None:
    """Index the words of every live item, none of which has any yet."""
    rows = connection.execute("SELECT id, text FROM item WHERE deleted_seq IS NULL ORDER BY id")
    add_words(connection, rows)


def optimize_words(connection: apsw.Connection) -> None:
    """Write the words of live items anew, so that none of deleted ones is left among them."""
    connection.execute("INSERT INTO words (words) VALUES ('optimize')")


def rebuild_words(connection: apsw.Connection) -> None:
    """Make the index of words again from the texts of the live items."""
    with transaction(connection):
        connection.execute("INSERT INTO words (words) VALUES ('delete-all')")
        add_all_words(connection)
        connection.execute("INSERT INTO op (kind, n) SELECT 'words', count(*) FROM words_docsize")


def flaw_of_words(connection: apsw.Connection) -> str | None:
    """Say what is wrong with the index of words, None where nothing is."""
    with transaction(connection, "DEFERRED"):
        try:
            look_at_words(connection)
            verdict = str(connection.execute("PRAGMA integrity_check(words)").get)
        except apsw.CorruptError as error:
            verdict = str(error)
        if verdict != "ok":
            return f"is damaged ({verdict})"
        for wrong, (some, others) in COMPARED.items():
            n = connection.execute(f"SELECT count(*) FROM ({some} EXCEPT {others})").get
            if n:
                return wrong.format(n)
    return None


def look_at_words(connection: apsw.Connection) -> None:
    """Search, so that FTS5 sees what another connection has merged; stands in a transaction.

    Its own check (SQLite 3.54.1) does not look for that, and calls it damage.

    Raises:
        apsw.CorruptError: the index of words is damaged.
    """
    connection.execute("SELECT 1 FROM words WHERE words MATCH 'any' LIMIT 1").fetchall()


def is_of_words(verdict: str) -> bool:
    """Say whether SQLite's check of a database speaks of the index of words."""
    return "fts5" in verdict.lower()
