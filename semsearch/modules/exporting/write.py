"""Writing an export: whole and tried under its name, or not at all."""

from __future__ import annotations

import fcntl
import glob
import os
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from semsearch import fsio
from semsearch.errors import ModuleError, StorageError
from semsearch.modules.card import ModuleCard
from semsearch.modules.exporting.exportable import Exportable
from semsearch.modules.exporting.records import write_records, write_sums
from semsearch.modules.exporting.root import lowest_cosine, save_root
from semsearch.modules.exporting.samples import samples_for
from semsearch.vectors import Vectors

ENOUGH = 0.9999
"""The lowest cosine between what an exported module gives and what it must give."""

Graph = Callable[[], Exportable]


def write_export(
    card: ModuleCard,
    graph: Graph | None,
    encode: Callable[[Sequence[Any]], Vectors],
    folder: str | Path,
) -> Path:
    """Write a module as a SavedModel with its card and test vectors; return the folder.

    `encode` gives the vectors that the SavedModel has to give too. The folder appears under its
    name when all of it is on the disk and, loaded anew, gives them.

    Raises:
        ModuleError: the module has no graph, or the graph gives other vectors.
        StorageError: the folder exists already, or the disk refuses it.
    """
    target = Path(folder).expanduser().absolute()
    if graph is None:
        raise ModuleError(
            f"the module {card.name!r} has no TensorFlow graph, so it cannot be exported",
            "modules with a network can, such as use-multilingual, efficientnet-lite0 and those "
            "loaded from SavedModels",
        )
    _refuse_existing(target)
    samples = samples_for(card)
    with _unfinished(target) as temporary:
        expected = encode(samples)
        network = graph()
        save_root(card, network, samples, expected, temporary)
        write_records(temporary, card, network, samples, expected)
        write_sums(temporary)
        with fsio.disk_errors(target):
            _open_to_readers(temporary)
            fsio.sync_tree(temporary)
        _try(card, temporary)
        _refuse_existing(target)
        fsio.rename(temporary, target)
    return target


def _try(card: ModuleCard, folder: Path) -> None:
    lowest = lowest_cosine(folder)
    # NaN, too, is not enough.
    if not lowest >= ENOUGH:
        raise ModuleError(
            f"the exported graph of {card.name!r} gives other vectors than the module "
            f"(lowest cosine {lowest:.6f}, at least {ENOUGH} is needed), so nothing was written",
            "publish the files that the module was loaded from instead",
        )


def _open_to_readers(folder: Path) -> None:
    """Let everybody read what is made to be published; files of a collection are private."""
    folder.chmod(0o755)
    for path in folder.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)


def _refuse_existing(target: Path) -> None:
    if os.path.lexists(target):
        raise StorageError(f"{str(target)!r} exists already", "choose a new folder")


@contextmanager
def _unfinished(target: Path) -> Iterator[Path]:
    """Yield a new folder beside the target, locked as long as it is worked on, then remove it."""
    _sweep(target)
    temporary = target.with_name(f".{target.name}.{uuid.uuid4().hex}.unfinished")
    try:
        fsio.make_folder(temporary)
        with _locked(temporary, fcntl.LOCK_EX):
            yield temporary
    finally:
        with suppress(OSError):
            fsio.remove_tree(temporary)


def _sweep(target: Path) -> None:
    """Remove what an export under the same name left when it was killed."""
    for path in target.parent.glob(f".{glob.escape(target.name)}.*.unfinished"):
        # A lock that cannot be had is that of an export under way.
        with suppress(OSError), _locked(path, fcntl.LOCK_EX | fcntl.LOCK_NB):
            fsio.remove_tree(path)


@contextmanager
def _locked(folder: Path, how: int) -> Iterator[None]:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        try:
            fcntl.flock(descriptor, how)
        except OSError:
            # On a file system without locks nothing is swept, and writing goes on without.
            if how & fcntl.LOCK_NB:
                raise
        yield
    finally:
        os.close(descriptor)
