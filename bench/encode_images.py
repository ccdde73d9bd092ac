"""How fast pictures are encoded beside the bare network, and how well a few examples do."""

from __future__ import annotations

import tarfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np
import pyarrow.parquet
from tables import table

from semsearch.modules import load_module

SHOTS, DRAWS = 5, 20
MODULES = (
    "efficientnet-lite0",
    "efficientnet-lite1",
    "efficientnet-lite2",
    "mobilenet-v2",
    "resnet50",
    "colours",
)


def image_speed(archive: Path, labels: Path, rounds: int) -> str:
    """Return the rate from files to vectors beside that of the network on decoded squares."""
    pictures, _ = read_pictures(archive, labels)
    module = load_module("efficientnet-lite0")
    squares = [module.prepare(picture) for picture in pictures]
    network = module._network()  # without the digests that tell repeated pictures apart
    ways: dict[str, Callable[[], object]] = {
        "the network alone, batches of 32": lambda: network(squares, lambda done, total: None),
        "decoded first, then encoded": lambda: module.encode_prepared(
            [module.prepare(picture) for picture in pictures]
        ),
        "semsearch: decoded while the network runs": lambda: module.encode(pictures),
    }
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    module.encode(pictures[:64])
    for _ in range(rounds):
        for name, way in ways.items():
            start = time.perf_counter()
            way()
            seconds[name].append(time.perf_counter() - start)
    first, *_ = ways
    rows = [
        [
            name,
            f"{len(pictures) / median(taken):,.0f}",
            f"{median(a / b for a, b in zip(seconds[first], taken, strict=True)):.2f}",
        ]
        for name, taken in seconds.items()
    ]
    return table(["efficientnet-lite0", "pictures/s", "times the network"], rows)


@dataclass(frozen=True)
class ImageScore:
    """What one image module reaches: 5-shot accuracy over the draws, and pictures a second."""

    name: str
    accuracy: float
    deviation: float
    speed: float


def image_scores(archive: Path, labels: Path) -> list[ImageScore]:
    """Return how often the nearest of the class centres of 5 examples is right, and how fast."""
    pictures, classes = read_pictures(archive, labels)
    scores = []
    for name in MODULES:
        module = load_module(name)
        module.encode(pictures[:32])
        start = time.perf_counter()
        vectors = module.encode(pictures)
        speed = len(pictures) / (time.perf_counter() - start)
        right = [few_shot(vectors, classes, seed) for seed in range(DRAWS)]
        scores.append(ImageScore(name, float(np.mean(right)), float(np.std(right)), speed))
    return scores


def image_table(scores: Sequence[ImageScore]) -> str:
    """Return the scores as a table."""
    rows = [
        [score.name, f"{score.accuracy:.3f}", f"{score.deviation:.3f}", f"{score.speed:,.0f}"]
        for score in scores
    ]
    head = [f"1,000 photographs, 50 classes, {DRAWS} draws", f"{SHOTS}-shot", "sd", "pictures/s"]
    return table(head, rows)


def read_pictures(archive: Path, labels: Path) -> tuple[list[bytes], np.ndarray]:
    """Return the files of a tar in the order of its labels, and the number of each one's class."""
    rows = pyarrow.parquet.read_table(labels, columns=["file", "label"]).to_pylist()
    with tarfile.open(archive) as tar:
        pictures = [tar.extractfile(row["file"]).read() for row in rows]  # type: ignore[union-attr]
    return pictures, np.unique([row["label"] for row in rows], return_inverse=True)[1]


def few_shot(vectors: np.ndarray, classes: np.ndarray, seed: int) -> float:
    """Return the accuracy on the rest of one draw of 5 examples a class."""
    random = np.random.default_rng(seed)
    examples = np.concatenate(
        [
            random.choice(np.flatnonzero(classes == label), SHOTS, replace=False)
            for label in range(classes.max() + 1)
        ]
    )
    centres = vectors[examples].reshape(-1, SHOTS, vectors.shape[1]).mean(axis=1)
    centres /= np.linalg.norm(centres, axis=1, keepdims=True)
    rest = np.setdiff1d(np.arange(len(classes)), examples)
    return float(((vectors[rest] @ centres.T).argmax(axis=1) == classes[rest]).mean())
