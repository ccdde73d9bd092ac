"""What a module's files are: their sizes and digests, the one digest over all, where it lies."""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from semsearch.errors import ModuleError
from semsearch.fsio import digest_of

PYTHON_CACHE, COMPILED = "__pycache__", (".pyc", ".pyo")
"""What Python leaves behind when a program beside a module is run: a folder of compiled code."""

CONTROL = re.compile(r"[\x00-\x1f\x7f]")
"""What no name may hold: a newline in one would make two modules of one digest."""

KERAS = ".keras"
SAVED_MODEL = "saved_model.pb"
HUB_V1 = "tfhub_module.pb"
TRANSFORMER = frozenset({"config.json", "model.safetensors", "vocab.txt"})
TEXT_FORM = "saved_model.pbtxt"
HOLDS = (
    f"a module's folder holds {SAVED_MODEL} (TensorFlow; {HUB_V1} too in the older form), or"
    f" {', '.join(sorted(TRANSFORMER))}; a Keras model is one {KERAS} file"
)


@dataclass(frozen=True, order=True)
class FileFact:
    """One file: its path relative to the folder with `/`, its size in bytes, its SHA-256 (hex)."""

    path: str
    size: int
    sha256: str


def files_in(folder: Path) -> dict[str, Path]:
    """Return the files in a folder and below by their relative path with `/`, sorted.

    What Python compiled into a `__pycache__` is left out. A linked file counts as its content.

    Raises:
        ModuleError: there is a linked folder, a device or the like, or a name with a control
            character, or a folder cannot be read.
    """
    found: dict[str, Path] = {}
    for parent, folders, names in os.walk(folder, onerror=_unreadable):
        linked = [name for name in folders if Path(parent, name).is_symlink()]
        for path in (Path(parent, name) for name in [*linked, *names]):
            if path.parent.name == PYTHON_CACHE and path.suffix in COMPILED:
                continue
            if path.name in linked or not path.is_file():
                raise ModuleError(
                    f"{str(path)!r} is not a regular file", "a module holds files and folders only"
                )
            found[_name_in(folder, path)] = path
    return dict(sorted(found.items()))


def facts_of(path: Path) -> tuple[FileFact, ...]:
    """Return size and digest of every file in a folder, or of the one file that `path` is.

    A single file is called `module.keras` whatever its name, so that renaming changes nothing.

    Raises:
        ModuleError: a file cannot be read, or is none.
    """
    files = {"module.keras": path} if path.is_file() else files_in(path)
    try:
        return tuple(
            FileFact(name, file.stat().st_size, digest_of(file)) for name, file in files.items()
        )
    except OSError as error:
        raise ModuleError(
            f"{error.filename!r} cannot be read ({error.strerror})", "check its permissions"
        ) from error


def digest_over(facts: Iterable[FileFact]) -> str:
    """Return the digest of a module: the SHA-256 (hex) over a line for each of its files.

    A line is the relative path, a space, the file's SHA-256 and a newline; the lines are sorted.
    Nothing in the folder is left out but what Python compiled into a `__pycache__`.
    """
    lines = sorted(f"{fact.path} {fact.sha256}\n" for fact in facts)
    return hashlib.sha256("".join(lines).encode("utf-8", "surrogateescape")).hexdigest()


def size_of(facts: Iterable[FileFact]) -> int:
    """Return the bytes of all the files together."""
    return sum(fact.size for fact in facts)


def below(facts: Iterable[FileFact], folder: str) -> tuple[FileFact, ...]:
    """Return the facts of the files below a folder, relative to it; "." is all of them."""
    if folder == ".":
        return tuple(facts)
    start = f"{folder}/"
    return tuple(
        FileFact(fact.path.removeprefix(start), fact.size, fact.sha256)
        for fact in facts
        if fact.path.startswith(start)
    )


def module_folders(paths: Iterable[str]) -> list[str]:
    """Return the folders that hold a module, outermost only, given the files' relative paths."""
    names: dict[str, set[str]] = {}
    for path in paths:
        pure = PurePosixPath(path)
        names.setdefault(str(pure.parent), set()).add(pure.name)
    holding = {folder for folder, files in names.items() if is_module(files)}
    return sorted(
        folder
        for folder in holding
        if folder == "." or not any(str(up) in holding for up in PurePosixPath(folder).parents)
    )


def is_module(names: Iterable[str]) -> bool:
    """Tell whether the files of these names, in one folder, are a module."""
    there = set(names)
    return bool(there & {SAVED_MODEL, HUB_V1}) or there >= TRANSFORMER


def the_module_in(paths: Sequence[str], what: str) -> str:
    """Return the one folder among the files of an archive or package that holds a module.

    Raises:
        ModuleError: there is none, or several.
    """
    folders = module_folders(paths)
    if not folders:
        raise ModuleError(f"there is no module in {what}", HOLDS)
    if len(folders) > 1:
        shown = ", ".join(repr(folder) for folder in folders[:10])
        raise ModuleError(
            f"there are {len(folders)} modules in {what}: {shown}",
            "unpack it and name the folder of the one that you want",
        )
    return folders[0]


def make_durable(folder: Path) -> None:
    """Make the files in a folder and below survive a power cut."""
    for parent, _, names in os.walk(folder):
        for path in [*(Path(parent, name) for name in names), Path(parent)]:
            if stat.S_ISREG(path.lstat().st_mode) or path.is_dir():
                _sync(path)


def _name_in(folder: Path, path: Path) -> str:
    name = path.relative_to(folder).as_posix()
    if CONTROL.search(name):
        raise ModuleError(
            f"the name of the file {str(path)!r} holds a control character", "rename it"
        )
    return name


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _unreadable(error: OSError) -> None:
    raise ModuleError(
        f"the folder {error.filename!r} cannot be read ({error.strerror})", "check its permissions"
    ) from error
