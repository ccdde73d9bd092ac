"""Measure how fast and how well the built-in modules encode, and print it as tables.

python bench/encode.py --texts FILE.parquet --column sentence1 [--limit N] [--sts FILE.parquet]
python bench/encode.py --images FILE.tar --labels FILE.parquet [--markdown docs/performance.md]
"""

from __future__ import annotations

import argparse
import os
import tarfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median

import numpy as np
import pyarrow.parquet
from scipy.stats import spearmanr
from tables import table, write_between_markers

from semsearch.modules import load_module
from semsearch.modules.runtime import import_tensorflow

SHOTS, DRAWS = 5, 20


def main() -> None:
    """Measure what was asked for, print it, and write it into a page if one is named."""
    options = parse()
    sections = []
    if options.texts:
        texts = read_texts(options.texts, options.column, options.limit)
        sections.append(text_speed(texts, options.rounds))
    if options.sts:
        sections.append(sts_quality(options.sts))
    if options.images:
        sections.append(image_quality(options.images, options.labels))
    report = "\n\n".join(sections)
    print(report)
    if options.markdown:
        write_between_markers(options.markdown, "encode", report)


def parse() -> argparse.Namespace:
    """Return the options, which ask for one measurement at least."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--texts", type=Path, help="a parquet file of texts to time")
    parser.add_argument("--column", default="sentence1", help="its column of texts")
    parser.add_argument("--limit", type=int, default=20_000, help="texts at most")
    parser.add_argument("--rounds", type=int, default=3, help="the median of so many is shown")
    parser.add_argument("--sts", type=Path, help="a parquet file of scored sentence pairs")
    parser.add_argument("--images", type=Path, help="a tar of photographs")
    parser.add_argument("--labels", type=Path, help="its parquet file with file and label")
    parser.add_argument("--markdown", type=Path, help="a page with the markers to write between")
    options = parser.parse_args()
    if not (options.texts or options.sts or options.images):
        parser.error("nothing to measure: give --texts, --sts or --images")
    if options.images and not options.labels:
        parser.error("--images needs --labels")
    return options


def read_texts(path: Path, column: str, limit: int) -> list[str]:
    """Return distinct texts in their order, since the module encodes a repeated one only once."""
    values = pyarrow.parquet.read_table(path, columns=[column])[column].to_pylist()
    return list(dict.fromkeys(value for value in values if value))[:limit]


def text_speed(texts: Sequence[str], rounds: int) -> str:
    """Return speed and likeness of our network and of the plain one."""
    import_tensorflow()  # quietly, before the plain network imports it aloud
    from plain_use import PlainUse

    plain, ours = PlainUse(), load_module("use-multilingual")
    ways: dict[str, Callable[[Sequence[str]], np.ndarray]] = {
        "plain call, 512 at a time, in input order": plain.encode,
        "the same, sorted by length": plain.encode_by_length,
        "semsearch": ours.encode,
    }
    seconds: dict[str, list[float]] = {way: [] for way in ways}
    vectors = {}
    for way in ways.values():
        way(texts[:600])
    for _ in range(rounds):  # in turns, so that a busy machine is unfair to none
        for name, way in ways.items():
            start = time.perf_counter()
            vectors[name] = way(texts)
            seconds[name].append(time.perf_counter() - start)
    base, *_ = ways
    rows = []
    for name in ways:
        cosine = (vectors[name] * vectors[base]).sum(axis=1)
        ratio = median(a / b for a, b in zip(seconds[base], seconds[name], strict=True))
        speed = len(texts) / median(seconds[name])
        rows.append(
            [name, f"{speed:,.0f}", f"{ratio:.2f}", f"{cosine.mean():.6f}", f"{cosine.min():.6f}"]
        )
    words = np.mean([len(text.split()) for text in texts])
    head = ["use-multilingual", "sentences/s", "times plain", "cosine mean", "cosine min"]
    note = (
        f"{len(texts):,} texts of {words:.0f} words on average, {os.cpu_count()} cores, "
        f"median of {rounds} rounds in turns."
    )
    return f"{table(head, rows)}\n\n{note}"


def sts_quality(path: Path) -> str:
    """Return the rank correlation of cosine and human score on the dev split."""
    pairs = pyarrow.parquet.read_table(path).to_pylist()
    dev = [pair for pair in pairs if pair["split"] == "dev"]
    languages = sorted({pair["lang"] for pair in dev})
    module = load_module("use-multilingual")
    rows = []
    for language in languages:
        chosen = [pair for pair in dev if pair["lang"] == language]
        first, second = (
            module.encode([pair[side] for pair in chosen]) for side in ("sentence1", "sentence2")
        )
        found = spearmanr((first * second).sum(axis=1), [pair["score"] for pair in chosen])
        rows.append([language, f"{len(chosen):,}", f"{100 * found.statistic:.2f}"])
    return table(["STS-B dev, use-multilingual", "pairs", "Spearman x 100"], rows)


def image_quality(archive: Path, labels: Path) -> str:
    """Return speed, and how often the nearest of the class centres of 5 examples is right."""
    rows = pyarrow.parquet.read_table(labels, columns=["file", "label"]).to_pylist()
    with tarfile.open(archive) as tar:
        pictures = [tar.extractfile(row["file"]).read() for row in rows]  # type: ignore[union-attr]
    classes = np.unique([row["label"] for row in rows], return_inverse=True)[1]
    return table(
        ["module", "photographs", "decoded/s", "encoded/s", f"{SHOTS}-shot accuracy", "sd"],
        [image_row(name, pictures, classes) for name in ("efficientnet-lite0", "colours")],
    )


def image_row(name: str, pictures: Sequence[bytes], classes: np.ndarray) -> list[str]:
    """Return one module's row of `image_quality`."""
    module = load_module(name)
    module.encode(pictures[:32])
    start = time.perf_counter()
    prepared = [module.prepare(picture) for picture in pictures]
    middle = time.perf_counter()
    vectors = module.encode_prepared(prepared)
    end = time.perf_counter()
    right = [few_shot(vectors, classes, seed) for seed in range(DRAWS)]
    speeds = [len(pictures) / (middle - start), len(pictures) / (end - middle)]
    return [
        name,
        f"{len(pictures):,}",
        *(f"{speed:,.0f}" for speed in speeds),
        f"{np.mean(right):.3f}",
        f"{np.std(right):.3f}",
    ]


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


if __name__ == "__main__":
    main()
