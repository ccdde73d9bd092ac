"""What a caller allows while a handle is turned into files."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from semsearch.environment import OFFLINE


@dataclass(frozen=True)
class Policy:
    """Say whether the network may be used, and what the user has agreed to.

    With `offline` nothing but the cache and local paths is looked at. `trust` records that the
    module may run operations that touch files, the network or Python. `update` fetches again and
    accepts content that differs from what was pinned. `on_progress` is called with what is being
    fetched, the bytes done, and the bytes in all where they are known.

    `inspect` is called with the folder (or the one file) of a module before it is pinned or takes
    the place of an older one, and may raise a `ModuleError`: nothing is changed then. Content that
    the user trusts is not inspected. A package without a module is inspected too.
    """

    offline: bool
    trust: bool = False
    update: bool = False
    on_progress: Callable[[str, int, int | None], None] | None = None
    inspect: Callable[[Path], None] | None = None

    def report(self, what: str, done: int, total: int | None) -> None:
        """Tell the caller how far a download is, if somebody listens."""
        if self.on_progress is not None:
            self.on_progress(what, done, total)

    def agree_to(self, path: Path, *, is_trusted: bool) -> None:
        """Let the caller inspect what lies at a path, unless the user trusts it."""
        if self.inspect is not None and not (self.trust or is_trusted):
            self.inspect(path)


def current_policy(**changes: Any) -> Policy:
    """Return the policy that the environment asks for, with `changes` to its fields.

    SEMSEARCH_OFFLINE set to anything but nothing and 0 means offline.
    """
    return Policy(**({"offline": os.environ.get(OFFLINE, "") not in ("", "0")} | changes))
