"""Read the image files of a folder or a zip archive, one at a time, and never follow a link.

A zip is never unpacked: its members are read where they are, so no name in it can reach the disk.
"""

from __future__ import annotations

import io
import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Protocol
from zipfile import BadZipFile, ZipFile, ZipInfo

from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile

from semsearch.corpus.scan import MEGABYTE, Opener
from semsearch.errors import SourceError
from semsearch.quiet import quiet_decoders

IMAGE_SUFFIXES = (".avif", ".bmp", ".gif", ".jpeg", ".jpg", ".png", ".webp")
IMAGE_FORMATS = ("AVIF", "BMP", "GIF", "JPEG", "PNG", "WEBP")
LINK = "is a symbolic link, and links are not followed"
MAX_FILE = 100 * MEGABYTE
MAX_JPEG_PIXELS = 200_000_000
JPEG_START = b"\xff\xd8\xff"


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Why a file's bytes cannot be had, or are no image."""

    reason: str


class ImageSource(Protocol):
    """A folder or an archive: the names in it, and the way to read them."""

    name: str

    def image_names(self) -> list[str]:
        """Return the relative names of the image files, sorted."""
        ...

    def opener(self, file: str) -> Opener | None:
        """Return what opens a file at the top, or None when it is not there."""
        ...

    def contents(self, files: Iterable[str]) -> Iterator[bytes | Unreadable]:
        """Yield the bytes of each file, in order."""
        ...


class ImageFolder:
    """The image files under a folder, hidden ones left out.

    Files outside the folder are read only when `is_bounded` is False.
    """

    def __init__(self, path: Path, *, is_bounded: bool = True) -> None:
        self.path = path
        self.name = repr(str(path))
        self._root = path.resolve()
        self._is_bounded = is_bounded

    def image_names(self) -> list[str]:
        """Return the names of what looks like an image, sorted; links among them are not read."""
        return sorted(self._names_under(self.path))

    def _names_under(self, folder: Path) -> Iterator[str]:
        try:
            found = list(os.scandir(folder))
        except OSError as error:
            raise SourceError(
                f"the folder {str(folder)!r} cannot be read ({error.strerror})",
                "give yourself the right to read it, or leave it out",
            ) from error
        for each in found:
            path = Path(each.path)
            if each.name.startswith("."):
                continue
            if each.is_dir(follow_symlinks=False):
                yield from self._names_under(path)
            elif path.suffix.lower() in IMAGE_SUFFIXES:
                yield path.relative_to(self.path).as_posix()

    def opener(self, file: str) -> Opener | None:
        """Return what opens a regular file at the top, or None when it is not there."""
        path = self.path / file
        is_there = path.is_file() and not path.is_symlink()
        return (lambda: path.open("rb")) if is_there else None

    def contents(self, files: Iterable[str]) -> Iterator[bytes | Unreadable]:
        """Yield the bytes of each file, in order."""
        for file in files:
            yield self._content(file)

    def _content(self, file: str) -> bytes | Unreadable:
        path = self.path / file
        try:
            if self._is_bounded and not path.parent.resolve().is_relative_to(self._root):
                return Unreadable(f"leads out of the folder {self.name}")
            return read_image_file(path)
        except FileNotFoundError:
            return Unreadable("is not there")
        except (OSError, ValueError) as error:  # ValueError: a name that no file can have
            return Unreadable(f"cannot be opened ({getattr(error, 'strerror', None) or error})")


