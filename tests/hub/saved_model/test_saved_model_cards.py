"""The card of a module is made from its files alone."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from semsearch.errors import ModuleError
from semsearch.modules.card import UNCHECKED
from semsearch.modules.handles.handle import parse_handle
from semsearch.modules.handles.resolve import Resolved
from semsearch.modules.saved_model.facts import card_of, name_and_version
from semsearch.modules.saved_model.interface import size_by_name
from tests.hub import small_models as small

pytestmark = [pytest.mark.tensorflow]


def test_a_text_module_is_known_by_its_strings(module) -> None:
    card = card_of(small.resolved(module("use")))
    assert (card.name, card.modality, card.dim, card.form) == ("use", "text", 512, "SavedModel")
    assert card.signature == "serving_default(inputs: string (?)) -> outputs: float32 (?, 512)"
    assert (card.is_dynamic, card.image_size, card.pixel_range) == (True, None, None)
    assert (card.licence, card.languages, card.checked) == ("not stated", (), UNCHECKED)
    assert "Nobody has checked" in card.caveat
    assert card.size > 2_000_000


def test_an_image_module_of_fixed_size_says_its_size(module) -> None:
    card = card_of(small.resolved(module("inception-v3")))
    assert (card.modality, card.dim, card.image_size) == ("image", 24, 299)
    assert (card.pixel_range, card.is_dynamic) == ((0.0, 1.0), False)


@pytest.mark.parametrize(
    ("name", "size"), [("efficientnet_b0_feature-vector", 224), ("nasnet_large_dynamic", 331)]
)
def test_a_dynamic_image_module_gets_the_size_that_its_name_is_known_for(module, name, size):
    card = card_of(small.resolved(module(name)))
    assert (card.image_size, card.is_dynamic) == (size, True)


@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("mobilenet_v2_100_160", 160),
        ("mobilenet-v3-large-100-224", 224),
        ("inception_resnet_v2", 299),
        ("efficientnet_b7", 600),
        ("efficientnet_lite1", 240),
        ("efficientnet_v2_imagenet21k_s", 384),
        ("nasnet_mobile", 224),
        ("resnet_v2_50", 224),
    ],
)
def test_sizes_of_published_modules_by_name(name: str, size: int) -> None:
    assert size_by_name(name) == size


def test_the_size_attached_to_a_tensorflow_1_module_counts(module) -> None:
    card = card_of(small.resolved(module("images-tf1")))
    assert (card.form, card.image_size, card.dim) == ("TensorFlow 1 hub module", 160, 32)
    assert card.signature.startswith("image_feature_vector(images: float32 (?, ?, ?, 3))")


def test_bytes_as_input_mean_pixels_up_to_255(module) -> None:
    assert card_of(small.resolved(module("mean-colour-bytes"))).pixel_range == (0.0, 255.0)


def test_options_settle_size_and_pixels(module) -> None:
    card = card_of(small.resolved(module("nasnet_large_dynamic"), "size=64&pixels=-1,1"))
    assert (card.image_size, card.pixel_range) == (64, (-1.0, 1.0))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ("size=100", "takes pictures of 299 x 299 only, not 100"),
        ("size=big", "'big' is no size"),
        ("pixels=1,0", "'1,0' is no range"),
        ("pixels=0", "'0' is no range"),
        ("signature=nix", "no signature 'nix'.*serving_default"),
        ("output=nix", "no output 'nix'.*output_0: float32"),
        ("tags=tpu", "no graph with the tags 'tpu'"),
    ],
)
def test_options_that_do_not_fit_are_refused(module, options: str, words: str) -> None:
    with pytest.raises(ModuleError, match=words):
        card_of(small.resolved(module("inception-v3"), options))


@pytest.mark.parametrize(
    ("name", "options", "unused"),
    [
        ("use", "size=224", "#size="),
        ("use", "pooling=mean&max_tokens=8", "#pooling= and #max_tokens="),
        ("inception-v3", "layer=maps&output=output_0", "#output="),
    ],
)
def test_options_that_would_change_nothing_are_refused(module, name, options, unused) -> None:
    with pytest.raises(ModuleError, match=f"has no use for {unused}"):
        card_of(small.resolved(module(name), options))


def test_local_features_are_recognised(module) -> None:
    card = card_of(small.resolved(module("delf")))
    assert (card.modality, card.dim, card.is_dynamic) == ("local-features", 40, True)


def test_the_digest_changes_with_files_and_options_and_not_with_what_repeats_a_default(module):
    def digest(options: str = "", name: str = "nasnet_large_dynamic") -> str:
        return card_of(small.resolved(module(name), options)).digest

    assert digest() == digest("size=331") == digest("pixels=0,1")
    assert digest() == digest("signature=serving_default")
    others = [
        *(digest("size=64"), digest("pixels=-1,1"), digest("channels=bgr")),
        digest(name="efficientnet_b0_feature-vector"),
    ]
    assert len({digest(), *others}) == 5


def test_the_card_file_of_an_export_is_believed_where_it_makes_sense(module, tmp_path) -> None:
    folder = Path(shutil.copytree(module("use"), tmp_path / "use"))
    said = {
        "name": "reviews",
        "version": "7",
        "licence": "MIT",
        "languages": ["en", "de"],
        "description": "x" * 9_999,
        "max_tokens": -1,
        "dim": 3,
        "modality": "image",
    }
    (folder / "semsearch").mkdir()
    (folder / "semsearch" / "card.json").write_text(json.dumps(said))
    card = card_of(small.resolved(folder))
    assert (card.name, card.version, card.licence) == ("reviews", "7", "MIT")
    assert (card.languages, card.max_tokens, card.dim) == (("en", "de"), None, 512)
    assert card.modality == "text"
    assert len(card.description) == 2_000


@pytest.mark.parametrize("content", ["[]", "{", '{"name": 3, "pixel_range": [1, "x"]}'])
def test_a_card_file_that_makes_no_sense_is_left_aside(module, tmp_path, content: str) -> None:
    folder = Path(shutil.copytree(module("use"), tmp_path / "use"))
    (folder / "semsearch").mkdir()
    (folder / "semsearch" / "card.json").write_text(content)
    assert card_of(small.resolved(folder)).name == "use"


@pytest.mark.parametrize(
    ("handle", "name", "version"),
    [
        ("https://tfhub.dev/google/nnlm-en-dim128/2", "nnlm-en-dim128", "2"),
        ("https://example.org/a/module.tar.gz?x=1", "module", "abcdef01"),
        ("pypi:weights==1.2.0", "weights", "1.2.0"),
        ("npm:@scope/weights@0.2.0", "@scope/weights", "0.2.0"),
        ("some/folder", "folder", "abcdef01"),
    ],
)
def test_names_and_versions_come_from_the_handle(handle: str, name: str, version: str) -> None:
    found = Resolved(parse_handle(handle), Path("x"), "", "abcdef0123", 1, False)
    assert name_and_version(found) == (name, version)


def test_several_possible_outputs_are_listed_with_their_shapes(tmp_path: Path) -> None:
    folder = small.image_module(
        tmp_path / "two", size=8, outputs=lambda vectors: {"left": vectors, "right": vectors * 2}
    )
    with pytest.raises(
        ModuleError, match=r"several outputs.*left: float32 \(\?, 24\); right: float32 \(\?, 24\)"
    ):
        card_of(small.resolved(folder))
    assert "right" in card_of(small.resolved(folder, "output=right")).signature


def test_a_module_with_several_inputs_is_refused_with_its_signature(tmp_path: Path) -> None:
    import tensorflow as tf

    root = tf.Module()
    specs = [tf.TensorSpec([None], tf.string, name=name) for name in ("question", "answer")]
    root.join = tf.function(
        lambda question, answer: tf.zeros([tf.size(question), 4]), input_signature=specs
    )
    folder = small.save(tmp_path / "two", root, {"serving_default": root.join})
    with pytest.raises(ModuleError, match=r"takes several inputs: .*PREPROCESSOR\+ENCODER"):
        card_of(small.resolved(folder))


def test_a_module_of_numbers_is_refused(tmp_path: Path) -> None:
    import tensorflow as tf

    root = tf.Module()
    spec = [tf.TensorSpec([None, 4], tf.float32, name="numbers")]
    root.twice = tf.function(lambda numbers: numbers * 2, input_signature=spec)
    folder = small.save(tmp_path / "numbers", root, {"serving_default": root.twice})
    with pytest.raises(ModuleError, match="takes neither texts nor pictures"):
        card_of(small.resolved(folder))
