"""Publishing modules, and checking a published one on the machine that got it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from semsearch.modules.exporting.exportable import Exportable
from semsearch.modules.exporting.records import damaged_files, read_sums
from semsearch.modules.exporting.root import lowest_cosine
from semsearch.modules.exporting.write import ENOUGH

__all__ = ["ENOUGH", "Exportable", "VerifyReport", "verify_export"]


@dataclass(frozen=True)
class VerifyReport:
    """What is known of an exported module after it was checked.

    `digest` (SHA-256, hex) covers the list of all files: equal digests and no damage mean that
    every byte is as it was written. `damaged` names each file that is not, and what is wrong with
    it. `lowest_cosine` is the lowest between the stored test vectors and those that the graph
    gives here; None where files are damaged, because then it was not run.
    """

    folder: Path
    digest: str
    n_files: int
    damaged: tuple[str, ...]
    lowest_cosine: float | None

    @property
    def is_good(self) -> bool:
        """Whether all files are as written and the graph gives the vectors that it should."""
        return self.lowest_cosine is not None and self.lowest_cosine >= ENOUGH


def verify_export(folder: str | Path) -> VerifyReport:
    """Check the files of an exported module against their digests, then run its test inputs.

    Raises:
        ModuleError: the folder is no export, or its graph cannot be loaded and run.
    """
    path = Path(folder).expanduser().absolute()
    sums = read_sums(path)
    damaged = tuple(damaged_files(path, sums))
    lowest = None if damaged else lowest_cosine(path)
    return VerifyReport(path, sums.digest, len(sums.by_path), damaged, lowest)
