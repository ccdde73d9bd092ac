"""The quick network is used for bulk work only, and only where its vectors agree."""

from __future__ import annotations

import logging

import numpy as np
import pytest

from semsearch.modules import Module, precision
from semsearch.modules.precision import BULK, SWITCH, Precisions
from semsearch.vectors import Vectors

pytestmark = [pytest.mark.tensorflow]


class Letters:
    """A network of one product: counts of letters, turned aside by `tilt` when quick."""

    def __init__(self, *, is_quick: bool, tilt: float) -> None:
        self.is_quick = is_quick
        self.tilt = tilt if is_quick else 0.0

    def encode(self, texts: list[str]) -> Vectors:
        return np.array([[1.0, 1.0 + self.tilt * len(text)] for text in texts], np.float32)


def precisions(tilt: float) -> Precisions[Letters]:
    return Precisions(
        "letters",
        lambda is_quick: Letters(is_quick=is_quick, tilt=tilt),
        lambda network, texts: network.encode(texts),
    )


@pytest.fixture
def _bfloat16(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(precision, "_has_bfloat16", lambda: True)
    monkeypatch.delenv(SWITCH, raising=False)


@pytest.mark.usefixtures("_bfloat16")
def test_few_texts_are_encoded_exactly_and_many_quickly() -> None:
    networks = precisions(tilt=1e-6)
    assert not networks.of(BULK - 1).is_quick
    assert networks.of(BULK).is_quick


@pytest.mark.usefixtures("_bfloat16")
def test_a_network_whose_quick_vectors_stray_stays_exact_and_says_so(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.INFO):
        assert not precisions(tilt=0.01).of(BULK).is_quick
    assert "letters stays in float32" in caplog.text


@pytest.mark.usefixtures("_bfloat16")
def test_the_switch_turns_it_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SWITCH, "0")
    assert not precisions(tilt=1e-6).of(BULK).is_quick


def test_a_processor_without_it_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(precision, "_has_bfloat16", lambda: False)
    assert not precisions(tilt=1e-6).of(BULK).is_quick


@pytest.mark.usefixtures("_bfloat16")
def test_bulk_vectors_of_use_multilingual_agree_with_the_exact_ones(
    sentences: Module, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = [f"Soup number {number} was {'very ' * (number % 9)}cold" for number in range(BULK)]
    quick = sentences.encode(texts)
    monkeypatch.setenv(SWITCH, "0")
    exact = sentences.encode(texts)
    assert not np.array_equal(quick, exact)
    assert (quick * exact).sum(axis=1).min() >= 0.9999
