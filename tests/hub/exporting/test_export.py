"""An exported module: what others load, what lies beside it, and how it verifies itself."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from dataclasses import fields

import numpy as np
import pytest

from semsearch.errors import ModuleError
from semsearch.modules.card import ModuleCard
from semsearch.modules.export import verify_export

pytestmark = pytest.mark.tensorflow

TEXTS = ["soup", "ramen in the rain", "Öl"]


def test_hub_load_gives_a_function_from_texts_to_the_vectors_of_the_module(
    exported, make_text, hub
) -> None:
    import tensorflow as tf

    vectors = hub.load(str(exported))(tf.constant(TEXTS))
    assert vectors.dtype == tf.float32
    assert vectors.numpy() == pytest.approx(make_text().encode(TEXTS), abs=1e-6)


def test_the_signature_has_the_name_that_servers_ask_for(exported, make_text) -> None:
    import tensorflow as tf

    signature = tf.saved_model.load(str(exported)).signatures["serving_default"]
    vectors = signature(inputs=tf.constant(TEXTS))["outputs"].numpy()
    assert vectors == pytest.approx(make_text().encode(TEXTS), abs=1e-6)


def test_a_keras_layer_of_it_can_be_trained(exported, hub) -> None:
    import tensorflow as tf
    import tf_keras

    layer = hub.KerasLayer(str(exported), trainable=True, input_shape=[], dtype=tf.string)
    before = layer.trainable_variables[0].numpy().copy()
    model = tf_keras.Sequential([layer, tf_keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    model.fit(tf.constant(TEXTS), np.ones((3, 1)), verbose=0)
    assert not np.array_equal(layer.trainable_variables[0].numpy(), before)


def test_a_keras_layer_that_is_not_trained_shows_its_variables_all_the_same(exported, hub) -> None:
    import tensorflow as tf

    layer = hub.KerasLayer(str(exported), input_shape=[], dtype=tf.string)
    assert (len(layer.variables), layer.trainable_variables) == (1, [])
    assert list(hub.load(str(exported)).regularization_losses) == []


def test_no_texts_give_no_vectors(exported, hub) -> None:
    import tensorflow as tf

    assert hub.load(str(exported))(tf.constant([], tf.string)).shape == (0, 4)


def test_pictures_go_in_as_floats_from_0_to_1_of_any_size(make_image, hub, tmp_path) -> None:
    module = make_image()
    folder = module.export(tmp_path / "image")
    squares = np.random.default_rng(0).integers(0, 256, (2, 8, 8, 3), np.uint8)
    loaded = hub.load(str(folder))
    vectors = loaded(squares.astype("f4") / 255).numpy()
    assert vectors == pytest.approx(module.encode_prepared(list(squares)), abs=1e-6)
    assert loaded(np.ones((1, 5, 9, 3), "f4")).shape == (1, 4)
    assert verify_export(folder).is_good


def test_the_card_beside_it_has_every_field_and_tells_of_the_new_form(exported) -> None:
    card = json.loads((exported / "semsearch/card.json").read_text())
    assert set(card) == {field.name for field in fields(ModuleCard)}
    assert (card["name"], card["licence"], card["languages"]) == (
        "small-text",
        "CC0-1.0",
        ["en", "de"],
    )
    assert (card["form"], card["signature"]) == (
        "SavedModel",
        "texts (n,) string -> vectors (n, 4) float32",
    )
    assert card["size"] > 1000


def test_a_picture_module_says_which_values_its_pixels_have(make_image, tmp_path) -> None:
    folder = make_image().export(tmp_path / "image")
    card = json.loads((folder / "semsearch/card.json").read_text())
    assert (card["pixel_range"], card["image_size"], card["is_dynamic"]) == ([0, 1], 8, True)
    assert np.load(folder / "semsearch/test_inputs.npy").shape == (3, 8, 8, 3)


def test_the_licence_is_passed_on_with_its_text(exported) -> None:
    licence = (exported / "semsearch/LICENCE.txt").read_text()
    assert "Licence: CC0-1.0" in licence
    assert licence.endswith("Do what you like.\n")


def test_the_test_vectors_are_those_of_the_module(exported, make_text) -> None:
    texts = json.loads((exported / "semsearch/test_inputs.json").read_text())
    vectors = np.load(exported / "semsearch/test_vectors.npy")
    assert vectors == pytest.approx(make_text().encode(texts), abs=1e-6)


def test_texts_are_tried_in_the_languages_that_the_module_knows(exported) -> None:
    texts = " ".join(json.loads((exported / "semsearch/test_inputs.json").read_text()))
    assert "Bahnhof" in texts
    assert "estación" not in texts


def test_the_digests_are_read_by_sha256sum_too(exported) -> None:
    done = subprocess.run(
        ["sha256sum", "--check", "--strict", "semsearch/SHA256SUMS"],
        cwd=exported,
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count(": OK") == 8


def test_a_verified_export_is_reported_whole(exported) -> None:
    report = verify_export(exported)
    sums = (exported / "semsearch/SHA256SUMS").read_bytes()
    assert report.is_good
    assert (report.n_files, report.damaged) == (8, ())
    assert report.digest == hashlib.sha256(sums).hexdigest()
    assert report.lowest_cosine == pytest.approx(1, abs=1e-6)


@pytest.fixture
def copied(exported, tmp_path):
    return shutil.copytree(exported, tmp_path / "copy")


@pytest.mark.parametrize("name", ["variables/variables.data-00000-of-00001", "saved_model.pb"])
def test_a_flipped_byte_is_named_and_nothing_is_run(copied, name: str) -> None:
    data = bytearray((copied / name).read_bytes())
    data[len(data) // 2] ^= 1
    (copied / name).write_bytes(data)
    report = verify_export(copied)
    assert not report.is_good
    assert (report.damaged, report.lowest_cosine) == ((f"{name!r} is not what was written",), None)


def test_missing_added_and_linked_files_are_named(copied) -> None:
    (copied / "variables/variables.index").unlink()
    (copied / "assets/more.txt").write_text("more")
    (copied / "fingerprint.pb").unlink()
    (copied / "fingerprint.pb").symlink_to("/etc/hostname")
    assert verify_export(copied).damaged == (
        "'assets/more.txt' is not one of the module's files",
        "'fingerprint.pb' is no plain file",
        "'variables/variables.index' is missing",
    )


def test_a_list_of_digests_cannot_name_files_outside_the_folder(copied) -> None:
    digest = hashlib.sha256(b"secret").hexdigest()
    (copied.parent / "secret").write_bytes(b"secret")
    with (copied / "semsearch/SHA256SUMS").open("a") as sums:
        sums.write(f"{digest}  ../secret\n")
    assert verify_export(copied).damaged == ("'../secret' is missing",)


def test_weights_that_were_changed_with_their_digest_are_refused_when_they_are_loaded(
    copied,
) -> None:
    weights, sums = (
        copied / "variables/variables.data-00000-of-00001",
        copied / "semsearch/SHA256SUMS",
    )
    data = weights.read_bytes()
    changed = bytes(64) + data[64:]
    weights.write_bytes(changed)
    old, new = (hashlib.sha256(each).hexdigest() for each in (data, changed))
    sums.write_text(sums.read_text().replace(old, new))
    with pytest.raises(ModuleError, match="cannot be loaded"):
        verify_export(copied)


def test_a_folder_that_is_no_export_is_refused(tmp_path) -> None:
    with pytest.raises(ModuleError, match=r"is no exported module.*Module\.export"):
        verify_export(tmp_path)
