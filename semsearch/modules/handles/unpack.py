"""Archives are taken apart with suspicion: nothing lands outside, no links, no bombs."""

from __future__ import annotations

import gzip
import lzma
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO, Any

from semsearch.errors import ModuleError
from semsearch.fsio import HashingFile, make_folder, publish
from semsearch.modules.handles.contents import CONTROL

CHUNK = 1 << 20
GZIP = b"\x1f\x8b"
ZIP = (b"PK\x03\x04", b"PK\x05\x06")
TAR_MARK = slice(257, 262)
ENCRYPTED = 1
BROKEN = (
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    NotImplementedError,
    OSError,
    OverflowError,
    RecursionError,
    ValueError,
    struct.error,
)


@dataclass(frozen=True)
class Bounds:
    """How much may come out of an archive: files and folders, bytes, and bytes a byte of it.

    Up to `free` bytes are never too many for the archive's size. A path has `depth` parts at most.
    """

    entries: int = 20_000
    depth: int = 64
    size: int = 16 << 30
    ratio: int = 100
    free: int = 256 << 20

    def bytes_from(self, size: int) -> int:
        """Return how many bytes may come out of an archive of this size in bytes."""
        return min(self.size, max(self.free, self.ratio * size))


BOUNDS = Bounds()


@dataclass(frozen=True)
class _Member:
    """One entry of an archive; `fault` says what is wrong with its kind, or nothing."""

    name: str
    size: int
    is_folder: bool
    fault: str
    open: Callable[[], AbstractContextManager[IO[bytes]]]


def is_archive(path: Path) -> bool:
    """Tell by its content whether a file is a zip, a tar or a tar compressed with gzip."""
    with path.open("rb") as file:
        start = file.read(512)
    return start.startswith((GZIP, *ZIP)) or start[TAR_MARK] == b"ustar"


def unpack(
    archive: Path, folder: Path, *, scratch: Path, what: str, bounds: Bounds = BOUNDS
) -> None:
    """Unpack a zip, tar or tar.gz into `folder`, durably; `scratch` takes half-written files.

    Raises:
        ModuleError: it is damaged, no archive, or holds what could do harm: an absolute path, a
            way up, a link, a device, an encrypted file, a name twice, or too much. `what` names
            it in the sentence.
        StorageError: the disk refuses.
    """
    make_folder(folder)
    make_folder(scratch)
    writer = _Writer(folder, scratch, what, bounds, archive.stat().st_size)
    with _faults(what), archive.open("rb") as file:
        is_zip = file.read(4) in ZIP
        file.seek(0)
        members = _zip_members(file) if is_zip else _tar_members(file, writer.limit)
        for member in members:
            writer.take(member)


class _Writer:
    """Write members below a folder, counting what comes out."""

    def __init__(self, folder: Path, scratch: Path, what: str, bounds: Bounds, size: int) -> None:
        self._folder = folder
        self._scratch = scratch
        self._what = what
        self._bounds = bounds
        self.limit = bounds.bytes_from(size)
        self._entries = 0
        self._bytes = 0
        self._files: set[PurePosixPath] = set()
        self._folders = {PurePosixPath(".")}

    def take(self, member: _Member) -> None:
        path = self._safe_path(member)
        self._count_entries(path)
        target = self._folder / path
        is_taken = target.is_file() if member.is_folder else target.exists()
        if is_taken or self._files.intersection(path.parents):
            raise self._refusal(f"has the name {member.name!r} twice")
        if member.is_folder:
            make_folder(target)
            return
        self._count(self._bytes + member.size)
        self._files.add(path)
        with member.open() as source:
            publish(
                lambda out: self._copy(source, out),
                scratch=self._scratch,
                place=lambda _: target,
            )

    def _safe_path(self, member: _Member) -> PurePosixPath:
        name = member.name
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts or "\\" in name or "\0" in name:
            raise self._refusal(f"would write outside its folder: {name!r}")
        if CONTROL.search(name):
            raise self._refusal(f"holds a name with a control character: {name!r}")
        if len(path.parts) > self._bounds.depth:
            raise self._refusal(f"nests folders more than {self._bounds.depth} deep")
        if member.fault:
            raise self._refusal(f"holds {member.fault}: {name!r}")
        if path == PurePosixPath(".") and not member.is_folder:
            raise self._refusal("holds a file without a name")
        return path

    def _copy(self, source: IO[bytes], out: HashingFile) -> None:
        # What cannot be read is told apart here from what cannot be written.
        while data := _read(source, self._what):
            self._bytes += len(data)
            self._count(self._bytes)
            out.write(data)

    def _count_entries(self, path: PurePosixPath) -> None:
        # Folders that only the names of their files mention are made too.
        implied = set(path.parents) - self._folders
        self._folders |= implied
        self._entries += 1 + len(implied)
        if self._entries > self._bounds.entries:
            raise self._refusal(f"holds more than {self._bounds.entries} files and folders")

    def _count(self, size: int) -> None:
        if size > self.limit:
            raise self._refusal(f"would become more than {self.limit} bytes, too many for its size")

    def _refusal(self, fault: str) -> ModuleError:
        return ModuleError(
            f"{self._what} {fault}",
            "this is not how a module is packed: ask who made it, or unpack it yourself and name"
            " the folder",
        )


