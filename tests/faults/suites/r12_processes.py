"""R12: several processes at once: two writers race, readers look on, a writer is killed."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.faults.pool import Outcome, Server
from tests.faults.races import STOP
from tests.faults.record import Result, Setting, Suite

WRITERS, READERS = 2, 3
BATCHES, ROWS = 6, 7


def run(setting: Setting) -> Result:
    """Let processes meet on one collection, round after round."""
    result = setting.result()
    chance = random.Random(setting.seed)
    with _servers() as servers:
        for number in range(setting.size):
            seed = chance.getrandbits(32)
            with setting.place("race") as folder:
                problems = _race(setting, servers, folder / "c", random.Random(seed), result)
            result.case(problems, f"round {number + 1}, seed {seed}")
    return result


@contextmanager
def _servers() -> Iterator[list[Server]]:
    made = [Server() for _ in range(WRITERS + READERS)]
    try:
        yield made
    finally:
        for server in made:
            server.close()


def _race(
    setting: Setting, servers: list[Server], path: Path, chance: random.Random, result: Result
) -> list[str]:
    """Start everybody at one moment, kill one writer, let another take its place."""
    common: dict[str, Any] = {"path": str(path), "defect": setting.defect}
    servers[0].run("tests.faults.races:prepare", path=str(path))
    start = time.monotonic() + 0.15
    delay = chance.uniform(0, 0.1)

    def write(number: int) -> list[Outcome]:
        call, name = "tests.faults.races:write", f"w{number}"
        work = {"start": start, "batches": BATCHES, "rows": ROWS, **common}
        if number == 0:
            killed = servers[0].run(call, name="killed", kill_from=1, kill_after=delay, **work)
            return [killed, servers[0].run(call, name=name, **work)]
        return [servers[number].run(call, name=name, **work)]

    def watch(number: int) -> Outcome:
        call = "tests.faults.races:watch"
        return servers[WRITERS + number].run(call, start=start, rows=ROWS, **common)

    with ThreadPoolExecutor(WRITERS + READERS) as threads:
        watching = [threads.submit(watch, number) for number in range(READERS)]
        writing = [threads.submit(write, number) for number in range(WRITERS)]
        written = [outcome for each in writing for outcome in each.result()]
        path.with_name(STOP).touch()
        watched = [each.result() for each in watching]
    result.counts["had to wait"] += sum(len(outcome.notes) for outcome in written)
    result.counts["looks"] += sum(outcome.result or 0 for outcome in watched)
    problems = [f"a writer: {o.last_line}" for o in written if o.status not in (0, -9)]
    problems += [f"a reader: {o.last_line}" for o in watched if o.status != 0]
    promised = [batch for outcome in written for batch in outcome.acks]
    seen = servers[0].run("tests.faults.races:settle", promised=promised, rows=ROWS, **common)
    return problems + (seen.result if seen.result is not None else [seen.last_line])


SUITE = Suite(
    number="R12",
    title="two writers race, three readers look on, a writer is killed and replaced",
    run=run,
    sizes={"fast": 12, "deep": 200},
    defects=("no-lock",),
    unit="rounds",
)
