"""R22: no assert, fork or pickle; inputs are checked under -O; nothing is left open."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.faults.pool import ROOT
from tests.faults.record import Result, Setting, Suite
from tests.faults.workload import mixed_steps

PRODUCT = ("semsearch", "webui")

FORBIDDEN_MODULES = {"pickle", "joblib", "dill", "shelve", "marshal", "multiprocessing"}

FORBIDDEN_CALLS = {"eval", "exec", "os.fork", "os.forkpty", "os.system", "pickle.load"}

MAY = {
    "semsearch/modules/networks/torch_file.py": {"pickle"},  # docs/decisions/0005-the-one-pickle.md
}

UNDER_O = {
    9: ("tests/test_vectors.py", "tests/test_fsio.py"),
    10: ("tests/test_vectors.py", "tests/test_fsio.py", "tests/bad_input"),
    11: ("tests/store", "tests/search", "tests/index", "tests/collection", "tests/corpus"),
}
"""What runs under `python -O`, by the size of the run; each adds to those before."""


def run(setting: Setting) -> Result:
    """Read every file of the product, and run a part of the tests without assertions."""
    result = setting.result()
    for path in _files(setting):
        result.case(list(_findings(path)), path.name)
    for size, paths in UNDER_O.items():
        if size <= setting.size and setting.defect is None:
            result.case(_under_o([path for path in paths if (ROOT / path).exists()]), "python -O")
            result.counts["runs of tests under -O"] += 1
    result.case(_left_open(setting), "ResourceWarning")
    return result


def _files(setting: Setting) -> Iterator[Path]:
    for folder in PRODUCT:
        yield from sorted((ROOT / folder).rglob("*.py"))
    if setting.defect == "assert-in-product":
        bad = setting.folder / "bad.py"
        bad.write_text("def check(k):\n    assert k > 0\n")
        yield bad


def _findings(path: Path) -> Iterator[str]:
    """Yield what a file of the product must not hold."""
    allowed = MAY.get(str(path.relative_to(ROOT)), set()) if ROOT in path.parents else set()
    for node in ast.walk(ast.parse(path.read_text())):
        name = _name_of(node)
        if name is not None and name.split(".")[0] not in allowed:
            yield f"line {getattr(node, 'lineno', 0)}: {name}"


def _name_of(node: ast.AST) -> str | None:
    """Return the name of something forbidden, None for all else."""
    match node:
        case ast.Assert():
            return "assert"
        case ast.Import(names=names):
            return next((n.name for n in names if n.name.split(".")[0] in FORBIDDEN_MODULES), None)
        case ast.ImportFrom(module=str(module)):
            return module if module.split(".")[0] in FORBIDDEN_MODULES else None
        case ast.Call(func=function):
            called = ast.unparse(function)
            return called if called in FORBIDDEN_CALLS else None
    return None


def _under_o(paths: list[str]) -> list[str]:
    """Run tests without assertions: `pytest.raises` still asks for every refusal."""
    done = subprocess.run(
        [sys.executable, "-O", "-X", "faulthandler", "-m", "pytest", "-q", "-p", "no:cacheprovider",
         "-m", "not slow and not tensorflow and not browser",
         "-W", "ignore::pytest.PytestConfigWarning", *paths],
        cwd=ROOT, capture_output=True, text=True, check=False, env={**os.environ},
    )  # fmt: skip
    return [] if done.returncode == 0 else [line for line in done.stdout.splitlines()[-8:] if line]


def _left_open(setting: Setting) -> list[str]:
    """Do a workload where a file that nobody closes is told on stderr."""
    with setting.place("open") as folder:
        done = setting.pool.servers[0].run(
            "tests.faults.jobs:run",
            path=str(folder / "c"),
            flavour="texts",
            steps=mixed_steps(setting.seed),
        )
    return [line for line in done.stderr.splitlines() if "Warning" in line or "Error" in line]


SUITE = Suite(
    number="R22",
    title="no assert, fork or pickle; inputs checked under python -O; nothing left open",
    run=run,
    sizes={"fast": 10, "deep": 11},
    defects=("assert-in-product",),
    unit="checks",
)
