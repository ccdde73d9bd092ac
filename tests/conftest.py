"""How the tests are shared out over two processes."""

from __future__ import annotations

from pathlib import Path

import pytest

# The slowest to begin come first, and each stays in one process: TensorFlow is loaded once and
# chromium started once, while the other process runs everything else.
TOGETHER = ("tensorflow", "browser")


def group_of(item: pytest.Item) -> str:
    """Return the tests that an item shares its process with: those of its marker, else its file."""
    return next((name for name in TOGETHER if item.get_closest_marker(name)), item.path.as_posix())


def place_of(item: pytest.Item) -> int:
    """Return the place of an item's group in the order of running."""
    group = group_of(item)
    return TOGETHER.index(group) if group in TOGETHER else len(TOGETHER)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Group the tests for `--dist loadgroup`, slow groups first."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.xdist_group(group_of(item)))
    items.sort(key=place_of)
