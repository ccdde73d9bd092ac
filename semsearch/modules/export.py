"""Publishing modules, and checking a published one on the machine that got it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from semsearch.errors import ModuleError
from semsearch.modules.exporting.exportable import Exportable
from semsearch.modules.exporting.records import damaged_files, read_sums
from semsearch.modules.exporting.root import lowest_cosine
from semsearch.modules.exporting.write import ENOUGH
from semsearch.modules.saved_model.scan import risks

__all__ = ["ENOUGH", "Exportable", "VerifyReport", "verify_export"]

SHOWN = 5


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


def verify_export(folder: str | Path, *, trust: bool = False) -> VerifyReport:
    """Check the files of an exported module against their digests, then run its test inputs.

    Its graph is scanned first, as that of any module is; `trust` runs it whatever it holds.

    Raises:
        ModuleError: the folder is no export, its graph holds operations that nobody agreed to, or
            it cannot be loaded and run.
    """
    path = Path(folder).expanduser().absolute()
    sums = read_sums(path)
    damaged = tuple(damaged_files(path, sums))
    if damaged:
        return VerifyReport(path, sums.digest, len(sums.by_path), damaged, None)
    if not trust:
        _refuse_risky(path)
    return VerifyReport(path, sums.digest, len(sums.by_path), (), lowest_cosine(path))


def _refuse_risky(path: Path) -> None:
    found = [risk for risk in risks(path) if not risk.is_missing]
    if found:
        listed = ", ".join(str(risk) for risk in found[:SHOWN])
        raise ModuleError(
            f"the module in {str(path)!r} is not run: it holds {listed}",
            "read what it does; if you trust its makers:"
            f" semsearch modules add {str(path)!r} --trust",
        )
