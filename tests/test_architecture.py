"""The shape of the house, held by tests: light imports, one face, one family of errors."""

from __future__ import annotations

import ast
import inspect
import resource
import subprocess
import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import semsearch
from semsearch import errors
from semsearch.cli.commands import COMMANDS

HEAVY = ("faiss", "pandas", "pyarrow", "sentencepiece", "sklearn", "sqlglot", "tensorflow", "flask")
ROOT = Path(__file__).parent.parent


def heavy_after(code: str) -> set[str]:
    """Return which heavy libraries a fresh process has loaded after running `code`."""
    script = f"import sys\n{code}\nprint(*(name for name in {HEAVY!r} if name in sys.modules))"
    run = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT
    )
    return set(run.stdout.splitlines()[-1].split())


def test_importing_the_library_and_the_command_line_loads_nothing_heavy() -> None:
    assert heavy_after("import semsearch, semsearch.cli.main") == set()


def test_help_loads_nothing_heavy() -> None:
    code = (
        "from click.testing import CliRunner; from semsearch.cli.main import main\n"
        "assert CliRunner().invoke(main, ['--help']).exit_code == 0"
    )
    assert heavy_after(code) == set()


def test_help_takes_under_0_4_seconds() -> None:
    def spent() -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        command = [sys.executable, "-m", "semsearch.cli.main", "--help"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=ROOT)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    # Processor time, which is all of the time on an idle machine: others may use the cores now.
    assert min(spent() for _ in range(3)) < 0.4


def test_commands_are_listed_as_they_describe_themselves() -> None:
    for name, (place, text) in COMMANDS.items():
        command = EntryPoint(name, place, "").load()
        assert (command.name, command.get_short_help_str(len(text))) == (name, text)


def test_help_loads_none_of_the_commands() -> None:
    code = "from semsearch.cli.main import main; main(['--help'], standalone_mode=False)"
    probe = f"import sys; {code}; sys.exit('numpy' in sys.modules)"
    subprocess.run([sys.executable, "-c", probe], check=True, stdout=subprocess.DEVNULL, cwd=ROOT)


def test_searching_stored_vectors_needs_faiss_alone(tmp_path: Path) -> None:
    code = (
        f"import numpy, semsearch; c = semsearch.create({str(tmp_path / 'c')!r}, None, dim=3)\n"
        "c.add(vectors=numpy.eye(3), keys=['a', 'b', 'c']); c.similar('a')"
    )
    assert heavy_after(code) == {"faiss"}


def test_the_face_is_what_all_says() -> None:
    tree = ast.parse((ROOT / "semsearch" / "__init__.py").read_text())
    [typed] = [node for node in tree.body if isinstance(node, ast.If)]
    imports = [
        name for node in typed.body if isinstance(node, ast.ImportFrom) for name in node.names
    ]
    assert sorted(name.asname or name.name for name in imports) == semsearch.__all__
    assert all(getattr(semsearch, name) is not None for name in semsearch.__all__)


def test_every_error_descends_from_the_root_and_has_its_own_code() -> None:
    classes = [
        value
        for value in vars(errors).values()
        if inspect.isclass(value) and value.__module__ == errors.__name__
    ]
    assert all(issubclass(one, semsearch.SemsearchError) for one in classes)
    assert len({one.code for one in classes}) == len(classes)
    assert all(one.__name__ in (errors.__doc__ or "") for one in classes)


def test_files_and_functions_stay_small() -> None:
    for folder in ("semsearch", "webui"):
        for path in (ROOT / folder).rglob("*.py"):
            text = path.read_text()
            assert len(text.splitlines()) <= 400, path
            for node in ast.walk(ast.parse(text)):
                if isinstance(node, ast.FunctionDef):
                    assert body_lines(node) <= 40, f"{path}: {node.name}"


def body_lines(function: ast.FunctionDef) -> int:
    """Return how many lines a function has, its docstring apart."""
    has_docstring = ast.get_docstring(function) is not None
    first = function.body[1:2] if has_docstring else function.body[:1]
    return 0 if not first else (function.end_lineno or 0) - first[0].lineno + 1
