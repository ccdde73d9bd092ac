"""Half the bits where they do no harm: one network in float32 and one with bfloat16 products.

A processor that multiplies bfloat16 does so twice as fast as float32. The quick network is used
for bulk work only, and only after its vectors were compared with the exact one's on this machine.
"""

from __future__ import annotations

import functools
import logging
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

import numpy as np

from semsearch.vectors import Vectors, unit

logger = logging.getLogger(__name__)

SWITCH = "SEMSEARCH_BFLOAT16"
PROCESSOR = Path("/proc/cpuinfo")
INSTRUCTIONS = {"avx512_bf16", "amx_bf16"}
LOWEST_COSINE = 0.9999
BULK = 256
"""From so many texts on, time counts more than the sixth digit."""

SAMPLES = (
    "The soup was cold and the waiter was rude.",
    "a",
    "Die Kopfhörer klingen wunderbar, aber der Akku ist nach einem Jahr am Ende.",
    "How do I cancel a card that was stolen in Lisbon on 14 May 2019?",
    "def mean(values): return sum(values) / len(values)",
    "猫がソファーで寝ている。",
    "Results suggest that inhibition of the enzyme reduces tumour growth in mice, although the "
    "effect was seen in one of three cohorts only and did not survive correction for multiple "
    "comparisons; further trials with a larger sample and a longer follow-up are under way.",
    "!!! 50% OFF !!! www.example.com",
)
"""Short and long, plain and odd: what the two networks are compared on."""

Network = TypeVar("Network")


class Precisions(Generic[Network]):
    """One network in two precisions, each built when first needed; safe to share by threads.

    `make` builds it with products in bfloat16 or not, `encode` runs one on a few texts.
    """

    def __init__(
        self,
        name: str,
        make: Callable[[bool], Network],
        encode: Callable[[Network, list[str]], Vectors],
    ) -> None:
        self._name = name
        self._make = make
        self._encode = encode
        self._building = threading.Lock()
        self._exact: Network | None = None
        self._quick: Network | None = None

    def of(self, n: int) -> Network:
        """Return the network for `n` texts at once."""
        with self._building:
            if self._exact is None:
                self._exact = self._make(False)
            if n < BULK or not is_bfloat16_wanted():
                return self._exact
            if self._quick is None:
                self._quick = self._checked(self._exact)
            return self._quick

    def _checked(self, exact: Network) -> Network:
        """Return the quick network, or the exact one again where its vectors stray too far."""
        quick = self._make(True)
        texts = list(SAMPLES)
        pairs = zip(unit(self._encode(exact, texts)), unit(self._encode(quick, texts)), strict=True)
        lowest = min(float(np.dot(a, b)) for a, b in pairs)
        if lowest >= LOWEST_COSINE:
            return quick
        logger.info(
            "%s stays in float32: in bfloat16 its vectors come to a cosine of %.5f",
            self._name,
            lowest,
        )
        return exact


def is_bfloat16_wanted() -> bool:
    """Tell whether the processor has bfloat16, and SEMSEARCH_BFLOAT16=0 does not switch it off."""
    return os.environ.get(SWITCH, "1") not in ("0", "off", "no") and _has_bfloat16()


@functools.cache
def _has_bfloat16() -> bool:
    try:
        lines = PROCESSOR.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:  # not Linux: no figures from there, so nothing is risked
        return False
    flags = next((line for line in lines if line.startswith("flags")), "")
    return not INSTRUCTIONS.isdisjoint(flags.split())
