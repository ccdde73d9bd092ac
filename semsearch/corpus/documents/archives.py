"""Documents in zip and tar archives, read where they are: no name in one can reach the disk."""

from __future__ import annotations

import bz2
import gzip
import lzma
import stat
import tarfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path, PurePosixPath
from typing import IO, BinaryIO, cast
from zipfile import BadZipFile, ZipFile, ZipInfo

from semsearch.corpus.documents import limits
from semsearch.corpus.documents.document import words_of
from semsearch.corpus.documents.formats import archive_suffix, format_of, is_clutter
from semsearch.corpus.documents.sources import Found
from semsearch.corpus.images import LINK, Unreadable
from semsearch.corpus.scan import BLOCK, MEGABYTE, WatchedFile
from semsearch.errors import SourceError

ENCRYPTED = 1
DAMAGED = (
    tarfile.TarError, BadZipFile, NotImplementedError, OSError, EOFError, ValueError, zlib.error,
    lzma.LZMAError, OverflowError,
)  # fmt: skip


def unzipped(file: BinaryIO) -> IO[bytes]:
    """Return what is read of a gzip file."""
    return cast(IO[bytes], gzip.GzipFile(fileobj=file))


OPENERS: dict[str, Callable[[BinaryIO], IO[bytes]]] = {
    ".tar": lambda file: file,
    ".tar.gz": unzipped,
    ".tgz": unzipped,
    ".tar.bz2": bz2.BZ2File,
    ".tbz2": bz2.BZ2File,
    ".tar.xz": lzma.LZMAFile,
    ".txz": lzma.LZMAFile,
}


def plain(path: str) -> str:
    """Return the path of a member without `./` and doubled slashes."""
    return PurePosixPath(path).as_posix()


def is_left_out(path: str) -> bool:
    """Tell whether a member is hidden or clutter, or in a folder that is."""
    return any(is_clutter(part) for part in PurePosixPath(path).parts if part != "..")


def flaw_of_path(path: str) -> str:
    """Return why a member cannot be read because of its name, "" where it can."""
    pure = PurePosixPath(path)
    return "leads out of the archive" if pure.is_absolute() or ".." in pure.parts else ""


def too_big(name: str) -> SourceError:
    """Return the error for an archive that unpacks to too much."""
    return SourceError(
        f"{name} unpacks to more than {limits.MAX_ARCHIVE // MEGABYTE:,} MB"
        f" or {limits.MAX_MEMBERS:,} files",
        "divide it into several archives, or unpack it and index the folder",
    )


def opened_file(file: WatchedFile) -> BinaryIO:
    """Open an archive; raise `SourceError` where it cannot be, as when it is gone by now."""
    try:
        return file()
    except OSError as error:
        raise SourceError(
            f"{file.name} cannot be read ({words_of(error)})", "check the path and the right to it"
        ) from error


class DocumentZip:
    """The members of a zip archive, sorted by their paths."""

    def __init__(self, path: Path) -> None:
        self.name = repr(str(path))
        self._file = WatchedFile(self.name, lambda: path.open("rb"))
        self._members: dict[str, ZipInfo] = {}

    def files(self) -> list[Found]:
        """Return the members; raise `SourceError` where the archive is damaged or too big."""
        with self._open() as archive:
            members = [each for each in archive.infolist() if each.filename.rstrip("/")]
            members = [each for each in members if not each.is_dir()]
        sizes = (each.file_size for each in members if format_of(each.filename))
        if sum(sizes) > limits.MAX_ARCHIVE:
            raise too_big(self.name)
        named = ((plain(each.filename), each) for each in members)
        kept = {path: each for path, each in named if not is_left_out(path)}
        self._members = kept
        return sorted(Found(path, flaw_of_zip(each)) for path, each in kept.items())

    def opened(self, files: Iterable[Found]) -> Iterator[BinaryIO | Unreadable]:
        """Yield each member open, in order."""
        with self._open() as archive:
            for file in files:
                try:
                    member = archive.open(self._members[file.path])
                except Exception as error:  # an unknown compression, a damaged header
                    yield Unreadable(f"cannot be read from the archive ({words_of(error)})")
                    continue
                with member:
                    yield cast(BinaryIO, member)

    @contextmanager
    def _open(self) -> Iterator[ZipFile]:
        with opened_file(self._file) as file:
            try:
                archive = ZipFile(file)
            except DAMAGED as error:
                raise SourceError(
                    f"{self.name} cannot be read as a zip archive ({words_of(error)})",
                    "make the archive again",
                ) from error
            with archive:
                yield archive


