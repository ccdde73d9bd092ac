"""Two small modules that can be exported, and tensorflow_hub as people import it."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from semsearch.modules import Module
from semsearch.modules.card import ModuleCard
from semsearch.modules.export import Exportable
from semsearch.modules.image import prepare_image
from semsearch.modules.runtime import import_tensorflow
from semsearch.modules.text import checked_text

SIDE = 8
CARD = ModuleCard(
    name="small-text",
    version="1",
    modality="text",
    dim=4,
    languages=("en", "de"),
    licence="CC0-1.0",
    digest="0" * 64,
    source="made by a test",
    description="Letters counted",
    caveat="Knows nothing",
    items_per_second=None,
)


@pytest.fixture(scope="session")
def hub() -> ModuleType:
    import_tensorflow()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pkg_resources, which it imports, warns of its own end
        import tensorflow_hub
    return tensorflow_hub


@pytest.fixture
def make_text() -> Callable[..., Module]:
    return small_text


@pytest.fixture
def make_image() -> Callable[..., Module]:
    return small_image


@pytest.fixture(scope="session")
def exported(tmp_path_factory) -> Path:
    return small_text().export(tmp_path_factory.mktemp("small") / "text")


def small_text(spoil: float = 0.0, dim: int = 4) -> Module:
    """Hashed letters, looked up in a table and summed; `spoil` is what the graph does wrong."""
    tf = import_tensorflow()
    table = tf.Variable(np.random.default_rng(3).standard_normal((64, dim)).astype("f4"))

    def call(texts):
        letters = tf.strings.unicode_split(texts, "UTF-8")
        rows = tf.ragged.map_flat_values(tf.strings.to_hash_bucket_fast, letters, 64)
        return tf.reduce_sum(tf.gather(table, rows), 1)

    def build():
        return lambda texts, on_progress: call(tf.constant(list(texts))).numpy()

    def graph():
        return Exportable(
            lambda texts: call(texts) + spoil,
            variables=[table],
            trainable_variables=[table],
            licence_texts=("Do what you like.\n",),
        )

    return Module(replace(CARD, dim=dim), checked_text, build, graph)


def small_image() -> Module:
    """One convolution of squares of 8 pixels, averaged."""
    tf = import_tensorflow()
    kernel = tf.Variable(np.random.default_rng(4).standard_normal((3, 3, 3, 4)).astype("f4"))

    def call(images):
        return tf.reduce_mean(tf.nn.relu(tf.nn.conv2d(images, kernel, 1, "SAME")), [1, 2])

    def build():
        return lambda images, on_progress: call(np.stack(images).astype("f4") / 255).numpy()

    card = replace(CARD, name="small-image", modality="image", image_size=SIDE, languages=())
    graph = partial(Exportable, call, variables=[kernel], trainable_variables=[kernel])
    return Module(card, partial(prepare_image, size=SIDE), build, graph)
