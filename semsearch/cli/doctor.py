"""`doctor`: versions, known clashes, free disk, and what to do."""

from __future__ import annotations

import platform
import shutil
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import apsw
import click

from semsearch.cli.options import indexes_of, json_option
from semsearch.cli.screen import print_facts, print_json, results
from semsearch.collection import collection_names
from semsearch.modules.handles import cache_root, cached_modules, verify_cached

PACKAGES = (
    "semsearch", "tensorflow", "tensorflow-hub", "faiss-cpu", "scikit-learn", "numpy", "pandas",
    "apsw", "sentencepiece", "pillow", "flask", "waitress", "setuptools",
)  # fmt: skip

TEXT = "tensorflow-text"
SETUPTOOLS_WITHOUT_PKG_RESOURCES = 82
SQLITE_WITH_SAFE_WAL = (3, 51, 3)
LITTLE_DISK = 1e9


@click.command()
@json_option
@click.pass_context
def doctor(context: click.Context, *, as_json: bool) -> None:
    """Look over this installation and say what to do about what is wrong."""
    indexes = indexes_of(context)
    versions = {name: _version(name) or "missing" for name in PACKAGES}
    problems = list(_problems(indexes))
    free = shutil.disk_usage(_existing(indexes)).free
    if as_json:
        facts = {"versions": versions, "free_bytes": free, "problems": problems}
        print_json(facts)
    else:
        lines = [
            ("python", f"{platform.python_version()} at {sys.executable}"),
            *versions.items(),
            ("sqlite", apsw.sqlite_lib_version()),
            (
                "collections",
                f"{', '.join(collection_names(indexes)) or 'none'} in {str(indexes)!r}",
            ),
            ("modules", _fetched_modules()),
            ("free disk", f"{free / 1e9:,.1f} GB"),
        ]
        print_facts(lines, results())
        for problem in problems:
            results().print(f"problem: {problem}", style="red")
        if not problems:
            results().print("all is well")
    context.exit(1 if problems else 0)


def _problems(indexes: Path) -> Iterator[str]:
    yield from _clashes()
    yield from _damaged_modules()
    if tuple(map(int, apsw.sqlite_lib_version().split("."))) < SQLITE_WITH_SAFE_WAL:
        yield "this SQLite has a known fault in its log; run `pip install --upgrade apsw`"
    if shutil.disk_usage(_existing(indexes)).free < LITTLE_DISK:
        yield f"less than 1 GB is free where {str(indexes)!r} lies; free some space"


def _clashes() -> Iterator[str]:
    for name in PACKAGES[1:]:
        if _version(name) is None:
            yield f"{name} is missing; run `pip install {name}`"
    setuptools = _version("setuptools")
    if setuptools and int(setuptools.split(".")[0]) >= SETUPTOOLS_WITHOUT_PKG_RESOURCES:
        yield (
            f"setuptools {setuptools} lacks pkg_resources, which tensorflow-hub needs;"
            " run `pip install 'setuptools<82'`"
        )
    if _version("tensorflow-cpu"):
        yield (
            "tensorflow and tensorflow-cpu share one folder and overwrite each other;"
            " run `pip uninstall tensorflow-cpu && pip install --force-reinstall tensorflow`"
        )
    text, own = _version(TEXT), _version("tensorflow")
    if text and own and text.split(".")[:2] != own.split(".")[:2]:
        yield (
            f"{TEXT} {text} is made for another TensorFlow than {own};"
            f" run `pip install '{TEXT}=={'.'.join(own.split('.')[:2])}.*'`"
        )


def _damaged_modules() -> Iterator[str]:
    for found in verify_cached():
        if found.problem:
            yield (
                f"the fetched module {found.handle!r} is damaged: {found.problem};"
                f" run `semsearch modules add '{found.handle}'`"
            )


def _fetched_modules() -> str:
    fetched = cached_modules()
    size = sum(module.size for module in fetched)
    return f"{len(fetched)} fetched, {size / 1e6:,.1f} MB in {str(cache_root())!r}"


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _existing(path: Path) -> Path:
    path = path.absolute()
    return path if path.exists() else _existing(path.parent)
