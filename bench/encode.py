"""Measure how fast and how well modules encode, beside their peers, and print it as tables.

python bench/encode.py --texts FILE.parquet --column sentence1 [--limit N] [--sts FILE.parquet]
                       [--peer PYTHON]
python bench/encode.py --images FILE.tar --labels FILE.parquet [--markdown docs/performance.md]
                       [--catalogue docs/modules.md]

`--peer` is a Python that has the packages of bench/peers.txt; without it minilm has no peer.
Modules whose weights are not here are fetched first.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from catalogue import catalogue_table
from encode_images import ImageScore, image_scores, image_speed, image_table
from encode_texts import (
    TextScore,
    minilm_speed,
    read_texts,
    sts_scores,
    sts_table,
    use_multilingual_speed,
)
from tables import write_between_markers


def main() -> None:
    """Measure what was asked for, print it, and write it into a page if one is named."""
    options = parse()
    sections = []
    scores: list[TextScore | ImageScore] = []
    for section in measured(options, scores):
        print(section, end="\n\n", flush=True)
        sections.append(section)
    if options.markdown:
        write_between_markers(options.markdown, "encode", "\n\n".join(sections))
    if options.catalogue:
        write_between_markers(options.catalogue, "catalogue", catalogue_table(scores))


def measured(options: argparse.Namespace, scores: list[TextScore | ImageScore]) -> Iterator[str]:
    """Yield one table after another; `scores` takes what single modules reach."""
    if options.texts:
        texts = read_texts(options.texts, options.column, options.limit)
        yield use_multilingual_speed(texts, options.rounds)
        if options.peer:
            yield minilm_speed(texts, options.rounds, options.peer)
    if options.sts:
        scores += (texts_reach := sts_scores(options.sts))
        yield sts_table(texts_reach)
    if options.images:
        yield image_speed(options.images, options.labels, options.rounds)
        scores += (images_reach := image_scores(options.images, options.labels))
        yield image_table(images_reach)


def parse() -> argparse.Namespace:
    """Return the options, which ask for one measurement at least."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--texts", type=Path, help="a parquet file of texts to time")
    parser.add_argument("--column", default="sentence1", help="its column of texts")
    parser.add_argument("--limit", type=int, default=20_000, help="texts at most")
    parser.add_argument("--rounds", type=int, default=3, help="the median of so many is shown")
    parser.add_argument("--peer", type=Path, help="a Python with the packages of peers.txt")
    parser.add_argument("--sts", type=Path, help="a parquet file of scored sentence pairs")
    parser.add_argument("--images", type=Path, help="a tar of photographs")
    parser.add_argument("--labels", type=Path, help="its parquet file with file and label")
    parser.add_argument("--markdown", type=Path, help="a page with the markers to write between")
    parser.add_argument("--catalogue", type=Path, help="the page with the list of modules")
    options = parser.parse_args()
    if not (options.texts or options.sts or options.images):
        parser.error("nothing to measure: give --texts, --sts or --images")
    if options.images and not options.labels:
        parser.error("--images needs --labels")
    return options


if __name__ == "__main__":
    main()
