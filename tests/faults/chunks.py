"""Many small cases in one child, which is replaced when one of them brings it down."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from tests.faults.channel import tell
from tests.faults.pool import Server
from tests.faults.record import Setting

Case = dict[str, Any]

PER_CHILD = 250
SECONDS = 20.0
"""How long one case may take before its child is killed as hanging."""


def in_chunks(
    setting: Setting, call: str, cases: Sequence[Case], *, per_child: int = PER_CHILD, **args: Any
) -> Iterator[tuple[Case, Any, str]]:
    """Yield each case with what `call` answered to it, or None and how the child ended.

    `call` is given `cases`, the seeded `defect` and `args`, and answers by `answer_each`.
    """
    chunks = [cases[start : start + per_child] for start in range(0, len(cases), per_child)]

    def run(server: Server, chunk: Sequence[Case]) -> list[tuple[Case, Any, str]]:
        return _answers(server, call, chunk, {**args, "defect": setting.defect})

    for answers in setting.pool.each(run, chunks):
        yield from answers


def _answers(
    server: Server, call: str, cases: Sequence[Case], args: Case
) -> list[tuple[Case, Any, str]]:
    told: list[tuple[Case, Any, str]] = []
    while len(told) < len(cases):
        left = cases[len(told) :]
        done = server.run(call, timeout=60 + SECONDS * len(left), cases=left, **args)
        told += [(case, answer, "") for case, answer in zip(left, done.notes, strict=False)]
        if len(done.notes) < len(left):
            how = "hangs" if done.status == -signal.SIGALRM else f"ends with {done.status}"
            told.append((left[len(done.notes)], None, f"the process {how}: {done.last_line}"))
    return told


def answer_each(
    cases: Sequence[Case], answer: Callable[[Case], Any], *, seconds: float = SECONDS
) -> None:
    """Tell the parent what comes of each case, one by one; the kernel ends one that hangs."""
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    for case in cases:
        signal.setitimer(signal.ITIMER_REAL, seconds)
        tell("note", answer(case))
    signal.setitimer(signal.ITIMER_REAL, 0)
