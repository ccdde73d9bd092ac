"""Modules that came as SavedModels or Keras files, exported anew and opened by our own loader."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from semsearch.errors import ModuleError
from semsearch.modules.export import verify_export
from semsearch.modules.saved_model.encoders import open_saved_model
from semsearch.modules.saved_model.pair import open_pair
from tests.hub import small_models as small
from tests.hub import small_transformers as pairs

pytestmark = pytest.mark.tensorflow

TEXTS = ["cold soup", "the service was comfortable", "shoes"]
ELSEWHERE = """
import sys, tensorflow as tf
for folder in sys.argv[1:]:
    module = tf.saved_model.load(folder)
    print(float(module.verify()))
assert not any(name.startswith("semsearch") for name in sys.modules)
"""

MAKERS: dict[str, tuple[Callable[[Path], Path], str]] = {
    "use": (lambda folder: small.text_module(folder, dim=8), ""),
    "use-column": (lambda folder: small.text_module(folder, dim=8, shape=(None, 1)), ""),
    "nnlm": (small.nnlm_module, ""),
    "tf1-text": (small.tf1_text_module, ""),
    "tf1-image": (lambda folder: small.tf1_image_module(folder, told=12), ""),
    "image": (lambda folder: small.image_module(folder, size=10), ""),
    "bytes": (lambda folder: small.image_module(folder, size=10, dtype="uint8"), ""),
    "signed-bgr": (lambda folder: small.image_module(folder, size=10), "pixels=-1,1&channels=bgr"),
    "keras": (small.keras_saved_model, ""),
    "keras-cut": (small.keras_saved_model, "maps"),
    "keras-file-cut": (lambda folder: small.keras_file(folder.with_suffix(".keras")), "features"),
}


def contents(modality: str) -> list:
    if modality == "text":
        return TEXTS
    noise = np.random.default_rng(2).integers(0, 256, (3, 6, 8, 3), np.uint8)
    return [Image.fromarray(each).resize((40, 30)) for each in noise]


@pytest.fixture(scope="module")
def exports(tmp_path_factory) -> dict[str, tuple]:
    """Every module of MAKERS and the folder that it was exported to; the first is then gone."""
    place = tmp_path_factory.mktemp("again")
    made = {}
    for name, (make, options) in MAKERS.items():
        module = open_saved_model(small.resolved(make(place / name), options, trust=True))
        folder = module.export(place / f"{name}-exported")
        made[name] = (module, folder, module.encode(contents(module.card.modality)))
    for file in place.glob("*_words.txt"):
        file.unlink()
    return made


@pytest.mark.parametrize("name", MAKERS)
def test_our_loader_gives_the_same_vectors_and_card_back(exports, name: str) -> None:
    module, folder, expected = exports[name]
    again = open_saved_model(small.resolved(folder))
    vectors = again.encode(contents(module.card.modality))
    assert (vectors * expected).sum(axis=1) == pytest.approx(1, abs=1e-5)
    told, first = again.card, module.card
    assert (told.name, told.version, told.dim) == (first.name, first.version, first.dim)
    assert (told.licence, told.caveat) == (first.licence, first.caveat)
    assert told.image_size == first.image_size
    assert told.pixel_range == ((0, 1) if first.modality == "image" else None)


def test_all_of_them_verify_where_there_is_nothing_but_tensorflow(exports, exported) -> None:
    folders = [str(exported), *(str(folder) for _, folder, _ in exports.values())]
    done = subprocess.run(
        [sys.executable, "-c", ELSEWHERE, *folders],
        capture_output=True,
        text=True,
        cwd="/",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    cosines = [float(line) for line in done.stdout.split()]
    assert cosines == pytest.approx([1] * len(folders), abs=1e-5)


def test_an_export_of_an_export_is_one_too(exports, tmp_path) -> None:
    _, folder, expected = exports["nnlm"]
    again = open_saved_model(small.resolved(folder)).export(tmp_path / "again")
    assert verify_export(again).is_good
    vectors = open_saved_model(small.resolved(again)).encode(TEXTS)
    assert (vectors * expected).sum(axis=1) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize(("name", "trainable"), [("use", 1), ("nnlm", 1), ("image", 1)])
def test_what_could_be_trained_before_can_be_trained_again(exports, hub, name, trainable) -> None:
    assert len(hub.load(str(exports[name][1])).trainable_variables) == trainable


def test_an_export_that_reaches_out_is_run_only_when_it_is_trusted(tmp_path) -> None:
    here = tmp_path / "note"
    here.write_text("")

    def act(tf, texts):
        return tf.strings.length(tf.io.read_file(str(here)))

    risky = small.resolved(small.module_doing(tmp_path / "m", act), trust=True)
    folder = open_saved_model(risky).export(tmp_path / "exported")
    with pytest.raises(ModuleError, match="is not run: it holds ReadFile"):
        verify_export(folder)
    assert verify_export(folder, trust=True).is_good


PAIRS: dict[str, tuple[Callable[[Path], Path], Callable[[Path], Path], dict[str, str]]] = {
    "bert-short": (pairs.bert_preprocess, pairs.bert_encoder, {"max_tokens": "5"}),
    "bert-of-one-width": (
        pairs.bert_preprocess,
        lambda folder: pairs.bert_encoder(folder, length=128),
        {"pooling": "max"},
    ),
    "gpt-padded-left": (
        lambda folder: pairs.gpt_preprocess(folder, side="left"),
        lambda folder: pairs.gpt_encoder(folder, counts_positions=False),
        {"pooling": "mean"},
    ),
    "gpt": (pairs.gpt_preprocess, pairs.gpt_encoder, {"pooling": "last", "layer": "1"}),
}


@pytest.mark.parametrize("kind", PAIRS)
def test_a_pair_becomes_one_module_of_texts(tmp_path, kind: str) -> None:
    preprocess, encoder, options = PAIRS[kind]
    parts = [
        small.resolved(preprocess(tmp_path / "preprocess")),
        small.resolved(encoder(tmp_path / "encoder")),
    ]
    module = open_pair(parts[0], parts[1], options)
    expected = module.encode(TEXTS)
    folder = module.export(tmp_path / "exported")
    assert verify_export(folder).is_good
    vectors = open_saved_model(small.resolved(folder)).encode(TEXTS)
    assert (vectors * expected).sum(axis=1) == pytest.approx(1, abs=1e-5)


def test_a_module_of_a_fixed_batch_is_refused(tmp_path) -> None:
    module = open_saved_model(small.resolved(small.text_module(tmp_path / "m", batch=3, dim=8)))
    with pytest.raises(ModuleError, match="takes 3 items at once"):
        module.export(tmp_path / "exported")
    assert [path.name for path in tmp_path.iterdir()] == ["m"]


def test_the_licence_beside_a_module_goes_with_it(tmp_path) -> None:
    folder = small.text_module(tmp_path / "m", dim=8)
    (folder / "LICENSE.txt").write_text("Give it away.\n")
    exported = open_saved_model(small.resolved(folder)).export(tmp_path / "exported")
    assert "Give it away." in (exported / "semsearch/LICENCE.txt").read_text()
