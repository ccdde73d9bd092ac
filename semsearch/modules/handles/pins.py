"""What was met before: the digest of each handle at first use, and the content that is trusted."""

from __future__ import annotations

import hashlib
import json
import re
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from semsearch.errors import ModuleError
from semsearch.fsio import disk_errors, make_folder, publish_bytes, remove, sync_folder

READABLE = 60
LEFT_BEHIND = 3600.0
"""Seconds after which nobody writes a record any more."""

DIGEST = re.compile(r"[0-9a-f]{64}")
MALFORMED = (OSError, ValueError, KeyError, TypeError, OverflowError, RecursionError)
"""What comes of reading a record that somebody else has written to."""


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


def sweep_records(root: Path) -> None:
    """Remove the half-written records of killed processes."""
    scratch = root / "scratch"
    for path in scratch.iterdir() if scratch.is_dir() else ():
        # Another process may have removed it, or be writing it just now.
        with suppress(OSError):
            if time.time() - path.stat().st_mtime > LEFT_BEHIND:
                path.unlink()


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
        except MALFORMED as error:
            raise self._unreadable(source, path) from error
        if not isinstance(digest, str) or not DIGEST.fullmatch(digest):
            raise self._unreadable(source, path)
        return digest

    def check(self, source: str, digest: str, *, replaces: str | None = None) -> None:
        """Refuse another digest than that of the first use, or the one that the user gave up.

        Raises:
            ModuleError: the source gave other content before, or what it gave cannot be read.
        """
        pinned = self.digest(source)
        if pinned not in (None, digest, replaces):
            raise ModuleError(
                f"the module {source!r} is not what it was: its digest was {pinned} and is now"
                f" {digest}",
                "if you expect the change, take it with"
                f" semsearch modules add --update {source!r}; otherwise do not use it",
            )

    def agree(
        self, source: str, digest: str, *, update: bool = False, replaces: str | None = None
    ) -> None:
        """Write down the digest at the first use, or with `update`; refuse another one later.

        Raises:
            ModuleError: the source gave other content before, or what it gave cannot be read.
            StorageError: the disk refuses.
        """
        if not update:
            self.check(source, digest, replaces=replaces)
            if self.digest(source) == digest:
                return
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
        except MALFORMED:
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
