"""Modules from anywhere as encoders: texts and pictures in, checked vectors out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from semsearch.errors import ContentError, ModuleError
from semsearch.modules.batches import encode_in_batches, run_halving
from semsearch.modules.card import ModuleCard
from semsearch.modules.exporting.exportable import Exportable
from semsearch.modules.handles.resolve import Resolved
from semsearch.modules.image import prepare_image
from semsearch.modules.module import Content, Encode, Module, Progress
from semsearch.modules.refusals import refuse_void
from semsearch.modules.runtime import import_tensorflow
from semsearch.modules.saved_model.facts import card_from, interface_for
from semsearch.modules.saved_model.interface import BYTES, LOCAL, PICTURE, TEXT, Interface
from semsearch.modules.saved_model.keras_config import is_keras_file
from semsearch.modules.saved_model.keras_file import open_keras, refuse_untrusted
from semsearch.modules.saved_model.layers import cut
from semsearch.modules.saved_model.loaded import load, module_errors
from semsearch.modules.saved_model.republish import republish
from semsearch.modules.saved_model.scan import refuse_risky
from semsearch.modules.text import checked_text, each_text_once
from semsearch.vectors import Vectors

BATCH = 32
BUDGET = 65_536
"""Bytes of text a batch, padding and the cost of each counted: about a hundred sentences."""
TEXT_COST = 64
"""What a text costs a batch beside its bytes."""
SHOWN = 60
MATRIX = 2

Run = Callable[[Any], Any]
"""From a batch as an array to a tensor."""


def open_saved_model(resolved: Resolved) -> Module:
    """Return the module in a SavedModel folder or a `.keras` file, scanned but not yet loaded.

    It is loaded at once only where nothing else tells how wide its vectors are.

    Raises:
        ModuleError: the module is damaged, holds operations that nobody agreed to, takes neither
            texts nor pictures, or finds local features, of which one picture has many.
    """
    if is_keras_file(resolved.path):
        refuse_untrusted(resolved)
    else:
        refuse_risky(resolved)
    interface = interface_for(resolved)
    if interface.modality == LOCAL:
        raise ModuleError(
            f"the module {resolved.handle.text!r} finds many vectors in each picture",
            "use it to match pictures; for one vector a picture choose an image module",
        )
    encoder = Encoder(resolved, interface)
    card = card_from(resolved, interface)
    if not card.dim:
        card = replace(card, dim=encoder.measure())
    return Module(card, encoder.prepare, lambda: encoder.encode_with(card), encoder.exportable)


class Encoder:
    """Contents, batches and checks around one loaded module; loading waits for the first need."""

    def __init__(self, resolved: Resolved, interface: Interface) -> None:
        self._resolved = resolved
        self._interface = interface
        self._run: Run | None = None
        self._restored: Any = None
        self._is_bgr = _is_bgr(resolved)

    def prepare(self, content: Content) -> str | npt.NDArray[np.uint8]:
        """Check and decode one content."""
        if self._interface.modality == TEXT:
            return _worded(content)
        return prepare_image(content, self._interface.size or 0)

    def encode_with(self, card: ModuleCard) -> Encode:
        """Load the module, and return what encodes with it."""
        self._load()
        if card.modality == TEXT:
            return each_text_once(self._encode_texts)
        return self._encode_images

    def measure(self) -> int:
        """Load the module and return how wide its vectors are, found by encoding one content."""
        self._load()
        size = self._interface.size or 0
        sample = "text" if size == 0 else np.full((size, size, 3), 127, np.uint8)
        return int(self._vectors([sample]).shape[1])

    def exportable(self) -> Exportable:
        """Return the module for publishing, see `republish`."""
        run = self._load()
        path = self._resolved.path
        with module_errors(path, "exported"):
            return republish(
                path,
                run,
                self._interface,
                is_bgr=self._is_bgr,
                is_cut=self._is_cut,
                restored=self._restored,
            )

    def _load(self) -> Run:
        if self._run is None:
            self._run, self._restored = _opened(self._resolved, self._interface)
        return self._run

    def _encode_texts(self, texts: Sequence[str], on_progress: Progress) -> Vectors:
        lengths = [TEXT_COST + len(text.encode()) for text in texts]
        return encode_in_batches(texts, lengths, BUDGET, self._text_vectors, on_progress)

    def _encode_images(
        self, images: Sequence[npt.NDArray[np.uint8]], on_progress: Progress
    ) -> Vectors:
        done: list[Vectors] = []
        for start in range(0, len(images), BATCH):
            batch = list(images[start : start + BATCH])
            vectors = run_halving(self._vectors, batch)
            refuse_void(self._name, vectors, [_told_by_colour(image) for image in batch])
            done.append(vectors)
            on_progress(start + len(batch), len(images))
        return np.concatenate(done)

    def _text_vectors(self, texts: list[str]) -> Vectors:
        vectors = self._vectors(texts)
        refuse_void(self._name, vectors, [f"the text {text[:SHOWN]!r}" for text in texts])
        return vectors

    def _vectors(self, batch: list[Any]) -> Vectors:
        """Return the vectors of a batch, in the batch sizes that the module takes."""
        fixed = self._interface.batch
        if fixed is None:
            return self._call(batch)
        parts = [batch[start : start + fixed] for start in range(0, len(batch), fixed)]
        filled = [part + [part[-1]] * (fixed - len(part)) for part in parts]
        return np.concatenate([self._call(part) for part in filled])[: len(batch)]

    def _call(self, batch: list[Any]) -> Vectors:
        if self._run is None:
            raise RuntimeError("the module is not loaded")
        with module_errors(self._resolved.path, "run"):
            rows = _flat(self._run(self._as_input(batch)), self._is_cut)
        if rows.ndim != MATRIX or len(rows) != len(batch):
            raise ModuleError(
                f"the module {self._name!r} gave an array of shape {rows.shape} for {len(batch)}"
                " items, not one vector each",
                "choose another output with #output=, or another layer with #layer=",
            )
        return rows

    def _as_input(self, batch: list[Any]) -> Any:
        tf = import_tensorflow()
        port = self._interface.input
        if self._interface.modality == TEXT:
            texts = tf.constant(batch, tf.string)
            return texts if port.shape is None or len(port.shape) == 1 else texts[:, None]
        pixels = np.stack(batch)
        if self._is_bgr:
            pixels = pixels[..., ::-1]
        low, high = self._interface.pixel_range or (0.0, 1.0)
        if (low, high) != BYTES:
            pixels = low + pixels.astype(np.float32) * np.float32((high - low) / BYTES[1])
        return tf.cast(pixels, port.dtype)

    @property
    def _name(self) -> str:
        return self._resolved.handle.text

    @property
    def _is_cut(self) -> bool:
        return "layer" in self._resolved.handle.options or is_keras_file(self._resolved.path)


def _worded(content: Content) -> str:
    """Return a checked text with something in it: many modules give nothing for nothing."""
    text = checked_text(content)
    if not text.strip():
        raise ContentError("the text is empty", "leave it out")
    return text


def _told_by_colour(image: npt.NDArray[np.uint8]) -> str:
    """Return words for a picture whose place among all nobody here knows."""
    red, green, blue = image.mean((0, 1)).round().astype(int).tolist()
    return f"a picture whose mean colour is #{red:02x}{green:02x}{blue:02x}"


def _opened(resolved: Resolved, interface: Interface) -> tuple[Run, Any]:
    """Return what runs a module, and the restored object that owns its variables, if any."""
    layer = resolved.handle.options.get("layer")
    if is_keras_file(resolved.path):
        return open_keras(resolved.path, interface, layer), None
    loaded = load(resolved.path, resolved.handle.options)
    if layer is not None:
        return cut(loaded, interface, layer), loaded.restored
    if interface.output is None:
        raise RuntimeError("a SavedModel that is not cut has an output")
    name = interface.output.name
    return lambda batch: loaded.call({interface.input.name: batch})[name], loaded.restored


def _flat(values: Any, is_cut: bool) -> Vectors:
    """Return values as an array; of a layer's maps, (n, height, width, channels), the means."""
    array = np.asarray(import_tensorflow().cast(values, "float32"))
    if is_cut and array.ndim == PICTURE:
        return np.asarray(array.mean((1, 2)), np.float32)
    return array


def _is_bgr(resolved: Resolved) -> bool:
    order = resolved.handle.options.get("channels", "rgb").lower()
    if order not in ("rgb", "bgr"):
        raise ModuleError(
            f"{order!r} is no order of channels for the module {resolved.handle.text!r}",
            "give #channels=rgb or #channels=bgr",
        )
    return order == "bgr"
