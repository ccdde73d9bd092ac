"""R20: a backup under load is one moment of the collection, and is restored whole elsewhere."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from tests.faults.record import Result, Setting, Suite
from tests.faults.suites.r11_traffic import two_servers

SECONDS_EACH = 30


def run(setting: Setting) -> Result:
    """Back up and restore while another process adds, deletes, purges and compacts."""
    result = setting.result()
    cases = [{"number": number} for number in range(setting.size)]
    with setting.place("backups") as folder, two_servers() as servers:
        where = {"path": str(folder / "c"), "ledger": str(folder / "ledger")}
        prepared = servers[0].run("tests.faults.backups:prepare", **where)
        if prepared.status != 0:
            raise RuntimeError(prepared.stderr)
        longest = SECONDS_EACH * (1 + setting.size)
        with ThreadPoolExecutor(1) as threads:
            writing = threads.submit(
                servers[0].run,
                "tests.faults.backups:write_on",
                timeout=longest + 60,
                seed=setting.seed,
                seconds=longest,
                **where,
            )
            done = servers[1].run(
                "tests.faults.backups:back_up",
                timeout=longest,
                cases=cases,
                aside=str(folder),
                defect=setting.defect,
                **where,
            )
            written = writing.result()
    result.counts["changes beside"] = written.result or 0
    if written.status != 0:
        result.case([written.stderr[-300:]], "the process that writes")
    for case, problems in zip(cases, done.notes, strict=False):
        result.case(problems, f"backup {case['number']}, seed {setting.seed}")
    if len(done.notes) < len(cases):
        result.case([f"ended with {done.status}: {done.last_line}"], "the process that backs up")
    return result


SUITE = Suite(
    number="R20",
    title="backups while another process writes, restored elsewhere and checked in full",
    run=run,
    sizes={"fast": 3, "deep": 50},
    defects=("backup-of-two-moments", "backup-of-yesterday"),
    unit="backups",
)
