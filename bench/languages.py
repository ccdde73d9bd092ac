"""Sentence retrieval across languages: is the nearest sentence of another language the translation?

Every language has the same 3,000 sentences at the same places, some of which are equal, and in
one language where they differ in another. So each distinct sentence is asked once and stored once,
and an answer is right if the two stand at one place at least. Where several sentences are equally
near, the share of them that is right counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow.parquet
from goals import Goal, at_least
from tables import table

from semsearch.modules import Module, load_module

ENGLISH = "en"
TIE = 1e-6
"""Cosines that differ by less are the same."""

LEAST = 0.85
UNTESTED = "Arabic, Korean, Thai, Turkish and traditional Chinese"
"""What `use-multilingual` reads beside the languages that the shared pairs are in."""

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Language:
    """Distinct sentences of a language as vectors (n, dim), and which stands where (places,)."""

    name: str
    vectors: Floats
    at: npt.NDArray[np.int64]

    def first(self, n: int) -> Language:
        """Return what stands at the first n places."""
        kept, at = np.unique(self.at[:n], return_inverse=True)
        return Language(self.name, self.vectors[kept], at)


def languages(data: Path, module: Module) -> list[Language]:
    """Return the parallel sentences of the shared pairs, all first sentences before the second.

    The English pairs stand in a file of their own, in the same order: their scores are compared.
    """
    english = pyarrow.parquet.read_table(data / "sts_stsb_en_train_dev.parquet").to_pandas()
    english = english[english["split"] == "dev"].reset_index(drop=True)
    others = pyarrow.parquet.read_table(data / "sts_stsb_multilingual_dev.parquet").to_pandas()
    frames = {ENGLISH: english}
    for name, frame in others.groupby("lang"):
        frames[str(name)] = frame.sort_values("idx").reset_index(drop=True)
        if not frames[str(name)]["score"].equals(english["score"]):
            raise SystemExit(f"the pairs in {name} are not those in English")
    return [
        language(name, [*frame["sentence1"], *frame["sentence2"]], module)
        for name, frame in frames.items()
    ]


def language(name: str, sentences: Sequence[str], module: Module) -> Language:
    """Return sentences, by place, as one language."""
    distinct = {sentence: at for at, sentence in enumerate(dict.fromkeys(sentences))}
    at = np.array([distinct[sentence] for sentence in sentences])
    return Language(name, module.encode(list(distinct)), at)


def accuracies(spoken: Sequence[Language]) -> npt.NDArray[np.float64]:
    """Return (n, n): how often a sentence of the row's language finds its own in the column's."""
    found = np.full((len(spoken), len(spoken)), np.nan)
    for row, asked in enumerate(spoken):
        for column, answering in enumerate(spoken[:row]):
            cosines = asked.vectors @ answering.vectors.T
            right = np.zeros(cosines.shape, dtype=bool)
            right[asked.at, answering.at] = True
            found[row, column] = accuracy(cosines, right)
            found[column, row] = accuracy(cosines.T, right.T)
    return found


def accuracy(cosines: Floats, right: npt.NDArray[np.bool_]) -> float:
    """Return the share of rows whose largest cosine is right; ties count by their share."""
    nearest = cosines >= cosines.max(axis=1, keepdims=True) - TIE
    return float(((nearest & right).sum(axis=1) / nearest.sum(axis=1)).mean())


def language_section(data: Path) -> tuple[str, list[Goal]]:
    """Return the matrix of accuracies as a table, with what it is held to."""
    spoken = languages(data, load_module("use-multilingual"))
    found = accuracies(spoken)
    places = len(spoken[0].at)
    easier = np.nanmean(accuracies([one.first(places // 2) for one in spoken]))
    names = [one.name for one in spoken]
    rows = [
        [f"**{name}**", *("" if np.isnan(x) else f"{100 * x:.0f}" for x in row), mean_of(row)]
        for name, row in zip(names, found, strict=True)
    ]
    head = ["accuracy@1, %: asked in, found in", *names, "mean"]
    sizes = [len(one.vectors) for one in spoken]
    at = np.unravel_index(np.nanargmin(found), found.shape)
    mean = float(np.nanmean(found))
    told = (
        f"use-multilingual on the {places:,} parallel sentences of the STS-B dev pairs"
        f" ({min(sizes):,} to {max(sizes):,} distinct ones a language, all of them candidates,"
        " among them the near paraphrases of their pair): the share whose nearest sentence in the"
        " other language is the translation. Equal sentences are asked once, and each of their"
        f" translations is right. Over all {len(names) * (len(names) - 1)} pairs {mean:.3f}, the"
        f" worst {names[at[0]]} to {names[at[1]]} with {np.nanmin(found):.3f}; among the first"
        f" sentences of the pairs alone {easier:.3f}. {UNTESTED} are not in this data"
        " (tests/hub/test_across_languages.py asks a few sentences of theirs)."
    )
    goal = at_least("sentences across languages: mean accuracy@1", mean, LEAST, "{:.3f}")
    return f"{table(head, rows)}\n\n{told}", [goal]


def mean_of(row: npt.NDArray[np.float64]) -> str:
    """Return the mean of what stands in a row, in per cent."""
    return f"{100 * np.nanmean(row):.1f}"
