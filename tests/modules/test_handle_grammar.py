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


@pytest.mark.parametrize(
    "source", ["pypi:soup-weights==2.0+cpu", "https://example.org/a+b.tar.gz", "soup+noodles"]
)
def test_a_plus_in_a_version_an_address_or_a_name_joins_nothing(source: str) -> None:
    assert parse_handle(source).pair() is None


def test_folders_with_a_plus_in_their_names_can_be_a_pair(tmp_path: Path) -> None:
    words, layers = tmp_path / "c++" / "words", tmp_path / "c++" / "layers+more"
    for folder in (words, layers):
        folder.mkdir(parents=True)
    pair = parse_handle(f"{words}+{layers}").pair()
    assert pair is not None
    assert [part.source for part in pair] == [str(words), str(layers)]


def test_what_no_path_can_be_is_no_path() -> None:
    for source in ("a" * 300, "a\0b", "~nobody-of-this-name/x"):
        assert parse_handle(f"{source}#layer=1").source == source
        assert parse_handle(f"{source}+b").pair() in (None,) or "/" in source


@pytest.mark.parametrize("digest", ["zz", "ab" * 31, "ab" * 33])
def test_a_pin_that_is_no_digest_is_refused_at_once(digest: str) -> None:
    with pytest.raises(ModuleError, match="64 hex digits"):
        parse_handle(f"pypi:soup==1#sha256={digest}")


def test_a_pin_may_be_written_in_capitals() -> None:
    assert parse_handle(f"pypi:soup==1#sha256={'AB' * 32}").options["sha256"] == "ab" * 32


def test_local_paths_are_anchored_and_names_are_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "words").mkdir()
    monkeypatch.chdir(tmp_path)
    anchored = parse_handle("words+https://tfhub.dev/x/1#pooling=cls").anchored()
    assert anchored == f"{tmp_path}/words+https://tfhub.dev/x/1#pooling=cls"
    assert parse_handle("use-multilingual").anchored() == "use-multilingual"
