"""A model of what a power cut leaves: data that was not synced, and names that were not.

`Disk` watches a process that works on real files and writes down, when it is told to, what was
not yet durable; `lose_power` then takes that away from the files by chance.
"""

from __future__ import annotations

import base64
import json
import os
import random
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

SECTOR = 512

Call = Callable[..., Any]


class Disk:
    """What of the files under `root` a power cut could still take; notes go into `aside`."""

    def __init__(self, root: Path, aside: Path) -> None:
        self._root = str(root)
        self._aside = aside
        self._dirty: set[str] = set()
        self._names: list[dict[str, Any]] = []
        self._images: dict[str, bytes] = {}
        self._writes: dict[str, list[tuple[int, bytes | None]]] = {}
        self._saved = 0

    def install(self) -> None:
        """Watch the calls by which `fsio` changes files."""
        os.open = self._opening(os.open)
        os.fsync = self._syncing(os.fsync)
        os.rename = self._renaming(os.rename)
        os.unlink = self._unlinking(os.unlink)
        os.mkdir = self._making(os.mkdir)
        os.pwrite = self._writing(os.pwrite)

    def _opening(self, real: Call) -> Call:
        def opened(path: Any, flags: int, *args: Any, **options: Any) -> int:
            is_new = bool(flags & os.O_CREAT) and self._sees(path) and not Path(path).exists()
            descriptor: int = real(path, flags, *args, **options)
            if is_new:
                self.created(Path(path))
                self._dirty.add(str(path))
            return descriptor

        return opened

    def _syncing(self, real: Call) -> Call:
        def synced(descriptor: int) -> None:
            real(descriptor)
            path = _path_of(descriptor)
            if path.is_dir():
                self.synced_folder(path)
            else:
                self._dirty.discard(str(path))

        return synced

    def _renaming(self, real: Call) -> Call:
        def renamed(source: Any, target: Any, **options: Any) -> None:
            if self._sees(target):
                self._rename(str(source), str(target))
            real(source, target, **options)

        return renamed

    def _unlinking(self, real: Call) -> Call:
        def unlinked(path: Any, **options: Any) -> None:
            if self._sees(path) and not options.get("dir_fd"):
                self.deleted(Path(path))
            real(path, **options)

        return unlinked

    def _making(self, real: Call) -> Call:
        def made(path: Any, *args: Any, **options: Any) -> None:
            real(path, *args, **options)
            if self._sees(path):
                self._names.append({"do": "mkdir", "path": str(path)})

        return made

    def _writing(self, real: Call) -> Call:
        def written(descriptor: int, data: Any, offset: int) -> int:
            path = _path_of(descriptor)
            if self._sees(path):
                self._dirty.add(str(path))
            return int(real(descriptor, data, offset))

        return written

    def created(self, path: Path) -> None:
        """A new name, of a file that holds nothing yet."""
        self._names.append({"do": "create", "path": str(path)})

    def deleted(self, path: Path) -> None:
        """A name that goes away; its content may come back."""
        if not path.exists():
            return
        known = [name for name in self._names if name["path"] == str(path)]
        self._names.append({"do": "unlink", "path": str(path), "saved": self._save(path)})
        self._dirty.discard(str(path))
        self._images.pop(str(path), None)
        self._writes.pop(str(path), None)
        if any(name["do"] == "create" for name in known):
            # A file whose name was never durable leaves nothing.
            self._names = [name for name in self._names if name["path"] != str(path)]

    def synced_folder(self, folder: Path) -> None:
        """All names of a folder are durable now."""
        self._names = [n for n in self._names if str(Path(n["path"]).parent) != str(folder)]

    def wrote(self, path: Path, offset: int, data: bytes) -> None:
        """A piece of one of SQLite's files, about to be written."""
        self._pending(path).append((offset, data))

    def cut(self, path: Path, size: int) -> None:
        """One of SQLite's files, about to be cut."""
        self._pending(path).append((size, None))

    def synced(self, path: Path) -> None:
        """One of SQLite's files is durable as it stands."""
        if path.exists():
            self._images[str(path)] = path.read_bytes()
            self._writes[str(path)] = []

    def dump(self) -> None:
        """Write down what could be lost now."""
        writes = {
            path: [
                (at, None if data is None else base64.b64encode(data).decode()) for at, data in some
            ]
            for path, some in self._writes.items()
        }
        images = {path: base64.b64encode(data).decode() for path, data in self._images.items()}
        notes = {
            "dirty": sorted(self._dirty), "names": self._names, "images": images, "writes": writes,
        }  # fmt: skip
        (self._aside / "disk.json").write_text(json.dumps(notes))

    def _sees(self, path: Any) -> bool:
        return isinstance(path, str | os.PathLike) and os.fspath(path).startswith(self._root)

    def _pending(self, path: Path) -> list[tuple[int, bytes | None]]:
        name = str(path)
        if name not in self._images:
            self._images[name] = path.read_bytes() if path.exists() else b""
            self._writes[name] = []
        return self._writes[name]

    def _save(self, path: Path) -> str:
        self._saved += 1
        saved = self._aside / f"saved{self._saved}"
        shutil.copyfile(path, saved)
        return str(saved)

    def _rename(self, source: str, target: str) -> None:
        saved = self._save(Path(target)) if Path(target).is_file() else None
        was_new = {"do": "create", "path": source} in self._names
        self._names = [n for n in self._names if n != {"do": "create", "path": source}]
        self._move(source, target)
        self._names.append(
            {"do": "rename", "path": target, "from": source, "saved": saved, "new": was_new}
        )

    def _move(self, source: str, target: str) -> None:
        """Follow a folder, or a file, to its new name."""

        def moved(path: str) -> str:
            inside = path == source or path.startswith(source + "/")
            return target + path[len(source) :] if inside else path

        self._dirty = {moved(path) for path in self._dirty}
        self._images = {moved(path): data for path, data in self._images.items()}
        self._writes = {moved(path): some for path, some in self._writes.items()}
        self._names = [
            {key: moved(value) if key in ("path", "from") else value for key, value in name.items()}
            for name in self._names
        ]


