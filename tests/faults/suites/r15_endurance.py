"""R15: memory stays within what is searched, and does not grow while rows and indexes change."""

from __future__ import annotations

from typing import Any

from tests.faults.record import Result, Setting, Suite

SHORT = 60
"""Seconds below which a collection is small, and a slope cannot be told from chance."""

TIMES_HELD = 1.3
ALLOCATOR = 32 << 20
"""What the allocator keeps of what was freed; it does not grow with the collection."""

SHORT_GROWTH = 8 << 20
GROWTH_PER_MINUTE = 1 << 20


def run(setting: Setting) -> Result:
    """Change, search, compact and rebuild for `size` seconds, and look at the memory taken."""
    result = setting.result()
    is_short = setting.size < SHORT
    with setting.place("endurance") as folder:
        done = setting.pool.servers[0].run(
            "tests.faults.endurance:endure",
            timeout=20 * setting.size + 300,
            path=str(folder),
            seed=setting.seed,
            seconds=setting.size,
            rows=10_000 if is_short else 100_000,
            dim=64 if is_short else 256,
            defect=setting.defect,
        )
    if done.result is None:
        result.case([f"ended with {done.status}: {done.last_line}"], "the process")
        return result
    problems = _problems(done.result, is_short=is_short, result=result)
    result.case(problems, f"seed {setting.seed}")
    result.cases = len(done.result["samples"])
    return result


def _problems(told: dict[str, Any], *, is_short: bool, result: Result) -> list[str]:
    samples = told["samples"]
    half = len(samples) // 2
    most = max(resident for _, _, resident in samples)
    bound = told["base"] + TIMES_HELD * told["held"] + ALLOCATOR
    before, after = (max(own for _, own, _ in some) for some in (samples[:half], samples[half:]))
    minutes = samples[-1][0] / 60
    allowed = SHORT_GROWTH if is_short else minutes * GROWTH_PER_MINUTE
    for name, value in (
        ("MB before", told["base"]),
        ("MB searched", told["held"]),
        ("most MB", most),
        ("MB allowed", bound),
        ("MB grown", max(0, after - before)),
    ):
        result.counts[name] = int(value) >> 20
    problems = []
    if most > bound:
        problems.append(f"{most >> 20} MB, {int(bound) >> 20} are allowed")
    if after - before > allowed:
        problems.append(f"grew by {(after - before) / 2**20:.1f} MB in {minutes / 2:.1f} minutes")
    return problems


SUITE = Suite(
    number="R15",
    title="memory while rows and indexes come and go",
    run=run,
    sizes={"fast": 8, "deep": 300},  # seconds
    defects=("leaked-views",),
    defect_size=4,
    unit="samples",
)
