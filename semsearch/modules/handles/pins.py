"""What was met before: the digest of each handle at first use, and the content that is trusted."""

from __future__ import annotations

import hashlib
import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from semsearch.errors import ModuleError
from semsearch.fsio import disk_errors, make_folder, publish_bytes, remove, sync_folder

READABLE = 60
DIGEST = re.compile(r"[0-9a-f]{64}")


def name_of(source: str) -> str:
    """Return the file name that stands for a source: readable, and unique by its hash."""
    readable = re.sub(r"[^A-Za-z0-9._-]+", "-", source).strip("-.")[-READABLE:]
    hashed = hashlib.sha256(source.encode("utf-8", "surrogateescape")).hexdigest()
    return f"{readable}-{hashed[:16]}"


def now() -> str:
    """Return the time in UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def write_record(root: Path, path: Path, record: dict[str, Any]) -> None:
    """Put a small JSON file in place, whole or not at all.

    Raises:
        StorageError: the disk refuses.
    """
    scratch = root / "scratch"
    make_folder(scratch)
    data = json.dumps(record, indent=1, ensure_ascii=True).encode()
    publish_bytes(data, scratch=scratch, place=lambda _: path)


class Pins:
    """Remember under a root, one small file each, what a handle gave and what is trusted."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def digest(self, source: str) -> str | None:
        """Return the digest that was written down at the first use of a source, or None.

        Raises:
            ModuleError: something was written down that cannot be read.
        """
        path = self._pin(source)
        try:
            digest = json.loads(path.read_bytes())["digest"]
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise self._unreadable(source, path) from error
        if not isinstance(digest, str) or not DIGEST.fullmatch(digest):
            raise self._unreadable(source, path)
        return digest

    def agree(self, source: str, digest: str, *, update: bool) -> None:
        """Write down the digest at the first use, or with `update`; refuse another one later.

        Raises:
            ModuleError: the source gave other content before, or what it gave cannot be read.
            StorageError: the disk refuses.
        """
        pinned = None if update else self.digest(source)
        if pinned == digest:
            return
        if pinned is not None:
            raise ModuleError(
                f"the module {source!r} is not what it was: its digest was {pinned} and is now"
                f" {digest}",
                "if you expect the change, take it with"
                f" semsearch modules add --update {source!r}; otherwise do not use it",
            )
        write_record(
            self._root,
            self._pin(source),
            {"source": source, "digest": digest, "when": now()},
        )

    def trust(self, digest: str, source: str) -> None:
        """Remember that the user trusts the content with this digest.

        Raises:
            StorageError: the disk refuses.
        """
        if not self.is_trusted(digest):
            record = {"source": source, "digest": digest, "when": now()}
            write_record(self._root, self._trusted(digest), record)

    def is_trusted(self, digest: str) -> bool:
        """Tell whether the user trusts the content with this digest."""
        try:
            return bool(json.loads(self._trusted(digest).read_bytes())["digest"] == digest)
        except (OSError, ValueError, KeyError, TypeError):
            return False

    def forget(self, source: str, digest: str | None) -> None:
        """Remove what is written down about a source, and the trust in its content.

        Raises:
            StorageError: the disk refuses.
        """
        paths = [self._pin(source), *([self._trusted(digest)] if digest else [])]
        for path in paths:
            if path.exists():
                with disk_errors(path):
                    remove(path)
                    sync_folder(path.parent)

    def _pin(self, source: str) -> Path:
        return self._root / "pins" / f"{name_of(source)}.json"

    def _trusted(self, digest: str) -> Path:
        return self._root / "trust" / f"{digest}.json"

    def _unreadable(self, source: str, path: Path) -> ModuleError:
        return ModuleError(
            f"what {source!r} gave at its first use cannot be read from {str(path)!r}",
            "if you trust what it gives now, write it down anew with"
            f" semsearch modules add --update {source!r}",
        )
