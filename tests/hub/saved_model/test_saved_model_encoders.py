"""Modules from anywhere encode texts and pictures, whatever their format and batch size."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from semsearch.errors import ContentError, ModuleError
from semsearch.modules.saved_model import loaded
from semsearch.modules.saved_model.encoders import open_saved_model
from tests.hub import small_models as small

pytestmark = [pytest.mark.tensorflow]

TEXTS = [
    "the soup was cold",
    "shoes",
    "comfortable shoes and a very long sentence about the service of the house " * 4,
    "Grüße, 世界",
    "the soup was cold",
]


@pytest.fixture(scope="module")
def opened(module):
    def open_module(name: str, options: str = ""):
        return open_saved_model(small.resolved(module(name), options))

    return open_module


@pytest.mark.parametrize(
    ("name", "dim"),
    [
        *(("use", 512), ("use-callable", 512), ("one-text", 16), ("eight-texts", 16)),
        *(("column-of-texts", 16), ("nnlm", 128), ("nnlm-tf1", 128), ("keras-text", 5)),
    ],
)
def test_texts_get_the_same_vector_alone_and_among_others(opened, name: str, dim: int) -> None:
    encoder = opened(name)
    vectors = encoder.encode(TEXTS)
    assert vectors.shape == (5, dim) == (5, encoder.card.dim)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(5), abs=1e-5)
    assert (vectors[0] == vectors[4]).all()
    for text, vector in zip(TEXTS, vectors, strict=True):
        assert encoder.encode([text])[0] @ vector == pytest.approx(1, abs=1e-5)


def test_the_vectors_are_those_of_the_module_itself(module, opened) -> None:
    import tensorflow as tf

    plain = tf.saved_model.load(str(module("use"))).signatures["serving_default"]
    expected = plain(inputs=tf.constant(TEXTS))["outputs"].numpy()
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    assert opened("use").encode(TEXTS) == pytest.approx(expected, abs=1e-6)


def test_vocabulary_files_of_both_formats_give_the_same_words_the_same_rows(opened) -> None:
    texts = ["soup", "cold", "soup cold"]
    assert opened("nnlm").encode(texts) == pytest.approx(opened("nnlm-tf1").encode(texts))


@pytest.mark.parametrize(
    ("name", "dim"),
    [
        *(("inception-v3", 24), ("efficientnet_b0_feature-vector", 24), ("four-images", 24)),
        *(("images-tf1", 32), ("keras-image", 5), ("mean-colour-bytes", 3)),
    ],
)
def test_pictures_get_the_same_vector_alone_and_among_others(
    opened, pictures, name: str, dim: int
) -> None:
    encoder = opened(name)
    vectors = encoder.encode(pictures)
    assert vectors.shape == (5, dim) == (5, encoder.card.dim)
    for picture, vector in zip(pictures, vectors, strict=True):
        assert encoder.encode([picture])[0] @ vector == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize(
    ("name", "options", "expected"),
    [
        ("mean-colour", "", (1.0, 0.4, 0.2)),
        ("mean-colour", "channels=bgr", (0.2, 0.4, 1.0)),
        ("mean-colour", "pixels=-1,1", (1.0, -0.2, -0.6)),
        ("mean-colour", "pixels=0,255&channels=bgr", (51.0, 102.0, 255.0)),
        ("mean-colour-bytes", "", (255.0, 102.0, 51.0)),
    ],
)
def test_pixels_arrive_in_the_range_and_order_that_the_module_wants(
    opened, name: str, options: str, expected
) -> None:
    (vector,) = opened(name, options).encode([Image.new("RGB", (9, 20), (255, 102, 51))])
    assert vector == pytest.approx(np.array(expected) / np.linalg.norm(expected), abs=1e-6)


def test_an_unknown_order_of_channels_is_refused(opened) -> None:
    with pytest.raises(ModuleError, match="'bgra' is no order of channels"):
        opened("mean-colour", "channels=bgra")


def test_the_classifier_of_a_tensorflow_1_module_can_be_asked_for(opened, pictures) -> None:
    assert opened("images-tf1", "signature=default").encode(pictures).shape == (5, 5)


@pytest.mark.parametrize("text", ["", "  \n"])
def test_an_empty_text_is_refused_before_the_module_sees_it(opened, text: str) -> None:
    with pytest.raises(ContentError, match="content 1: the text is empty"):
        opened("use").encode(["soup", text])


def test_progress_counts_to_the_end(opened) -> None:
    told: list[tuple[int, int]] = []
    opened("use").encode([f"word {n}" for n in range(1_500)], lambda *pair: told.append(pair))
    assert told[-1] == (1_500, 1_500)
    assert len(told) > 1


def test_no_batch_holds_more_than_its_budget(module, monkeypatch) -> None:
    sizes: list[int] = []
    call = loaded.Loaded.call

    def counted(self, inputs):
        (batch,) = inputs.values()
        sizes.append(len(batch))
        return call(self, inputs)

    monkeypatch.setattr(loaded.Loaded, "call", counted)
    encoder = open_saved_model(small.resolved(module("use")))
    encoder.encode([f"{n} " + "long " * 2_000 for n in range(20)])
    assert max(sizes) <= 6
    sizes.clear()
    encoder.encode([f"word {n}" for n in range(2_000)])
    assert 100 < max(sizes) <= 1_024


@pytest.mark.parametrize(
    ("value", "words"), [(0.0, "gave a zero vector"), (float("nan"), "gave NaN or infinity")]
)
def test_a_vector_without_direction_names_the_text(tmp_path: Path, value, words: str) -> None:
    import tensorflow as tf

    root = tf.Module()
    spec = [tf.TensorSpec([None], tf.string, name="texts")]

    def embed(texts):
        is_odd = tf.cast(tf.strings.regex_full_match(texts, "odd.*"), tf.int32)
        return tf.gather(tf.constant([[1.0, 2.0], [value, value]]), is_odd)

    root.embed = tf.function(embed, input_signature=spec, autograph=False)
    folder = small.save(tmp_path / "odd", root, {"serving_default": root.embed})
    with pytest.raises(ContentError, match=f"{words} for the text 'odd one'"):
        open_saved_model(small.resolved(folder)).encode(["fine", "odd one", "fine too"])


def test_a_picture_without_direction_is_named_by_its_colour(opened) -> None:
    black, red = (Image.new("RGB", (9, 9), colour) for colour in ("black", "#fe0000"))
    assert opened("mean-colour").encode([red]).shape == (1, 3)
    with pytest.raises(ContentError, match="a zero vector for a picture whose mean colour is #0"):
        opened("mean-colour").encode([red, black])


def test_an_error_inside_the_module_is_told_in_one_line(tmp_path: Path) -> None:
    import tensorflow as tf

    def refuse(tf_, texts):
        check = tf_.debugging.assert_less(tf_.size(texts), 0, message="nothing pleases me")
        with tf_.control_dependencies([check]):
            return tf_.constant(0)

    folder = small.module_doing(tmp_path / "module", refuse)
    with pytest.raises(ModuleError, match="cannot be run .*nothing pleases me") as caught:
        open_saved_model(small.resolved(folder)).encode(["soup"])
    assert "\n" not in str(caught.value)
    assert isinstance(caught.value.__cause__, tf.errors.InvalidArgumentError)


def test_memory_that_runs_out_halves_the_batch_and_ends_in_a_module_error(
    module, monkeypatch
) -> None:
    import tensorflow as tf

    call = loaded.Loaded.call
    limit = 4

    def tight(self, inputs):
        (batch,) = inputs.values()
        if len(batch) > limit:
            raise tf.errors.ResourceExhaustedError(None, None, "OOM")
        return call(self, inputs)

    encoder = open_saved_model(small.resolved(module("use")))
    texts = [f"word {n}" for n in range(20)]
    expected = encoder.encode(texts)
    monkeypatch.setattr(loaded.Loaded, "call", tight)
    assert encoder.encode(texts) == pytest.approx(expected, abs=1e-6)
    limit = 0
    with pytest.raises(ModuleError, match="the memory is too small"):
        encoder.encode(texts)


def test_variables_that_are_damaged_are_told_as_such(module, tmp_path: Path) -> None:
    import shutil

    folder = Path(shutil.copytree(module("use"), tmp_path / "use"))
    (folder / "variables" / "variables.data-00000-of-00001").write_bytes(b"short")
    with pytest.raises(ModuleError, match="cannot be loaded"):
        open_saved_model(small.resolved(folder)).encode(["soup"])


def test_local_features_are_no_encoder(opened) -> None:
    with pytest.raises(ModuleError, match="many vectors in each picture"):
        opened("delf")


def test_opening_a_module_does_not_load_it(module, monkeypatch) -> None:
    import tensorflow as tf

    monkeypatch.setattr(tf.saved_model, "load", None)
    encoder = open_saved_model(small.resolved(module("use")))
    with pytest.raises(ModuleError, match="cannot be loaded"):
        encoder.encode(["soup"])


def test_a_module_that_needs_tensorflow_text_says_how_to_get_it(tmp_path, monkeypatch) -> None:
    import tensorflow_text

    folder = small.module_doing(
        tmp_path / "module",
        lambda tf, texts: tf.size(tensorflow_text.case_fold_utf8(texts)) * 0,
    )
    assert open_saved_model(small.resolved(folder)).encode(["soup"]).shape == (1, 8)
    monkeypatch.setitem(sys.modules, "tensorflow_text", None)
    for use in (open_saved_model, lambda files: loaded.load(files.path, {})):
        with pytest.raises(ModuleError, match="needs operations of TensorFlow Text") as caught:
            use(small.resolved(folder))
        assert caught.value.remedy == "install them with: pip install 'semsearch[text]'"