class ImageZip:
    """The image files in a zip archive, hidden ones left out."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name = repr(str(path))
        with self._opened() as archive:
            members = archive.infolist()
        self._members = {PurePosixPath(each.filename).as_posix(): each for each in members}

    def _opened(self) -> ZipFile:
        try:
            return ZipFile(self.path)
        except (BadZipFile, NotImplementedError, OSError, ValueError) as error:
            raise SourceError(
                f"{self.name} cannot be read as a zip archive ({error})", "make the archive again"
            ) from error

    def image_names(self) -> list[str]:
        """Return the names of the images in the archive, sorted."""
        return sorted(
            name
            for name, member in self._members.items()
            if PurePosixPath(name).suffix.lower() in IMAGE_SUFFIXES
            and not member.is_dir()
            and not is_hidden(name)
        )

    def opener(self, file: str) -> Opener | None:
        """Return what opens a small file at the top, or None when it is not there."""
        if file not in self._members:
            return None
        return lambda: packed_table(self, file)

    def contents(
        self, files: Iterable[str], *, is_image: bool = True
    ) -> Iterator[bytes | Unreadable]:
        """Yield the bytes of each member; raise `SourceError` when the archive is gone by now."""
        with self._opened() as archive:
            for file in files:
                member = self._members.get(PurePosixPath(file).as_posix())
                if member is None:
                    yield Unreadable("is not there")
                    continue
                content = read_member(archive, member)
                if is_image and isinstance(content, bytes):
                    content = checked_image(content)
                yield content


class Packed(Protocol):
    """An archive, by the name that a message gives it, and its members."""

    name: str

    def contents(
        self, files: Iterable[str], *, is_image: bool = True
    ) -> Iterator[bytes | Unreadable]:
        """Yield the bytes of each member."""


def packed_table(archive: Packed, file: str) -> BinaryIO:
    """Return a small file of an archive, unpacked; raise `SourceError` where that fails."""
    content = next(iter(archive.contents([file], is_image=False)))
    if isinstance(content, Unreadable):
        raise SourceError(
            f"{file!r} in {archive.name} {content.reason}", "unpack it, or make the archive again"
        )
    return io.BytesIO(content)


def is_hidden(name: str) -> bool:
    """Tell whether a member, or a folder it is in, is hidden or macOS's shadow of a file."""
    parts = PurePosixPath(name).parts
    return any(part == "__MACOSX" or (part[0] == "." and part != "..") for part in parts)


def read_member(archive: ZipFile, member: ZipInfo) -> bytes | Unreadable:
    """Return a member's bytes, never more than `MAX_FILE` whatever its header promises."""
    if stat.S_ISLNK(member.external_attr >> 16):
        return Unreadable(LINK)
    if member.file_size > MAX_FILE:
        return too_big()
    try:
        with archive.open(member) as file:
            content = file.read(MAX_FILE + 1)
    except Exception as error:  # each decompressor raises kinds of its own on damaged bytes
        return Unreadable(f"cannot be read from the archive ({error})")
    return too_big() if len(content) > MAX_FILE else content


def read_image_file(path: Path) -> bytes | Unreadable:
    """Return the bytes of a regular image file of at most `MAX_FILE`. Raises OSError."""
    file = open_regular(path)
    if isinstance(file, Unreadable):
        return file
    with file:
        if os.fstat(file.fileno()).st_size > MAX_FILE:
            return too_big()
        return checked_image(file.read(MAX_FILE + 1))


def open_regular(path: Path) -> BinaryIO | Unreadable:
    """Open a regular file; links are not followed.

    It is looked at before and after it is opened, without waiting, so that neither a named pipe
    can hang the reader nor an exchange of the file in between deceive it. Raises OSError.
    """
    if path.is_symlink():
        return Unreadable(LINK)
    if not stat.S_ISREG(path.lstat().st_mode):
        return Unreadable("is not a regular file")
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    file = os.fdopen(os.open(path, flags | getattr(os, "O_BINARY", 0)), "rb")
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        return Unreadable("is not a regular file")
    return file


def too_big() -> Unreadable:
    """Return the reason for a file over the cap."""
    return Unreadable(f"is larger than {MAX_FILE // MEGABYTE} MB")


def checked_image(content: bytes) -> bytes | Unreadable:
    """Return the bytes when their header is that of an image of a known format."""
    if not content:
        return Unreadable("is empty")
    try:
        open_image(content).close()
    except Image.DecompressionBombError:
        return Unreadable("has too many pixels")
    except Exception as error:  # Pillow's readers raise many kinds on bytes that are no image
        return Unreadable(f"is not a readable image ({type(error).__name__})")
    return content


def open_image(content: bytes) -> Image.Image:
    """Return an image of a known format, its pixels not yet decoded.

    Pillow warns of many pixels and refuses 179 million; JPEGs, which are decoded at a smaller
    scale, are no flaw up to 200 million. Raises what Pillow raises.
    """
    with quiet_decoders():
        try:
            return Image.open(io.BytesIO(content), formats=IMAGE_FORMATS)
        except Image.DecompressionBombError:
            if not content.startswith(JPEG_START):
                raise
            image = JpegImageFile(io.BytesIO(content))
            if image.width * image.height > MAX_JPEG_PIXELS:
                raise
            return image
