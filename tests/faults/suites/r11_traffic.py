"""R11: four threads search while another adds, deletes and compacts and indexes are exchanged."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from tests.faults.pool import Outcome, Server
from tests.faults.record import Result, Setting, Suite


def run(setting: Setting) -> Result:
    """Let two processes at one collection for `size` seconds; every answer is judged."""
    result = setting.result()
    with setting.place("traffic") as folder, two_servers() as servers:
        where = {"path": str(folder / "c"), "ledger": str(folder / "ledger")}
        prepared = servers[0].run("tests.faults.traffic:prepare", **where)
        if prepared.status != 0:
            raise RuntimeError(prepared.stderr)

        def drive(number: int) -> Outcome:
            return servers[number].run(
                "tests.faults.traffic:drive",
                timeout=setting.size + 60,
                seed=setting.seed + 100 * number,
                seconds=setting.size,
                writes=number == 0,
                defect=setting.defect,
                **where,
            )

        with ThreadPoolExecutor(2) as threads:
            outcomes = list(threads.map(drive, range(2)))
    for number, outcome in enumerate(outcomes):
        name = ("the process that writes", "the process beside")[number]
        if outcome.result is None:
            result.case([f"ended with {outcome.status}: {outcome.stderr[-300:]}"], name)
            continue
        result.counts.update(outcome.result["counts"])
        result.case(outcome.result["problems"], name)
    result.cases = max(result.cases, result.counts["answers"])
    return result


@contextmanager
def two_servers() -> Iterator[list[Server]]:
    """Lend two servers, so that two processes run at once whatever the pool has."""
    made = [Server(), Server()]
    try:
        yield made
    finally:
        for server in made:
            server.close()


SUITE = Suite(
    number="R11",
    title="threads search while rows come and go and indexes are exchanged, in two processes",
    run=run,
    sizes={"fast": 10, "deep": 300},  # seconds
    defects=("tombstones-dropped", "forgotten-tail", "stale-view", "first-rows-mapped"),
    defect_size=5,
    unit="answers",
)
