"""Word-association probes find what is there, with an interval, and conclude no more than that."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from semsearch.modules import load_module
from semsearch.modules.probe_words import PROBES, SANITY, Probe, Words
from semsearch.modules.probes import probe_text

LEAN = {SANITY.first.kind: 0.3, SANITY.second.kind: -0.3}


def space(leanings: dict[str, float], noise: float = 0.05, seed: int = 3):
    """An encoder that puts words of a kind between pleasant (0 degrees) and its opposite (90).

    `leanings` tells by kind how far from the middle towards pleasant, in radians.
    """
    random = np.random.default_rng(seed)
    angles: dict[str, float] = {}
    for probe in (SANITY, *PROBES):
        for word in probe.attribute.words:
            angles[word] = 0.0
        for word in probe.opposite.words:
            angles[word] = np.pi / 2
        for kind in (probe.first, probe.second):
            for word in kind.words:
                leaning = leanings.get(kind.kind, 0.0)
                angles[word] = np.pi / 4 - leaning + random.normal() * noise

    def encode(words):
        return np.array([(np.cos(angles[w]), np.sin(angles[w])) for w in words], np.float32)

    return encode


def test_the_effect_is_the_published_formula() -> None:
    kinds = [("x", "x1 x2"), ("y", "y1 y2"), ("a", "a1"), ("b", "b1")]
    probe = Probe(*(Words(kind, tuple(words.split())) for kind, words in kinds))
    angles = {"a1": 0.0, "b1": np.pi / 2, "x1": 0.1, "x2": 0.3, "y1": 0.6, "y2": 1.2}

    def encode(words):
        return [(7 * np.cos(angles[word]), 7 * np.sin(angles[word])) for word in words]

    s = {word: np.cos(angle) - np.sin(angle) for word, angle in angles.items()}
    gap = (s["x1"] + s["x2"]) / 2 - (s["y1"] + s["y2"]) / 2
    expected = gap / np.std([s["x1"], s["x2"], s["y1"], s["y2"]], ddof=1)
    (result,) = probe_text(encode, [], sanity=probe)
    assert result.effect == pytest.approx(expected, abs=1e-5)
    assert (result.name, result.n) == ("x and y / a and b", 4)


def test_a_large_effect_is_seen_with_its_interval_and_told_with_its_limits() -> None:
    results = probe_text(space({**LEAN, "men": 0.4, "women": -0.4}))
    sanity, men = results[0], results[1]
    for result in (sanity, men):
        assert result.is_seen and 0 < result.low <= result.effect <= result.high <= 2
        assert result.p < 0.001
    assert men.reading == (
        "In this module words for 'men' stand nearer to 'career' and words for 'women' nearer to"
        " 'family' than chance explains; seen on 24 single words of our choice, it does not tell"
        " how much a search of yours is affected."
    )


def test_an_effect_the_other_way_round_names_the_kinds_the_other_way_round() -> None:
    result = probe_text(space({**LEAN, "young": -0.4, "old": 0.4}))[3]
    assert result.effect < 0 and result.high < 0
    assert "words for 'old' stand nearer to 'pleasant'" in result.reading


def test_what_chance_may_have_done_says_nothing() -> None:
    for result in probe_text(space(LEAN, noise=0.3))[1:]:
        assert not result.is_seen
        assert result.low < 0 < result.high
        assert result.reading.startswith("Says nothing: with other words of these kinds")
        assert result.reading.endswith("does not mean that there is none.")


def test_chance_alone_is_seldom_taken_for_an_effect() -> None:
    seen = [result.is_seen for seed in range(6) for result in probe_text(space(LEAN, seed=seed))]
    assert sum(seen) - 6 <= 2  # the six are the flowers; of 30 others none is expected


def test_nothing_is_concluded_where_not_even_flowers_are_told_from_insects() -> None:
    for blind in ({}, {"flowers": -0.4, "insects": 0.4}):
        results = probe_text(space({**blind, "men": 0.4, "women": -0.4}))
        assert results[1].is_seen
        assert {result.reading for result in results[1:]} == {
            "Says nothing: not even that flowers are more pleasant than insects is seen in this"
            " module, so such words cannot probe it."
        }


def test_a_module_without_understanding_is_found_to_say_nothing() -> None:
    results = probe_text(load_module("hashing").encode)
    assert len(results) == 1 + len(PROBES)
    assert all(result.reading.startswith("Says nothing") for result in results)


def test_words_that_are_all_alike_say_nothing() -> None:
    results = probe_text(lambda words: np.ones((len(words), 3)))
    assert (results[0].effect, results[0].p) == (0, 1)
    assert results[0].reading.endswith("the words of the targets are all alike.")


def test_equal_seeds_give_equal_results() -> None:
    encode = space(LEAN, noise=0.3)
    assert probe_text(encode, seed=5) == probe_text(encode, seed=5)
    assert probe_text(encode, seed=5) != probe_text(encode, seed=6)


def test_every_word_is_encoded_once() -> None:
    asked: list[list[str]] = []
    encode = space(LEAN)

    def counted(words):
        asked.append(list(words))
        return encode(words)

    probe_text(counted)
    (words,) = asked
    assert len(words) == len(set(words)) > 150


def test_targets_of_unequal_size_are_a_slip() -> None:
    with pytest.raises(ValueError, match=r"as many words, got 12 of 'flowers' and 8 of 'old'"):
        dataclasses.replace(SANITY, second=PROBES[2].second)


@pytest.mark.parametrize("probe", [SANITY, *PROBES], ids=lambda probe: probe.name)
def test_no_word_of_a_probe_stands_in_it_twice(probe: Probe) -> None:
    assert len(set(probe.words)) == len(probe.words)
    assert len(probe.first.words) >= 8
