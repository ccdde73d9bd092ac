"""docs/reliability.md, written from the results of a run: nobody types a figure there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

PAGE = """<!-- Written by `make faults` from reliability.json; do not edit. -->
# What was broken on purpose, and what held

`make faults` breaks the disk, the memory and the process under a collection, looks at it from a
fresh process, and writes this page. `make test` runs the same suites in a smaller size. What holds:

1. What `add` or `delete` acknowledged is there after a crash, `kill -9` or a power cut.
2. A batch is there whole or not at all.
3. Damage is told, or has no effect on any answer; there is one exception, named at the end.
4. An error of the disk is told in one sentence; what stood before can still be read, the same call
   succeeds once the cause is gone, and no file is left behind.

## The last run

{run}

{suites}

## Do the suites see anything?

Each defect was put into the product, and the suite had to fail.

{defects}

## What stands behind the words

- **Crash** (R1): the process ends before an operation of `fsio` or a statement of SQL, by
  `os._exit`, by unwinding, or by a real SIGKILL; every fourth is crashed again in what follows.
- **Power cut** (R2): data that was not synced is dropped, zeroed or torn by sector, names that were
  not synced are undone, SQLite's own writes too: a VFS in Python stands under its checksum VFS.
- **Full disk** (R4): every write of `fsio` and of SQLite, once or from there on; short writes; a
  failing fsync; and the kernel's own limit on the size of a file.
- Each case has a seed; `python -m tests.faults.run --only R2 --seed N` makes it again.

## What was not tried

- A file system that drops what was not synced (LazyFS, device mapper): the model above stands in.
- An interpreter that cannot allocate while it starts a thread: CPython itself waits for ever then
  (counted under R5 where it happened).
- Disks that say that they have written what they have not. Windows, macOS, network file systems.
- Damage to SQLite's log between the death of a writer and the next writer: SQLite takes the first
  damaged record for the end of the log, so the last commits can be missing without a word (counted
  as "older" under R8). A writer that ends in peace leaves the log empty.
- Wrong bytes in more than 64 MB of vectors: they are compared with their digest in a thread, so the
  first searches of a process may come before the damage is told; `semsearch check --full` waits.
"""


def write(page: Path, found: dict[str, Any]) -> None:
    """Write the page, and the results beside it; suites that were not run keep what they had."""
    results = page.with_suffix(".json")
    before = json.loads(results.read_text())["suites"] if results.exists() else {}
    suites = before | found["suites"]
    ordered = {number: suites[number] for number in sorted(suites, key=lambda n: int(n[1:]))}
    found = {**found, "suites": ordered}
    results.write_text(json.dumps(found, indent=1) + "\n")
    page.write_text(text_of(found))


def text_of(found: dict[str, Any]) -> str:
    """Return the page that belongs to some results."""
    return PAGE.format(run=_run(found), suites=_suites(found), defects=_defects(found))


def _run(found: dict[str, Any]) -> str:
    machine, suites = found["machine"], found["suites"].values()
    cases, failed = (sum(suite[what] for suite in suites) for what in ("cases", "failed"))
    minutes = sum(suite["seconds"] for suite in suites) / 60
    return (
        f"**{cases:,} cases, {failed} failed**, {minutes:,.0f} min on {machine['cores']} cores;"
        f" semsearch {machine['semsearch']}, SQLite {machine['sqlite']},"
        f" Python {machine['python']}."
    )


def _suites(found: dict[str, Any]) -> str:
    lines = [
        "| | what is broken | cases | failed | run | of these |",
        "|---|---|--:|--:|---|---|",
    ]
    for number, suite in found["suites"].items():
        counts = ", ".join(f"{name} {n:,}" for name, n in suite["counts"].items())
        skipped = f"; skipped: {suite['skipped']}" if suite["skipped"] else ""
        lines.append(
            f"| {number} | {suite['title']} | {suite['cases']:,} {suite['unit']} |"
            f" {suite['failed']} | {suite['date']}, {suite['tier']}, seed {suite['seed']},"
            f" {suite['seconds']:,.0f} s | {counts}{skipped} |"
        )
    return "\n".join(lines)


def _defects(found: dict[str, Any]) -> str:
    lines = ["| defect | suite | seen |", "|---|---|---|"]
    for number, suite in found["suites"].items():
        for name, was_seen in suite["defects"].items():
            lines.append(f"| {name.replace('-', ' ')} | {number} | {'yes' if was_seen else 'NO'} |")
    return "\n".join(lines)
