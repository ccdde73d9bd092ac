"""Where documents are: a folder or a single file. What is no regular file is told and not read."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple, Protocol

from semsearch.corpus.documents.document import words_of
from semsearch.corpus.documents.formats import is_clutter
from semsearch.corpus.images import LINK, Unreadable, open_regular
from semsearch.errors import SourceError


class Found(NamedTuple):
    """A file by its path in its source, with `/` between folders, and why it cannot be read."""

    path: str
    flaw: str = ""


class DocumentSource(Protocol):
    """A folder or an archive: what is in it, and the way to read it."""

    name: str

    def files(self) -> list[Found]:
        """Return the files, clutter left out, in the order in which they are read."""
        ...

    def opened(self, files: Iterable[Found]) -> Iterator[BinaryIO | Unreadable]:
        """Yield each file open, in order; it is closed when the next one is asked for."""
        ...


class DocumentFolder:
    """The files under a folder, sorted by their paths; hidden ones are left out."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name = repr(str(path))

    def files(self) -> list[Found]:
        """Return the files under the folder; a folder inside that cannot be read is told."""
        found: list[Found] = []
        folders = [self.path]
        while folders:
            folder = folders.pop()
            try:
                each = [one for one in os.scandir(folder) if not is_clutter(one.name)]
            except OSError as error:
                if folder == self.path:
                    raise SourceError(
                        f"the folder {self.name} cannot be read ({words_of(error)})",
                        "give yourself the right to read it",
                    ) from error
                found.append(self._found(folder, f"cannot be read ({words_of(error)})"))
                continue
            folders += [Path(one.path) for one in each if one.is_dir(follow_symlinks=False)]
            found += [
                self._found(Path(one.path), LINK if one.is_symlink() else "")
                for one in each
                if not one.is_dir(follow_symlinks=False)
            ]
        return sorted(found)

    def _found(self, path: Path, flaw: str) -> Found:
        return Found(path.relative_to(self.path).as_posix(), flaw)

    def opened(self, files: Iterable[Found]) -> Iterator[BinaryIO | Unreadable]:
        """Yield each file open, in order."""
        for file in files:
            yield from opened_one(self.path / file.path)


class SingleDocument:
    """One file, which may be reached by a link as any source may."""

    def __init__(self, path: Path) -> None:
        self._path = path.resolve()
        self.name = repr(str(path))
        self._shown = path.name

    def files(self) -> list[Found]:
        """Return the one file."""
        return [Found(self._shown)]

    def opened(self, files: Iterable[Found]) -> Iterator[BinaryIO | Unreadable]:
        """Yield the file open."""
        for _ in files:
            yield from opened_one(self._path)


def opened_one(path: Path) -> Iterator[BinaryIO | Unreadable]:
    """Yield a regular file open, or why it cannot be opened; close it afterwards."""
    try:
        file = open_regular(path)
    except FileNotFoundError:
        yield Unreadable("is not there any more")
        return
    except (OSError, ValueError) as error:  # ValueError: a name that no file can have
        yield Unreadable(f"cannot be opened ({words_of(error)})")
        return
    if isinstance(file, Unreadable):
        yield file
        return
    with file:
        yield file
