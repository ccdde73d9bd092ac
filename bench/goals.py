"""What we hold ourselves to, beside what was measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tables import table


@dataclass(frozen=True)
class Goal:
    """One line: what is measured, what it should be, what it is, and whether that is enough."""

    what: str
    goal: str
    measured: str
    is_met: bool


def at_most(what: str, measured: float, limit: float, form: str = "{:.2f}") -> Goal:
    """Return the goal that a measured value does not pass a limit; `form` prints both."""
    return Goal(what, f"<= {form.format(limit)}", form.format(measured), measured <= limit)


def at_least(what: str, measured: float, limit: float, form: str = "{:.2f}") -> Goal:
    """Return the goal that a measured value reaches a limit."""
    return Goal(what, f">= {form.format(limit)}", form.format(measured), measured >= limit)


def goals_table(goals: Sequence[Goal]) -> str:
    """Return all goals as a table."""
    rows = [
        [goal.what, goal.goal, goal.measured, "yes" if goal.is_met else "**no**"] for goal in goals
    ]
    return table(["what we hold ourselves to", "goal", "measured", "met"], rows)
