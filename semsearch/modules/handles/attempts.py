"""What is said when a source does not give a module, so that the next one may be tried."""

from __future__ import annotations

from collections.abc import Sequence

from semsearch.errors import ModuleError


class NotObtained(ModuleError):
    """Raised when a source does not give a module now; it may later, and another one may.

    Anything that makes a module unfit (other content than pinned, an unsafe archive) is a plain
    `ModuleError` and ends the search.
    """


def failure(what: str, tried: Sequence[tuple[str, NotObtained]], remedy: str = "") -> NotObtained:
    """Return the error that lists what was tried, each with its reason, and what to do."""
    listed = "; ".join(
        f"({n}) {where}: {error.problem}" for n, (where, error) in enumerate(tried, 1)
    )
    remedies = dict.fromkeys(error.remedy for _, error in tried if error.remedy)
    return NotObtained(f"{what} could not be had; tried {listed}", remedy or "; ".join(remedies))
