"""One string names a module and how to use it."""

from __future__ import annotations

from pathlib import Path

import pytest

from semsearch.errors import ModuleError
from semsearch.modules.handles import parse_handle


def test_a_handle_without_a_fragment_is_all_source() -> None:
    handle = parse_handle("pypi:soup-weights==1.2")
    assert (handle.source, dict(handle.options)) == ("pypi:soup-weights==1.2", {})


def test_a_fragment_of_one_word_names_a_layer() -> None:
    handle = parse_handle("models/soup.keras#block_5")
    assert (handle.source, dict(handle.options)) == ("models/soup.keras", {"layer": "block_5"})


def test_options_are_taken_apart() -> None:
    handle = parse_handle("bert#pooling=cls&layer=-2&max_tokens=64")
    assert dict(handle.options) == {"pooling": "cls", "layer": "-2", "max_tokens": "64"}


@pytest.mark.parametrize("fragment", ["poling=cls", "pooling=", "layer=1&layer=2", "layer=1&x"])
def test_an_option_that_cannot_be_meant_is_refused_with_the_known_ones(fragment: str) -> None:
    with pytest.raises(ModuleError, match="known are sha256, layer"):
        parse_handle(f"bert#{fragment}")


def test_two_sources_joined_by_a_plus_are_a_pair_and_the_encoder_has_the_options() -> None:
    pair = parse_handle("./words+./layers#pooling=max").pair()
    assert pair is not None
    preprocess, encoder = pair
    assert (preprocess.source, encoder.source) == ("./words", "./layers")
    assert (dict(preprocess.options), dict(encoder.options)) == ({}, {"pooling": "max"})


def test_a_folder_that_has_these_signs_in_its_name_is_one_module(tmp_path: Path) -> None:
    folder = tmp_path / "c++ #1"
    folder.mkdir()
    handle = parse_handle(str(folder))
    assert handle.source == str(folder)
    assert handle.pair() is None


def test_local_paths_are_anchored_and_names_are_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "words").mkdir()
    monkeypatch.chdir(tmp_path)
    anchored = parse_handle("words+https://tfhub.dev/x/1#pooling=cls").anchored()
    assert anchored == f"{tmp_path}/words+https://tfhub.dev/x/1#pooling=cls"
    assert parse_handle("use-multilingual").anchored() == "use-multilingual"
