"""The folder of fetched modules: whole entries only, each with the digests of its files."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

CACHE = "SEMSEARCH_MODULES"


def cache_root() -> Path:
    """Return the folder of fetched modules: SEMSEARCH_MODULES, or one in the user's cache."""
    named = os.environ.get(CACHE)
    return (
        Path(named).absolute() if named else platformdirs.user_cache_path("semsearch") / "modules"
    )
