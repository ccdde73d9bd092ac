"""The loaded encoder: contents in, unit vectors out, the network built when first needed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, cast

import numpy as np
import numpy.typing as npt
from PIL import Image

from semsearch.errors import ContentError, ModuleError
from semsearch.modules.ahead import prepared_ahead
from semsearch.modules.card import ModuleCard
from semsearch.modules.exporting.exportable import Exportable
from semsearch.modules.exporting.write import write_export
from semsearch.modules.pictures import BLOCK, Square, digested, each_picture_once
from semsearch.modules.refusals import enough_memory
from semsearch.vectors import Vectors, as_vectors, unit

Content = str | bytes | Path | Image.Image
"""A text, or a picture as a path, as the bytes of its file or as a PIL image."""

Prepared = str | npt.NDArray[np.uint8]
"""A checked text, or the decoded square of a picture, shape (size, size, 3)."""

Progress = Callable[[int, int], None]
"""Is called with (items done, items in all)."""

Prepare = Callable[[Content], Prepared]
Encode = Callable[[Sequence[Any], Progress], npt.NDArray[np.float32]]
CountTokens = Callable[[Sequence[str]], list[int]]

BYTES_A_TOKEN = 4


class Module:
    """Turn contents of one modality into unit vectors of one space.

    Safe to share between threads: the network is built once, by whoever needs it first. The
    `prepare` of an image module is called by several threads at once.
    """

    def __init__(
        self,
        card: ModuleCard,
        prepare: Prepare,
        build: Callable[[], Encode],
        graph: Callable[[], Exportable] | None = None,
        counter: Callable[[], CountTokens] | None = None,
    ) -> None:
        self.card = card
        self._prepare = prepare
        self._build = build
        self._graph = graph
        self._counter = counter
        self._count: CountTokens | None = None
        self._encode: Encode | None = None
        self._building = threading.Lock()
        self._check: Callable[[], None] = _agree

    def __repr__(self) -> str:
        return f"<Module {self.card.name} {self.card.version}: {self.card.modality}>"

    def check_before_building(self, check: Callable[[], None]) -> None:
        """Have `check` called right before files are read; what it raises is passed on."""
        self._check = check

    def prepare(self, content: Content) -> Prepared:
        """Check and decode one content, without building the network.

        Raises:
            ContentError: the content cannot be encoded; the sentence says why.
            TypeError: the module does not take values of this type.
        """
        return self._prepare(content)

    def encode_prepared(
        self, prepared: Sequence[Prepared], on_progress: Progress | None = None
    ) -> Vectors:
        """Return the unit vectors of what `prepare` gave, shape (n, dim), in input order."""
        if not len(prepared):
            return np.empty((0, self.card.dim), np.float32)
        told = on_progress or _unheard
        if self.card.modality == "image":
            squares = map(digested, cast(Sequence[Square], prepared))
            return self._encode_pictures(squares, len(prepared), told)
        with enough_memory(self.card.name):
            return self._as_unit(self._network()(prepared, told))

    def encode(self, contents: Sequence[Content], on_progress: Progress | None = None) -> Vectors:
        """Return the unit vectors of `contents`, shape (n, dim), in input order.

        Pictures are decoded by threads while the network computes, a few dozen at a time.

        Raises:
            ContentError: one of the contents cannot be encoded; its position is named.
            TypeError: not a sequence, or one of the contents is of a type not taken.
        """
        if isinstance(contents, str | bytes | Path | Image.Image):
            raise TypeError("encode takes a list of contents; put a single one in a list")
        if self.card.modality == "image" and len(contents):
            ahead = prepared_ahead(enumerate(contents), self._picture_at, window=BLOCK)
            with closing(ahead):
                return self._encode_pictures(ahead, len(contents), on_progress or _unheard)
        prepared = [self._prepare_at(row, content) for row, content in enumerate(contents)]
        return self.encode_prepared(prepared, on_progress)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Return how many tokens the module makes of each text, without building the network.

        A module whose tokens we cannot see is taken to make one of four bytes of UTF-8: a word of
        English has five, and a Chinese character three.
        """
        if self._counter is None:
            return [-(-len(text.encode(errors="replace")) // BYTES_A_TOKEN) for text in texts]
        with self._building:
            if self._count is None:
                self._check()
                self._count = self._counter()
        return self._count(texts)

    def build(self) -> None:
        """Build the network now rather than at the first encoding; once is enough."""
        self._network()

    def export(self, folder: str | Path) -> Path:
        """Write the module as a reusable SavedModel into a new folder; return the folder.

        It takes texts (n,), or float32 pictures (n, h, w, 3) from 0 to 1, and gives unit vectors
        (n, dim). `tensorflow_hub.load` and `KerasLayer` load it, and so does `load_module`. Beside
        it lie its card, licence, test vectors and digests, see `semsearch.modules.export`.

        Raises:
            ModuleError: the module has no TensorFlow graph, or needs a package to write it.
            StorageError: the folder exists already, or the disk refuses it.
        """
        self._check()
        return write_export(self.card, self._graph, self.encode_prepared, folder)

    def _prepare_at(self, row: int, content: Content) -> Prepared:
        try:
            return self.prepare(content)
        except ContentError as error:
            raise ContentError(f"content {row}: {error.problem}", error.remedy) from error

    def _picture_at(self, place: tuple[int, Content]) -> tuple[bytes, Square]:
        return digested(cast(Square, self._prepare_at(*place)))

    def _encode_pictures(
        self, squares: Iterable[tuple[bytes, Square]], total: int, on_progress: Progress
    ) -> Vectors:
        def encode(block: Sequence[Square], told: Progress) -> Vectors:
            # Built when the first block is there: a content that is refused builds nothing.
            return self._network()(block, told)

        with enough_memory(self.card.name):
            return self._as_unit(each_picture_once(squares, total, encode, on_progress))

    def _as_unit(self, vectors: npt.NDArray[np.float32]) -> Vectors:
        if vectors.shape[1] != self.card.dim:
            raise ModuleError(
                f"the module {self.card.name!r} gave vectors of {vectors.shape[1]} and of"
                f" {self.card.dim} before",
                "a collection needs one width: use another module, or another output of it",
            )
        return unit(as_vectors(vectors))

    def _network(self) -> Encode:
        with self._building:
            if self._encode is None:
                self._check()
                self._encode = self._build()
            return self._encode


def _agree() -> None:
    """Take the place of a check where none is needed."""


def _unheard(done: int, total: int) -> None:
    """Take the place of a progress callback that nobody gave."""
