"""SavedModels that find many vectors in a picture, as DELF does, as modules of local features."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from semsearch.errors import ModuleError
from semsearch.modules.handles.resolve import Resolved
from semsearch.modules.local_features import Detect, LocalFeatures, LocalModule
from semsearch.modules.runtime import import_tensorflow
from semsearch.modules.saved_model.facts import card_from, interface_for
from semsearch.modules.saved_model.interface import DESCRIPTORS, LOCAL, LOCATIONS, Interface
from semsearch.modules.saved_model.loaded import Loaded, load
from semsearch.modules.saved_model.scan import refuse_risky
from semsearch.vectors import Vectors, unit

LONGEST = 800
"""The longer side of a picture, in pixels, that is looked at: DELF searches it at seven scales."""

SETTINGS: dict[str, Callable[[int], Any]] = {
    "score_threshold": lambda max_features: np.float32(100),
    "image_scales": lambda max_features: np.array(
        [0.25, 0.3536, 0.5, 0.7071, 1.0, 1.4142, 2.0], np.float32
    ),
    "max_feature_num": np.int32,
    "max_features": np.int32,
}
"""What DELF wants to be told beside the picture, with the values of its authors' example."""


def finds_local_features(resolved: Resolved) -> bool:
    """Tell whether a SavedModel gives many vectors a picture."""
    return interface_for(resolved).modality == LOCAL


def open_local(resolved: Resolved) -> LocalModule:
    """Return the module of a SavedModel that finds local features, scanned but not yet loaded.

    Raises:
        ModuleError: it is damaged, holds operations that nobody agreed to, or wants to be told
            more than we know.
    """
    refuse_risky(resolved)
    interface = interface_for(resolved)
    own = {interface.input.name, *SETTINGS}
    strange = [port.name for port in interface.signature.inputs if port.name not in own]
    if strange:
        raise ModuleError(
            f"the module {resolved.handle.text!r} wants {', '.join(strange)} beside a picture",
            f"we can tell it {', '.join(SETTINGS)} only",
        )

    def build() -> Detect:
        return _Detector(load(resolved.path, resolved.handle.options), interface).detect

    return LocalModule(card_from(resolved, interface), build, LONGEST)


class _Detector:
    """One loaded module from a picture to its features."""

    def __init__(self, loaded: Loaded, interface: Interface) -> None:
        self._tf = import_tensorflow()
        self._loaded = loaded
        self._interface = interface

    def detect(self, picture: npt.NDArray[np.uint8], max_features: int) -> LocalFeatures:
        """Return the features of one picture (h, w, 3), the best first."""
        found = self._loaded.call(self._inputs(picture, max_features))
        locations = _rows(found[LOCATIONS])
        descriptors = _rows(next(found[name] for name in DESCRIPTORS if name in found))
        scores = _scores(found, len(locations))
        best = np.argsort(-scores, kind="stable")[:max_features]
        return LocalFeatures(locations[best], unit(descriptors[best]), scores[best])

    def _inputs(self, picture: npt.NDArray[np.uint8], max_features: int) -> dict[str, Any]:
        port, tf = self._interface.input, self._tf
        low, high = self._interface.pixel_range or (0.0, 1.0)
        pixels = picture.astype(np.float32) / 255 * (high - low) + low
        batch = pixels if len(port.shape or ()) == pixels.ndim else pixels[None]
        inputs = {port.name: tf.cast(tf.constant(batch), port.dtype)}
        for other in self._loaded.signature.inputs:
            if other.name != port.name:
                value = SETTINGS[other.name](max_features)
                inputs[other.name] = tf.cast(tf.constant(value), other.dtype)
        return inputs


def _rows(tensor: Any) -> Vectors:
    """Return a matrix of the values, without an axis for a batch of one."""
    values: Vectors = np.asarray(tensor.numpy(), np.float32)
    return values.reshape(-1, values.shape[-1])


def _scores(found: Mapping[str, Any], n: int) -> npt.NDArray[np.float32]:
    """Return what the module says of each feature; DELF calls it attention in some versions."""
    for name in ("scores", "attention"):
        if name in found:
            scores: npt.NDArray[np.float32] = np.asarray(found[name].numpy(), np.float32).reshape(
                -1
            )
            return scores
    return np.zeros(n, np.float32)
