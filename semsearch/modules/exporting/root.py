"""The SavedModel itself: its root, the signatures on it, and how it is saved and tried."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from semsearch.errors import ModuleError, StorageError, StorageFull
from semsearch.modules.card import ModuleCard
from semsearch.modules.exporting.exportable import Exportable
from semsearch.modules.runtime import import_tensorflow
from semsearch.modules.saved_model.loaded import first_line, load, module_errors
from semsearch.vectors import Vectors

OUTPUT = "outputs"
"""The name of the vector in the signature, as in TF-Hub's reusable SavedModels."""


def save_root(
    card: ModuleCard, network: Exportable, samples: Sequence[Any], expected: Vectors, folder: Path
) -> None:
    """Write the SavedModel of a network into a folder.

    Raises:
        StorageError: the disk refuses it.
        ModuleError: TensorFlow cannot save this graph.
    """
    tf = import_tensorflow()
    with _save_errors(tf, card, folder), _quiet(tf):
        root, signature = _root(tf, card, network, samples, expected)
        tf.saved_model.save(root, str(folder), signatures={"serving_default": signature})


def lowest_cosine(folder: Path) -> float:
    """Load a SavedModel as anybody would and return what its own `verify` finds.

    Raises:
        ModuleError: it cannot be loaded or run, or a package is missing that its graph needs.
    """
    tf = import_tensorflow()
    with _quiet(tf):
        restored = load(folder, {}).restored
        with module_errors(folder, "verified"):
            return float(restored.verify())


def _root(
    tf: Any, card: ModuleCard, network: Exportable, samples: Sequence[Any], expected: Vectors
) -> tuple[Any, Any]:
    """Return the object to be saved, and the signature to be saved with it."""
    # The properties of a tf.Module do not outlive saving; plain lists on a plain root do.
    root = tf.train.Checkpoint()
    root.tracked = list(network.tracked)
    root.variables = list(network.variables)
    root.trainable_variables = list(network.trainable_variables)
    root.regularization_losses = list(network.regularization_losses)
    inputs = tf.constant(np.stack(samples) if card.modality == "image" else list(samples))

    def call(inputs: Any) -> Any:
        features = tf.ensure_shape(network.call(inputs), [None, card.dim])
        return tf.math.l2_normalize(features, 1)

    def verify() -> Any:
        batch = tf.cast(inputs, tf.float32) / 255 if card.modality == "image" else inputs
        return tf.reduce_min(tf.reduce_sum(call(batch) * expected, 1))

    def signed(function: Any, *signature: Any) -> Any:
        return tf.function(function, input_signature=signature, autograph=False)

    spec = _input(tf, card, network)
    root.__call__ = signed(call, spec)
    root.verify = signed(verify).get_concrete_function()
    return root, signed(lambda inputs: {OUTPUT: call(inputs)}, spec)


def _input(tf: Any, card: ModuleCard, network: Exportable) -> Any:
    if card.modality == "text":
        return tf.TensorSpec([None], tf.string, name="inputs")
    side = None if network.is_dynamic else card.image_size
    return tf.TensorSpec([None, side, side, 3], tf.float32, name="inputs")


@contextmanager
def _save_errors(tf: Any, card: ModuleCard, folder: Path) -> Iterator[None]:
    try:
        yield
    except tf.errors.ResourceExhaustedError as error:
        raise StorageFull(
            f"the disk that holds {str(folder.parent)!r} is full", "free some space"
        ) from error
    except (tf.errors.OpError, OSError) as error:
        raise StorageError(
            f"the module cannot be written to {str(folder.parent)!r} ({first_line(error)})",
            "check the folder's permissions and the disk",
        ) from error
    except Exception as error:  # whatever a graph of foreign make raises while it is traced anew
        raise ModuleError(
            f"the graph of the module {card.name!r} cannot be saved ({first_line(error)})",
            "publish the files that it was loaded from instead",
        ) from error


@contextmanager
def _quiet(tf: Any) -> Iterator[None]:
    """Silence what TensorFlow tells of files written and of functions not traced yet."""
    logger = tf.get_logger()
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)
