"""How fast texts are encoded beside what a user would pick instead, and how well."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np
import pyarrow.parquet
from scipy.stats import spearmanr
from tables import table

from semsearch.modules import Module, load_module
from semsearch.modules.networks.minilm import ARRAYS
from semsearch.modules.precision import SWITCH
from semsearch.modules.runtime import import_tensorflow

STS_MODULES = ("use-multilingual", "minilm", "use-lite")
WARM_UP = 600

Way = Callable[[Sequence[str]], float]
"""Encodes texts and returns the seconds that it took."""


def read_texts(path: Path, column: str, limit: int) -> list[str]:
    """Return distinct texts in their order, since a module encodes a repeated one only once."""
    values = pyarrow.parquet.read_table(path, columns=[column])[column].to_pylist()
    return list(dict.fromkeys(value for value in values if value))[:limit]


def use_multilingual_speed(texts: Sequence[str], rounds: int) -> str:
    """Return speed and likeness of our network and of the plain one, one after the other."""
    import_tensorflow()  # quietly, before the plain network imports it aloud
    from plain_use import PlainUse

    plain, ours = PlainUse(), load_module("use-multilingual")
    vectors: dict[str, np.ndarray] = {}
    ways = {
        "plain call, 512 at a time, in input order": plain.encode,
        "the same, sorted by length": plain.encode_by_length,
        "semsearch, float32": in_float32(ours),
        "semsearch": ours.encode,
    }
    timed = {name: keeping(vectors, name, way) for name, way in ways.items()}
    return speed_table("use-multilingual", "plain", timed, vectors, texts, rounds)


def minilm_speed(texts: Sequence[str], rounds: int, python: Path) -> str:
    """Return speed and likeness of our network and of sentence-transformers' on torch."""
    ours = load_module("minilm")
    vectors: dict[str, np.ndarray] = {}
    with tempfile.TemporaryDirectory() as folder, Peer(python, Path(folder), texts) as peer:
        timed: dict[str, Way] = {
            peer.name: lambda _: peer.encode(),
            "semsearch, float32": keeping(vectors, "semsearch, float32", in_float32(ours)),
            "semsearch": keeping(vectors, "semsearch", ours.encode),
        }
        ours.encode(texts[:WARM_UP])
        seconds = in_turns(timed, texts, rounds)
        vectors[peer.name] = peer.vectors()
    return written("minilm", "torch", seconds, vectors, texts, rounds)


class Peer:
    """The process of `peer.py`, driven line by line so that rounds can be taken in turns."""

    def __init__(self, python: Path, folder: Path, texts: Sequence[str]) -> None:
        self._vectors = folder / "vectors.npy"
        (folder / "texts.json").write_text(json.dumps(list(texts)), encoding="utf-8")
        script = Path(__file__).with_name("peer.py")
        model = ARRAYS.locate().parent
        self._process = subprocess.Popen(
            [str(python), str(script), str(model), str(folder / "texts.json"), str(self._vectors)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self.name = self._answer()

    def __enter__(self) -> Peer:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()

    def encode(self) -> float:
        """Let it encode all texts once; return the seconds that it measured."""
        self._process.stdin.write("\n")  # type: ignore[union-attr]
        self._process.stdin.flush()  # type: ignore[union-attr]
        return float(self._answer())

    def vectors(self) -> np.ndarray:
        """End it and return the vectors of its last round."""
        self._process.stdin.close()  # type: ignore[union-attr]
        self._process.wait()
        return np.load(self._vectors)

    def _answer(self) -> str:
        line = self._process.stdout.readline().strip()  # type: ignore[union-attr]
        if not line:
            raise SystemExit("the peer ended early: are bench/peers.txt's packages installed?")
        return line


def in_float32(module: Module) -> Callable[[Sequence[str]], np.ndarray]:
    """Return the module's encode with bfloat16 switched off."""

    def encode(texts: Sequence[str]) -> np.ndarray:
        os.environ[SWITCH] = "0"
        try:
            return module.encode(texts)
        finally:
            del os.environ[SWITCH]

    return encode


def keeping(
    vectors: dict[str, np.ndarray], name: str, encode: Callable[[Sequence[str]], np.ndarray]
) -> Way:
    """Return a way that times `encode` and keeps its vectors by name."""

    def timed(texts: Sequence[str]) -> float:
        start = time.perf_counter()
        vectors[name] = encode(texts)
        return time.perf_counter() - start

    return timed


def in_turns(ways: dict[str, Way], texts: Sequence[str], rounds: int) -> dict[str, list[float]]:
    """Return the seconds of every round; in turns, so that a busy machine is unfair to none."""
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            seconds[name].append(way(texts))
    return seconds


def speed_table(
    module: str,
    base: str,
    ways: dict[str, Way],
    vectors: dict[str, np.ndarray],
    texts: Sequence[str],
    rounds: int,
) -> str:
    """Warm every way up, time all in turns, and return their table."""
    for way in ways.values():
        way(texts[:WARM_UP])
    return written(module, base, in_turns(ways, texts, rounds), vectors, texts, rounds)


def written(
    module: str,
    base: str,
    seconds: dict[str, list[float]],
    vectors: dict[str, np.ndarray],
    texts: Sequence[str],
    rounds: int,
) -> str:
    """Return the table of times and likeness to the first way."""
    first, *_ = seconds
    rows = []
    for name, taken in seconds.items():
        cosine = (vectors[name] * vectors[first]).sum(axis=1)
        ratio = median(a / b for a, b in zip(seconds[first], taken, strict=True))
        speed = len(texts) / median(taken)
        rows.append(
            [name, f"{speed:,.0f}", f"{ratio:.2f}", f"{cosine.mean():.6f}", f"{cosine.min():.6f}"]
        )
    head = [module, "sentences/s", f"times {base}", "cosine mean", "cosine min"]
    words = np.mean([len(text.split()) for text in texts])
    note = (
        f"{len(texts):,} texts of {words:.0f} words on average, {os.cpu_count()} cores, "
        f"median of {rounds} rounds in turns."
    )
    return f"{table(head, rows)}\n\n{note}"


@dataclass(frozen=True)
class TextScore:
    """What one text module reaches: rank correlation x 100, and sentences a second."""

    name: str
    spearman: float
    speed: float


def sts_scores(path: Path) -> list[TextScore]:
    """Return how well cosines follow the human scores of the English dev split, and how fast."""
    pairs = pyarrow.parquet.read_table(path).to_pylist()
    dev = [pair for pair in pairs if pair["split"] == "dev" and pair["lang"] == "en"]
    sentences = [[pair[side] for pair in dev] for side in ("sentence1", "sentence2")]
    both = list(dict.fromkeys([*sentences[0], *sentences[1]]))
    scores = []
    for name in STS_MODULES:
        module = load_module(name)
        module.encode(both[:WARM_UP])
        start = time.perf_counter()
        module.encode(both)
        speed = len(both) / (time.perf_counter() - start)
        first, second = map(module.encode, sentences)
        found = spearmanr((first * second).sum(axis=1), [pair["score"] for pair in dev])
        scores.append(TextScore(name, 100 * found.statistic, speed))
    return scores


def sts_table(scores: Sequence[TextScore]) -> str:
    """Return the scores as a table."""
    rows = [[score.name, f"{score.spearman:.2f}", f"{score.speed:,.0f}"] for score in scores]
    head = ["STS-B English dev, 1,500 pairs", "Spearman x 100", "sentences/s"]
    return table(head, rows)
