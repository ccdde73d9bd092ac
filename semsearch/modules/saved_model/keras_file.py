"""A `.keras` file brought to life: only if the user trusts it, and never with code in it."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from semsearch.errors import ModuleError
from semsearch.modules.handles.resolve import Resolved
from semsearch.modules.runtime import import_tensorflow
from semsearch.modules.saved_model.interface import Interface
from semsearch.modules.saved_model.keras_config import layer_names, read_config
from semsearch.modules.saved_model.loaded import module_errors
from semsearch.modules.saved_model.structures import flattened


def refuse_untrusted(resolved: Resolved) -> None:
    """Raise a ModuleError for a `.keras` file that the user does not trust.

    Its configuration is checked all the same: code in it is refused whatever the trust.
    """
    read_config(resolved.path)
    if not resolved.is_trusted:
        name = resolved.handle.text
        raise ModuleError(
            f"the module {name!r} is a .keras file, which Keras builds by running its own code",
            f"use a SavedModel, or if you trust its makers: semsearch modules add {name!r} --trust",
        )


def open_keras(path: Path, interface: Interface, layer: str | None) -> Callable[[Any], Any]:
    """Return the function from a batch to the output of a layer, or to that of the model.

    Raises:
        ModuleError: Keras cannot load it, or it has no such layer.
    """
    tf = import_tensorflow()
    config = read_config(path)
    if layer is not None and layer not in layer_names(config):
        raise ModuleError(
            f"the model in {str(path)!r} has no layer {layer!r}",
            f"there are {', '.join(layer_names(config))}",
        )
    with module_errors(path, "loaded"):
        model = _model(path)
        if layer is not None:
            model = _keras().Model(model.inputs[0], model.get_layer(layer).output)
    spec = tf.TensorSpec(interface.input.shape, interface.input.dtype)

    def call(batch: Any) -> Any:
        return _only(path, model(batch, training=False))

    return tf.function(call, input_signature=[spec], autograph=False)  # type: ignore[no-any-return]


def _model(path: Path) -> Any:
    _refuse_links(path)
    return _keras().saving.load_model(path, compile=False, safe_mode=True)


def _refuse_links(path: Path) -> None:
    """Refuse weights that lead to other files: HDF5 has links and datasets that do."""
    import h5py

    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            if not name.endswith(".h5"):
                continue
            with archive.open(name) as packed, h5py.File(packed) as file:
                outside = [key for key in _linked(h5py, file)]
            if outside:
                raise ModuleError(
                    f"the weights in {str(path)!r} lead to another file at {outside[0]!r}",
                    "do not use it: no honest model needs that",
                )


def _linked(h5py: Any, group: Any) -> Iterator[str]:
    for key in group:
        if isinstance(group.get(key, getlink=True), h5py.ExternalLink):
            yield f"{group.name}/{key}"
            continue
        part = group[key]
        if isinstance(part, h5py.Group):
            yield from _linked(h5py, part)
        elif part.external or part.is_virtual:
            yield part.name


def _keras() -> Any:
    import keras

    if keras.backend.backend() != "tensorflow":
        raise ModuleError(
            f"Keras is set to compute with {keras.backend.backend()}",
            "set the environment variable KERAS_BACKEND=tensorflow",
        )
    return keras


def _only(path: Path, outputs: Any) -> Any:
    leaves = list(flattened(outputs))
    if len(leaves) != 1:
        raise ModuleError(
            f"the model in {str(path)!r} has {len(leaves)} outputs",
            "name one layer, as FILE.keras#LAYER",
        )
    return leaves[0][1]
