"""The licences that came with weights, to be passed on with them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from semsearch.modules.weights import WeightFile

NAMES = ("LICENSE", "LICENCE", "COPYING", "NOTICE")
LONGEST = 1_000_000


def licence_texts(weights: WeightFile) -> tuple[str, ...]:
    """Return the licences and notices in the package that a file of weights came in.

    Raises:
        ModuleError: the package is missing and cannot be fetched.
    """
    root = weights.locate().parents[len(Path(weights.path).parts)]
    name = re.split(r"[=@]=?", weights.requirement)[0]
    folders = [root / weights.package, *_metadata(root, name)]
    return tuple(text for folder in folders for text in licences_in(folder))


def licences_in(folder: Path) -> Iterator[str]:
    """Yield the licences and notices that lie in a folder, or in `licenses` below it."""
    for file in sorted([*folder.glob("*"), *folder.glob("licenses/*")]):
        is_licence = file.name.upper().startswith(NAMES) and file.is_file()
        if is_licence and file.stat().st_size <= LONGEST:
            yield file.read_text(encoding="utf-8", errors="replace")


def _metadata(root: Path, name: str) -> Iterator[Path]:
    wanted = re.sub(r"[-_.]+", "_", name).lower()
    for folder in root.glob("*.dist-info"):
        if re.sub(r"[-_.]+", "_", folder.name.partition("-")[0]).lower() == wanted:
            yield folder