def flaw_of_zip(member: ZipInfo) -> str:
    """Return why a member cannot be read, "" where it can."""
    mode = member.external_attr >> 16
    if stat.S_ISLNK(mode):
        return LINK
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG):
        return "is not a regular file"
    if member.flag_bits & ENCRYPTED:
        return "is encrypted with a password"
    return flaw_of_path(member.filename)


class DocumentTar:
    """The members of a tar archive, in the order in which they stand in it."""

    def __init__(self, path: Path) -> None:
        self.name = repr(str(path))
        suffix = archive_suffix(path.name) or ".tar"
        self._is_packed = suffix != ".tar"  # or else it is as large as what is in it
        self._open_stream = OPENERS[suffix]
        self._file = WatchedFile(self.name, lambda: path.open("rb"))
        self.places: dict[str, tuple[int, int]] = {}  # first byte and size of each regular file

    def files(self) -> list[Found]:
        """Return the members; raise `SourceError` where the archive is damaged or too big."""
        found: dict[str, Found] = {}
        for _, member in self._members():
            path = plain(member.name)
            if member.isdir() or is_left_out(path):
                continue
            found.pop(path, None)  # a later member of the same name replaces an earlier one
            self.places.pop(path, None)
            found[path] = Found(path, flaw_of_tar(member))
            if not found[path].flaw:
                self.places[path] = member.offset_data, member.size
        return list(found.values())

    def opened(self, files: Iterable[Found]) -> Iterator[BinaryIO | Unreadable]:
        """Yield each member open, in the order of the archive, in which they must be asked for."""
        wanted = iter(files)
        file = next(wanted, None)
        for archive, member in self._members():
            if file is None:
                return
            if self.places.get(file.path, (0, 0))[0] != member.offset_data:
                continue
            content = archive.extractfile(member)
            yield (
                Unreadable("is not a regular file") if content is None else cast(BinaryIO, content)
            )
            file = next(wanted, None)
        if file is not None:
            raise self._file.changed()

    @contextmanager
    def stream(self) -> Iterator[IO[bytes]]:
        """Open the archive, unpacked; raise `SourceError` where it is another than before."""
        with opened_file(self._file) as file, self._open_stream(file) as stream:
            yield stream

    def _members(self) -> Iterator[tuple[tarfile.TarFile, tarfile.TarInfo]]:
        """Yield each member while the archive stands at it."""
        with self.stream() as stream:
            try:
                bounded = cast(BinaryIO, Bounded(stream))
                with tarfile.open(fileobj=bounded, mode="r:") as archive:
                    for number in count():
                        member = archive.next()
                        if member is None:
                            self._read_rest(bounded)
                            return
                        archive.members.clear()  # type: ignore[attr-defined] # it would remember them all
                        self._check_size(member.offset_data + member.size, number)
                        yield archive, member
            except DAMAGED as error:
                raise SourceError(
                    f"{self.name} cannot be read as a tar archive ({words_of(error)})",
                    "make the archive again",
                ) from error

    def _read_rest(self, stream: BinaryIO) -> None:
        """Read what follows the last member, so that the checksum at the end is looked at."""
        while stream.read(BLOCK):
            self._check_size(stream.tell(), 0)

    def _check_size(self, size: int, number: int) -> None:
        if (self._is_packed and size > limits.MAX_ARCHIVE) or number >= limits.MAX_MEMBERS:
            raise too_big(self.name)


class Bounded:
    """A stream of which never much is read at once, whatever a header in it promises."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self.seek = stream.seek
        self.tell = stream.tell

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes."""
        if size > limits.MAX_HEADER:
            raise tarfile.ReadError("a header in it is too large")
        return self._stream.read(size)


def flaw_of_tar(member: tarfile.TarInfo) -> str:
    """Return why a member cannot be read, "" where it can."""
    if member.issym() or member.islnk():
        return LINK
    if not member.isreg() or member.issparse():
        return "is not a regular file"
    return flaw_of_path(member.name)
