"""A module from anywhere made ready to be exported: our inputs in, its own graph, vectors out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from semsearch.errors import ModuleError
from semsearch.modules.exporting.exportable import Exportable
from semsearch.modules.exporting.licence import licences_in
from semsearch.modules.runtime import import_tensorflow
from semsearch.modules.saved_model.interface import BYTES, PICTURE, TEXT, UNIT, Interface


def republish(
    path: Path,
    run: Callable[[Any], Any],
    interface: Interface,
    *,
    is_bgr: bool,
    is_cut: bool,
    restored: Any,
) -> Exportable:
    """Return the module at `path`, of which `run` takes a batch as the module wants it.

    `restored` is what owns its variables, tables and assets, None where nobody does.

    Raises:
        ModuleError: the module takes a fixed number of items at once.
    """
    if interface.batch is not None:
        raise ModuleError(
            f"the module in {str(path)!r} takes {interface.batch} items at once, and an exported "
            "one must take any number",
            "save it again with a batch of unknown size",
        )
    tf = import_tensorflow()

    def call(inputs: Any) -> Any:
        values = tf.cast(run(_as_wanted(tf, interface, is_bgr, inputs)), tf.float32)
        if is_cut and values.shape.rank == PICTURE:
            return tf.reduce_mean(values, [1, 2])
        return values

    traced = tf.function(call, input_signature=[_input(tf, interface)], autograph=False)
    graph = traced.get_concrete_function().graph
    # The graph of a module that is cut holds the weights itself; what has tables still needs them.
    is_whole = not is_cut or graph.captures or hasattr(restored, "initializer")
    return Exportable(
        traced,
        variables=graph.variables,
        trainable_variables=graph.trainable_variables,
        regularization_losses=[] if is_cut else getattr(restored, "regularization_losses", []),
        tracked=[restored] if is_whole and restored is not None else [],
        is_dynamic=_is_dynamic(interface),
        licence_texts=tuple(licences_in(path)) if path.is_dir() else (),
    )


def _as_wanted(tf: Any, interface: Interface, is_bgr: bool, inputs: Any) -> Any:
    """Return texts or pictures of 0 to 1 in the shape, type and range that the module wants."""
    port = interface.input
    if interface.modality == TEXT:
        return inputs if port.shape is None or len(port.shape) == 1 else inputs[:, None]
    pixels = inputs[..., ::-1] if is_bgr else inputs
    low, high = interface.pixel_range or UNIT
    pixels = low + pixels * (high - low)
    if tf.as_dtype(port.dtype).is_integer:
        pixels = tf.round(tf.clip_by_value(pixels, *BYTES))
    return tf.cast(pixels, port.dtype)


def _input(tf: Any, interface: Interface) -> Any:
    if interface.modality == TEXT:
        return tf.TensorSpec([None], tf.string)
    side = None if _is_dynamic(interface) else interface.size
    return tf.TensorSpec([None, side, side, 3], tf.float32)


def _is_dynamic(interface: Interface) -> bool:
    shape = interface.input.shape
    return interface.modality == TEXT or shape is None or None in shape[1:3]
