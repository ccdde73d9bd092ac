"""What stands beside the SavedModel: card, licence, test vectors, and the digest of every file."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from semsearch import fsio
from semsearch.errors import ModuleError
from semsearch.modules.card import ModuleCard
from semsearch.modules.exporting.exportable import Exportable
from semsearch.vectors import Vectors

FOLDER = "semsearch"
CARD = f"{FOLDER}/card.json"
LICENCE = f"{FOLDER}/LICENCE.txt"
TEXTS = f"{FOLDER}/test_inputs.json"
PICTURES = f"{FOLDER}/test_inputs.npy"
VECTORS = f"{FOLDER}/test_vectors.npy"
SUMS = f"{FOLDER}/SHA256SUMS"
"""In the form of the program sha256sum, so that `sha256sum -c` reads it too; written last."""


@dataclass(frozen=True)
class Sums:
    """The digests (SHA-256, hex) of all files of an export by their paths inside it."""

    by_path: dict[str, str]

    @property
    def digest(self) -> str:
        """One digest over all of them."""
        return hashlib.sha256(self.text().encode()).hexdigest()

    def text(self) -> str:
        """Return the lines of the file that holds them."""
        return "".join(f"{self.by_path[path]}  {path}\n" for path in sorted(self.by_path))


def card_of_export(card: ModuleCard, network: Exportable) -> ModuleCard:
    """Return the card of the SavedModel that a module becomes."""
    if card.modality == "text":
        return replace(
            card,
            form="SavedModel",
            signature=f"texts (n,) string -> vectors (n, {card.dim}) float32",
            is_dynamic=True,
        )
    side = "h, w" if network.is_dynamic else f"{card.image_size}, {card.image_size}"
    return replace(
        card,
        form="SavedModel",
        signature=f"images (n, {side}, 3) float32 -> vectors (n, {card.dim}) float32",
        is_dynamic=network.is_dynamic,
        pixel_range=(0.0, 1.0),
    )


def write_records(
    folder: Path, card: ModuleCard, network: Exportable, samples: Sequence[Any], expected: Vectors
) -> None:
    """Write everything but the digests into the folder of a SavedModel.

    Raises:
        StorageError: the disk refuses it.
    """
    size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    exported = replace(card_of_export(card, network), size=size)
    _write(folder, CARD, _as_json(exported.as_dict()))
    _write(folder, LICENCE, _licence(card, network.licence_texts).encode())
    if card.modality == "text":
        _write(folder, TEXTS, _as_json(list(samples)))
    else:
        _write(folder, PICTURES, _as_npy(np.stack(samples)))
    _write(folder, VECTORS, _as_npy(expected))


def write_sums(folder: Path) -> Sums:
    """Write the digests of all files that stand in a folder, and return them."""
    sums = Sums({path: fsio.digest_of(folder / path) for path in _files(folder)})
    _write(folder, SUMS, sums.text().encode())
    return sums


def read_sums(folder: Path) -> Sums:
    """Return the digests that an export was written with.

    Raises:
        ModuleError: the folder holds none, so it is no export, or they cannot be read.
    """
    try:
        lines = (folder / SUMS).read_text(encoding="utf-8").splitlines()
        return Sums({path: digest for digest, path in (line.split("  ", 1) for line in lines)})
    except (OSError, ValueError) as error:
        raise ModuleError(
            f"{str(folder)!r} is no exported module: it has no readable {SUMS!r} ({error})",
            "name a folder that Module.export has written",
        ) from error


def damaged_files(folder: Path, sums: Sums) -> list[str]:
    """Return what is wrong with each file that is not as it was written, in order of the paths.

    Only files inside the folder are opened, whatever the list of digests says.
    """
    there = _files(folder)
    found = {path: _fault(folder / path, sums.by_path.get(path)) for path in there}
    missing = dict.fromkeys(set(sums.by_path) - set(there), "is missing")
    faults = {path: fault for path, fault in (found | missing).items() if fault}
    return [f"{path!r} {faults[path]}" for path in sorted(faults)]


def _files(folder: Path) -> list[str]:
    paths = [path for path in folder.rglob("*") if path.is_symlink() or not path.is_dir()]
    return sorted(path.relative_to(folder).as_posix() for path in paths if path != folder / SUMS)


def _fault(file: Path, sha256: str | None) -> str:
    if sha256 is None:
        return "is not one of the module's files"
    if file.is_symlink() or not file.is_file():
        return "is no plain file"
    try:
        return "" if fsio.digest_of(file) == sha256 else "is not what was written"
    except OSError as error:
        return f"cannot be read ({error.strerror})"


def _licence(card: ModuleCard, texts: Sequence[str]) -> str:
    head = f"{card.name} {card.version}\nLicence: {card.licence or 'none is stated'}\n"
    return "\n\n".join([head + f"Source: {card.source}\n", *texts])


def _write(folder: Path, path: str, data: bytes) -> None:
    fsio.publish_bytes(data, scratch=folder, place=lambda _sha256: folder / path)


def _as_json(value: Any) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=2) + "\n").encode()


def _as_npy(array: Any) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    return buffer.getvalue()
