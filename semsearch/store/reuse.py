"""What earlier calls stored and a later one need not make again: vectors, numbers, choices."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import apsw

from semsearch.store.batches import Known
from semsearch.store.database import transaction
from semsearch.store.reader import batched

SAME = "substr(content, 1, 16) = substr(wanted.value, 1, 16) AND content = wanted.value"
"""The condition in the words of the index on `item.content`, which half a digest is enough for."""

NUMBER_DIGITS = 15
"""A longer number at the end of a key is not one of ours."""

NUMBERED = (
    "deleted_seq IS NULL AND substr(item.key, 1, length(:prefix)) = :prefix"
    " AND length(item.key) BETWEEN length(:prefix) + 1 AND length(:prefix) + :digits"
    " AND substr(item.key, length(:prefix) + 1) NOT GLOB '*[^0-9]*'"
)


class Earlier:
    """Asked while rows come in; see `Writer.earlier`, and `Store.earlier` for who only reads."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection

    def known(self, keys: Sequence[str]) -> dict[str, Known]:
        """Return what is stored under `keys`; new keys are left out."""
        found = {}
        for batch in batched(keys):
            marks = ",".join("?" * len(batch))
            for key, id_, content, signature in self._connection.execute(
                "SELECT key, id, content, signature FROM item"
                f" WHERE deleted_seq IS NULL AND key IN ({marks})",
                batch,
            ):
                found[key] = Known(id_, content, signature)
        return found

    def prefix_of(self, path: str, name: str) -> str:
        """Return what the keys of a file without keys begin with: "" in an empty collection.

        The commit of its first batch makes the choice permanent.
        """
        prefixes = dict(self._connection.execute("SELECT path, prefix FROM source"))
        if path in prefixes:
            return str(prefixes[path])
        if not prefixes and self._connection.execute("SELECT 1 FROM item LIMIT 1").get is None:
            return ""
        numbers = ("", *(f"-{number}" for number in range(2, len(prefixes) + 3)))
        return next(prefix for n in numbers if (prefix := f"{name}{n}:") not in prefixes.values())

    def ids_of(self, contents: Sequence[str]) -> dict[str, int]:
        """Return by content (digest) the id of a row that has it, live or else dead.

        Whether its vector is still there only a snapshot can tell.
        """
        found = self._newest(contents, "")
        dead = [content for content, _, deleted_seq in found if deleted_seq is not None]
        if dead:
            found += self._newest(dead, "AND deleted_seq IS NULL")
        return {content: id_ for content, id_, _ in found}

    def _newest(self, contents: Sequence[str], where: str) -> list[tuple[str, int, int | None]]:
        """Return each content that a row has, with the last such row's id and when it died."""
        newest = f"SELECT id FROM item WHERE {SAME} {where} ORDER BY id DESC LIMIT 1"
        return list(
            self._connection.execute(
                f"SELECT wanted.value, item.id, deleted_seq FROM json_each(?) AS wanted"
                f" JOIN item ON item.id = ({newest})",
                (json.dumps(list(contents)),),
            )
        )

    def numbers(self, prefix: str) -> tuple[int, int]:
        """Return the largest number that follows `prefix` in a live key, and the last id; or 0."""
        [(largest, last_id)] = self._connection.execute(
            "SELECT max(CAST(substr(key, length(:prefix) + 1) AS INTEGER)), max(id)"
            f" FROM item WHERE {NUMBERED}",
            {"prefix": prefix, "digits": NUMBER_DIGITS},
        )
        return largest or 0, last_id or 0

    def numbered_keys(
        self, prefix: str, after: Mapping[str, int], last_id: int
    ) -> dict[str, tuple[int, str]]:
        """Return by content the first id up to `last_id`, and its key, of a numbered live row.

        `after` names the contents, and for each the id up to which it was asked for before.
        """
        rows = self._connection.execute(
            "WITH found (content, id) AS MATERIALIZED (SELECT wanted.key, (SELECT id FROM item"
            f" WHERE {SAME.replace('wanted.value', 'wanted.key')} AND {NUMBERED}"
            " AND id > wanted.value AND id <= :last_id ORDER BY id LIMIT 1)"
            " FROM json_each(:after) AS wanted)"
            " SELECT found.content, item.id, item.key FROM found JOIN item USING (id)",
            {
                "prefix": prefix,
                "digits": NUMBER_DIGITS,
                "after": json.dumps(dict(after)),
                "last_id": last_id,
            },
        )
        return {content: (id_, key) for content, id_, key in rows}

    def field_types(self) -> dict[str, str]:
        """Return the type of every field, "" where no item has had a value yet."""
        return dict(self._connection.execute("SELECT name, type FROM field"))

    def text_columns(self, path: str) -> list[str] | None:
        """Return the columns that were encoded when this source, or else the last one, was added.

        None where no source with columns was added.
        """
        found = dict(
            self._connection.execute(
                "SELECT name, value FROM meta WHERE name IN (?, ?)", _columns_of(path)
            )
        )
        values = [found[name] for name in _columns_of(path) if name in found]
        return json.loads(values[0]) if values else None

    def remember_text_columns(self, path: str, columns: Sequence[str]) -> None:
        """Keep which columns of a source were encoded."""
        value = json.dumps(list(columns), ensure_ascii=False)
        with transaction(self._connection):
            self._connection.executemany(
                "INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)",
                [(name, value) for name in _columns_of(path)],
            )


def _columns_of(path: str) -> tuple[str, str]:
    """Return the names under which the columns of a source, and those of the last, are kept."""
    return f"text columns of {path}", "text columns"