def _path_of(descriptor: int) -> Path:
    return Path(f"/proc/self/fd/{descriptor}").readlink()


def lose_power(root: Path, aside: Path, chance: random.Random) -> list[str]:
    """Take from the files what was not durable when `aside` was written; tell what was taken."""
    notes = json.loads((aside / "disk.json").read_text())
    for shared in root.rglob("*-shm"):
        shared.unlink()  # memory that the processes share; it is made anew after a start
    told = [_spoil(Path(path), chance) for path in notes["dirty"]]
    told += [_replay(Path(path), notes, chance) for path in notes["images"]]
    for name in reversed(notes["names"]):
        if chance.random() < 0.5:
            told.append(_undo(name))
    return [line for line in told if line]


def _spoil(path: Path, chance: random.Random) -> str:
    """Leave of a file that was never synced what the disk may have of it."""
    if not path.exists():
        return ""
    data = path.read_bytes()
    kept = chance.randint(0, len(data))
    kind = chance.choice(["whole", "empty", "short", "zeros", "zero tail", "sectors"])
    sectors = [data[at : at + SECTOR] for at in range(0, len(data), SECTOR)]
    torn = b"".join(chance.choice([part, bytes(len(part))]) for part in sectors)
    made = {
        "whole": data, "empty": b"", "short": data[:kept], "zeros": bytes(len(data)),
        "zero tail": data[:kept] + bytes(len(data) - kept), "sectors": torn,
    }  # fmt: skip
    path.write_bytes(made[kind])
    return f"{path.name}: {kind}"


def _replay(path: Path, notes: dict[str, Any], chance: random.Random) -> str:
    """Apply by chance what was written to one of SQLite's files after its last sync."""
    if not path.parent.exists() or not path.exists():
        return ""
    content = bytearray(base64.b64decode(notes["images"][str(path)]))
    done = 0
    for at, encoded in notes["writes"][str(path)]:
        fate = chance.choice(["done", "lost", "torn"])
        if fate == "lost":
            continue
        done += 1
        if encoded is None:
            del content[at:]
            continue
        data = base64.b64decode(encoded)
        piece = data if fate == "done" else data[: chance.randint(0, len(data))]
        content.extend(bytes(max(0, at + len(piece) - len(content))))
        content[at : at + len(piece)] = piece
    path.write_bytes(content)
    n = len(notes["writes"][str(path)])
    return f"{path.name}: {done} of {n} writes" if n else ""


def _undo(name: dict[str, Any]) -> str:
    """Take back a change of names."""
    path = Path(name["path"])
    if not path.parent.exists():
        return ""
    match name["do"]:
        case "create":
            path.unlink(missing_ok=True)
        case "mkdir":
            shutil.rmtree(path, ignore_errors=True)
        case "unlink":
            shutil.copyfile(name["saved"], path)
        case "rename":
            with suppress(FileNotFoundError):
                path.rename(name["from"])
                if name["new"] and Path(name["from"]).is_file():
                    Path(name["from"]).unlink()
            if name["saved"]:
                shutil.copyfile(name["saved"], path)
    return f"{name['do']} {path.name} undone"
