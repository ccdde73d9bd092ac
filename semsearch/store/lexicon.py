"""The index of words beside the rows, written in the transaction that changes them."""

from __future__ import annotations

from collections.abc import Iterable

import apsw

from semsearch.terms import indexed_text


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
