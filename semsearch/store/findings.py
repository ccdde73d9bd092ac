"""What a check of a collection reports."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

OK, DERIVED, SOURCE, NOTE = "ok", "derived", "source", "note"

RESTORE = "restore it from a backup"
NOT_WRITTEN = "is not what was written"


@dataclass(frozen=True)
class Finding:
    """One thing that is not as it should be, and what to do about it.

    `level` is "source" where something is lost that the user gave, "derived" where it can be made
    again, "note" where nothing is lost.
    """

    level: str
    thing: str
    wrong: str
    remedy: str
    keys: tuple[str, ...] = ()
    """The keys of the items that are touched."""

    def __str__(self) -> str:
        return f"{self.thing} {self.wrong}; {self.remedy}"


@dataclass(frozen=True)
class CheckReport:
    """What a check found; `counts` says how much it looked at, `facts` in what surroundings."""

    findings: tuple[Finding, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    seconds: float = 0.0
    full: bool = False
    repaired: int = 0
    """How many of the findings were mended."""

    @property
    def level(self) -> str:
        """The worst that was found: "source", "derived" or "ok"."""
        levels = {finding.level for finding in self.findings}
        return next((level for level in (SOURCE, DERIVED) if level in levels), OK)

    def joined(
        self, findings: Iterable[Finding], facts: Mapping[str, Any] | None = None, repaired: int = 0
    ) -> Self:
        """Return the report with what another part of the program found."""
        return replace(
            self,
            findings=(*self.findings, *findings),
            facts={**self.facts, **(facts or {})},
            repaired=self.repaired + repaired,
        )

    def as_dict(self) -> dict[str, Any]:
        """Return the report JSON-ready."""
        return {
            "level": self.level,
            "findings": [
                {
                    "level": one.level,
                    "thing": one.thing,
                    "wrong": one.wrong,
                    "remedy": one.remedy,
                    "keys": list(one.keys),
                }
                for one in self.findings
            ],
            "counts": dict(self.counts),
            "facts": dict(self.facts),
            "full": self.full,
            "repaired": self.repaired,
            "seconds": round(self.seconds, 3),
        }
