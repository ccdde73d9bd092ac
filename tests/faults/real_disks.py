"""More of R4: a small file system that is really full, and what the program says at the prompt."""

from __future__ import annotations

import random
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.faults.record import Result, Setting
from tests.faults.workload import WORDS, mixed_steps

SHARE = 12
"""One such case comes with so many others."""

MEGABYTES = 80
"""Compacting wants 64 free."""

ROWS = 600


def full_disks(setting: Setting, result: Result) -> None:
    """Work on a small file system of which less and less is free."""
    chance = random.Random(setting.seed)
    for number in range(max(2, setting.size // SHARE // 4)):
        flavour = ("own", "texts")[number % 2]
        free = chance.randrange(0, 600_000)
        with setting.place("disk") as folder, small_disk(folder) as is_mounted:
            if not is_mounted:
                result.skipped = "no small file system could be mounted (needs root)"
                return
            common: dict[str, Any] = {
                "path": str(folder / "c"),
                "flavour": flavour,
                "steps": mixed_steps(setting.seed, rows=200),
            }
            server = setting.pool.servers[0]
            done = server.run("tests.faults.hardship:fail", at=0, act="count", free=free, **common)
            problems = done.result["problems"] if done.result else [done.last_line]
            if done.result and done.result["error"] not in (None, "StorageFull"):
                problems.append(f"told as {done.result['error']}")
            seen = server.run("tests.faults.jobs:inspect", acknowledged=len(done.acks), **common)
            problems += seen.result["problems"] if seen.result else [seen.last_line]
        result.counts["a file system that is really full"] += 1
        result.case(problems, f"{flavour}, {free} bytes free")


@contextmanager
def small_disk(folder: Path) -> Iterator[bool]:
    """Mount a file system of a few megabytes at a folder; yield whether that was permitted."""
    size = f"size={MEGABYTES}m"
    asked = ["mount", "-t", "tmpfs", "-o", size, "semsearch-faults", str(folder)]
    try:
        done = subprocess.run(asked, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        done = False
    try:
        yield done
    finally:
        if done:
            subprocess.run(["umount", str(folder)], check=True)


def programs(setting: Setting, result: Result) -> None:
    """Let `semsearch index` meet errors: one line, exit code 1, and the same command finishes."""
    chance = random.Random(setting.seed)
    with setting.place("table") as folder:
        table = folder / "many.csv"
        lines = (f"{n},{WORDS[n % 8]} number {n}\n" for n in range(ROWS))
        table.write_text("id,text\n" + "".join(lines))
        points = len(_program(setting, folder / "count", table).result["labels"])
        for number in range(max(2, setting.size // SHARE)):
            act = ("ENOSPC", "EIO", "EMFILE", "EACCES")[number % 4]
            at = chance.randint(1, points)
            how = {"at": at, "act": act, "lasting": act == "ENOSPC"}
            problems = _program_case(setting, folder / str(number), table, how)
            result.counts["commands"] += 1
            result.case(problems, f"semsearch index, {act} at {at}")


def _program(setting: Setting, indexes: Path, table: Path, **how: Any) -> Any:
    words = ["--indexes", str(indexes), "index", "many", str(table), "--text", "text"]
    words += ["--key", "id", "--module", "hashing"]
    how = {"at": 0, "act": "count", "lasting": False, **how}
    return setting.pool.servers[0].run("tests.faults.hardship:command", words=words, **how)


def _program_case(setting: Setting, indexes: Path, table: Path, how: dict[str, Any]) -> list[str]:
    done = _program(setting, indexes, table, **how)
    if done.result is None:
        return [f"ended with {done.status}: {done.last_line}"]
    problems = []
    may_pass = done.notes and done.notes[0].startswith(("fsio unlink", "db delete", "db truncate"))
    if done.result["code"] != 1 and not (may_pass and done.result["code"] == 0):
        problems.append(f"exit code {done.result['code']} at {done.notes}")
    if "Traceback" in done.stderr:
        problems.append(f"a traceback: {done.last_line}")
    if done.result["code"] == 1 and not done.last_line.startswith("semsearch: "):
        problems.append(f"the last line is {done.last_line!r}")
    again = _program(setting, indexes, table)
    if again.result is None or again.result["code"] != 0:
        problems.append(f"the same command ends with {again.last_line}")
        return problems
    seen = setting.pool.servers[0].run(
        "tests.faults.jobs:look_at_texts", path=str(indexes / "many"), batch=256
    )
    if seen.result is None or seen.result["rows"] != ROWS:
        return [*problems, f"afterwards: {seen.result or seen.last_line}"]
    return problems + list(seen.result["problems"])