def _zip_members(file: IO[bytes]) -> Iterator[_Member]:
    with zipfile.ZipFile(file) as archive:
        for info in archive.infolist():
            mode = stat.S_IFMT(info.external_attr >> 16)
            fault = "an encrypted file" if info.flag_bits & ENCRYPTED else ""
            if mode not in (0, stat.S_IFREG, stat.S_IFDIR):
                fault = "a link or a device"
            yield _Member(
                info.orig_filename,
                info.file_size,
                info.is_dir(),
                fault,
                partial(archive.open, info),
            )


def _tar_members(file: IO[bytes], limit: int) -> Iterator[_Member]:
    is_gzip = file.read(2) == GZIP
    file.seek(0)
    plain: Any = gzip.GzipFile(fileobj=file) if is_gzip else file
    bounded: Any = _Bounded(plain, limit)
    with tarfile.open(fileobj=bounded, mode="r:") as archive:
        for info in archive:
            fault = "" if info.isreg() or info.isdir() else "a link or a device"
            opened = partial(_extracted, archive, info)
            yield _Member(info.name, info.size, info.isdir(), fault, opened)
        if bounded.last != bytes(tarfile.BLOCKSIZE):
            raise tarfile.ReadError("it has no end: it is cut off or damaged")
    # gzip compares its checksum only when all has been read.
    while bounded.read(CHUNK):
        pass


def _extracted(archive: tarfile.TarFile, info: tarfile.TarInfo) -> IO[bytes]:
    file = archive.extractfile(info)
    if file is None:
        raise tarfile.ReadError(f"{info.name!r} has no content")
    return file


class _Bounded:
    """A file that is never read in one huge piece nor far beyond a limit.

    tarfile reads some headers whole, at the length that they state, and skips what nobody reads.
    """

    def __init__(self, file: Any, limit: int) -> None:
        self._file = file
        # Headers and padding come on top of the content.
        self._limit = 2 * limit + CHUNK
        self.last = b""

    def read(self, size: int) -> bytes:
        if not 0 <= size <= 64 * CHUNK or self._file.tell() + size > self._limit:
            raise tarfile.ReadError("an entry is too large")
        self.last = self._file.read(size)
        return self.last

    def seek(self, position: int, whence: int = 0) -> int:
        if position > self._limit:
            raise tarfile.ReadError("an entry is too large")
        return int(self._file.seek(position, whence))

    def tell(self) -> int:
        return int(self._file.tell())


def _read(source: IO[bytes], what: str) -> bytes:
    with _faults(what):
        return source.read(CHUNK)


@contextmanager
def _faults(what: str) -> Iterator[None]:
    """Turn what the libraries say of a damaged archive into one sentence."""
    try:
        yield
    except BROKEN as error:
        raise ModuleError(
            f"{what} cannot be unpacked ({error or type(error).__name__})",
            "it is damaged or no zip or tar archive: get it again",
        ) from error
