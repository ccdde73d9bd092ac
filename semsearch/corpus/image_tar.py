"""Read the images of a tar archive as those of a folder."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath

from semsearch.corpus.documents import DocumentTar
from semsearch.corpus.documents.archives import DAMAGED
from semsearch.corpus.documents.document import words_of
from semsearch.corpus.images import (
    IMAGE_SUFFIXES,
    MAX_FILE,
    Unreadable,
    checked_image,
    packed_table,
    too_big,
)
from semsearch.corpus.scan import Opener


class ImageTar:
    """The image files in a tar archive, hidden ones left out."""

    def __init__(self, archive: DocumentTar) -> None:
        self.name = archive.name
        self._archive = archive

    def image_names(self) -> list[str]:
        """Return the names of the images, as they stand in the archive: going back costs."""
        names = (found.path for found in self._archive.files())
        return [name for name in names if PurePosixPath(name).suffix.lower() in IMAGE_SUFFIXES]

    def opener(self, file: str) -> Opener | None:
        """Return what opens a small file at the top, or None when it is not there."""
        return (lambda: packed_table(self, file)) if file in self._archive.places else None

    def contents(
        self, files: Iterable[str], *, is_image: bool = True
    ) -> Iterator[bytes | Unreadable]:
        """Yield the bytes of each member; raise `SourceError` when the archive is gone by now."""
        with self._archive.stream() as stream:
            for file in files:
                place = self._archive.places.get(file)
                if place is None:
                    yield Unreadable("is not there")
                    continue
                start, size = place
                try:
                    stream.seek(start)
                    content = b"" if size > MAX_FILE else stream.read(size)
                except DAMAGED as error:
                    yield Unreadable(f"cannot be read from the archive ({words_of(error)})")
                    continue
                if size > MAX_FILE:
                    yield too_big()
                else:
                    yield checked_image(content) if is_image else content
