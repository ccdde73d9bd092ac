"""How a collection grows: the same measures at 10,000, 100,000 and 1,000,000 vectors.

python bench/scale.py --vectors FILE.npy [--million FILE.npy] [--sizes 10000 100000 1000000]
                      [--markdown PAGE --chart FILE.svg]

The last 1,000 rows of FILE.npy are the queries. A size that it cannot fill is taken from
`--million` (million.npy beside it), which is made of it where it is not there: see million.py.
Every size is filled, built and asked in fresh processes.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from bare import index_bytes
from chart import Line, Panel, chart
from driving import OUR_PYTHON, Driven
from goals import Goal, at_most, goals_table
from million import QUERIES, make_many
from tables import table, write_between_markers
from truth import Truth

Shown = dict[str, Any]
"""Every measure of one size, by its name in MEASURES."""

ROUNDS = 3
SIZES = (10_000, 100_000, 1_000_000)
LINEAR = 1.1
"""What grows by a tenth more than the number of rows is still called linear: clocks are noisy."""

ROOM = 2.5
"""Times the bytes of the vectors that must be free on the disk."""


@dataclass(frozen=True)
class Measure:
    """One row of the table: its words, how it prints, and from what value on its growth counts.

    Below `floor` a value is what a process costs anyhow, and growth says nothing; None: it is not
    a cost.
    """

    words: str
    form: str
    floor: float | None = None


MEASURES = {
    "ingest": Measure("ingest, s", "{:.2f}", 0.05),
    "ingest_peak": Measure("ingest, peak memory MB", "{:,.0f}", 50),
    "build": Measure("build of the index, s", "{:.2f}", 0.5),
    "build_peak": Measure("build, peak memory MB", "{:,.0f}", 50),
    "spec": Measure("index", "{}"),
    "index": Measure("index, MB", "{:,.1f}", 0.1),
    "disk": Measure("the whole collection on disk, MB", "{:,.0f}", 1),
    "opened": Measure("opening and the first similar(), s", "{:.3f}", 0.005),
    "touched": Measure("resident after that, MB", "{:,.0f}", 10),
    "resident": Measure("resident after 1,000 queries, MB", "{:,.0f}", 10),
    "first_filtered": Measure("the first filtered search, s", "{:.3f}", 0.005),
    "filtered": Measure("a filtered search, ms", "{:.2f}", 0.05),
    "one": Measure("one query at a time, ms", "{:.2f}", 0.05),
    "all": Measure("1,000 at once, ms a query", "{:.3f}", 0.005),
    "single": Measure("one at a time, queries/s", "{:,.0f}"),
    "batch": Measure("1,000 at once, queries/s", "{:,.0f}"),
    "recall": Measure("recall@10", "{:.3f}"),
}
"""What is measured of each size, in the order of the table."""


def main() -> None:
    """Measure every size, print the table, and keep it and its chart in the docs."""
    options = read_options()
    shown = {size: measured(size, options) for size in options.sizes}
    report = "\n\n".join([growth_table(shown), goals_table(goals(shown))])
    print(report)
    if options.chart:
        options.chart.write_text(growth_chart(shown), encoding="utf-8")
        report += f"\n\n![Growth]({Path('images') / options.chart.name})"
    if options.markdown:
        write_between_markers(options.markdown, "scale", report)


def read_options() -> argparse.Namespace:
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--vectors", type=Path, required=True, help="real unit vectors, a .npy")
    parser.add_argument("--million", type=Path, help="more vectors; made where it is not there")
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--markdown", type=Path, help="a page with the markers to write between")
    parser.add_argument("--chart", type=Path, help="an .svg to draw")
    options = parser.parse_args()
    options.million = options.million or options.vectors.with_name("million.npy")
    return options


def measured(size: int, options: argparse.Namespace) -> Shown:
    """Return every measure of one size."""
    vectors = file_of(size, options)
    truth = Truth(vectors, size, options.vectors)
    with tempfile.TemporaryDirectory(dir=options.million.parent) as made:
        needed = ROOM * size * truth.dim * 4
        if shutil.disk_usage(made).free < needed:
            raise SystemExit(f"{size:,} vectors need {needed / 1e9:.1f} GB free in {made}")
        np.save(Path(made) / "queries.npy", truth.queries)
        told = grown(Path(made), vectors, truth)
    print(f"{size:,}: {told}", file=sys.stderr, flush=True)
    return told


def file_of(size: int, options: argparse.Namespace) -> Path:
    """Return the file that can fill a size, made where it is not there."""
    if size + QUERIES <= len(np.load(options.vectors, mmap_mode="r")):
        return options.vectors
    if not options.million.exists():
        make_many(options.vectors, options.million, max(options.sizes))
    return options.million


def grown(folder: Path, vectors: Path, truth: Truth) -> Shown:
    """Fill, build and ask one collection; each in a process that has done nothing else."""
    collection = folder / "c"
    asked = ("our_process.py", collection, vectors, truth.n, folder / "queries.npy")
    with Driven(*asked, python=OUR_PYTHON) as process:
        filled = process.ask("fill")
    with Driven(*asked, python=OUR_PYTHON) as process:
        built, build_peak = process.ask("build"), process.ask("build_peak")
        plan = process.ask("plan")
    told = {
        "spec": plan["spec"],
        "ingest": filled["seconds"],
        "ingest_peak": filled["peak"] / 1e6,
        "build": built,
        "build_peak": build_peak / 1e6,
        "index": index_bytes(collection) / 1e6,
        "disk": sum(file.stat().st_size for file in collection.rglob("*") if file.is_file()) / 1e6,
    }
    with Driven(*asked, python=OUR_PYTHON) as process:
        told |= answers(process, truth)
    return told


def answers(process: Driven, truth: Truth) -> Shown:
    """Open the collection and ask it."""
    first = process.ask("first")
    recall = truth.recall(process.ask("found"))
    resident = process.ask("report")["resident"]
    batch = median(process.ask("batch") for _ in range(ROUNDS))
    single = median(process.ask("single") for _ in range(ROUNDS))
    return {
        "opened": first["seconds"],
        "touched": first["resident"] / 1e6,
        "resident": resident / 1e6,
        "recall": recall,
        "batch": batch,
        "single": single,
        "all": 1000 / batch,
        "one": 1000 / single,
        "first_filtered": process.ask("first_filtered"),
        "filtered": 1000 * process.ask("filtered"),
    }


def growth_table(shown: dict[int, Shown]) -> str:
    """Return one row a measure, with the factor from each size to the next."""
    sizes = list(shown)
    head = ["", f"{sizes[0]:,}"]
    for size in sizes[1:]:
        head += [f"{size:,}", "times"]
    rows = []
    for name, measure in MEASURES.items():
        row = [measure.words, measure.form.format(shown[sizes[0]][name])]
        for before, size in pairwise(sizes):
            factor = growth(name, shown[before], shown[size])
            row += [measure.form.format(shown[size][name]), f"{factor:.1f}" if factor else ""]
        rows.append(row)
    return table(head, rows)


def growth(name: str, before: Shown, after: Shown) -> float | None:
    """Return how many times more a measure is, None where that says nothing."""
    floor = MEASURES[name].floor
    if floor is None or before[name] < floor:
        return None
    return after[name] / before[name]


def goals(shown: dict[int, Shown]) -> list[Goal]:
    """Return what growth is held to; linear is the factor between the sizes."""
    largest = max(shown)
    told = [
        at_most(
            f"opening {largest:,} x 512 and the first similar(), s", shown[largest]["opened"], 1
        )
    ]
    for before, size in pairwise(shown):
        factors: dict[str, float] = {
            name: factor
            for name in MEASURES
            if (factor := growth(name, shown[before], shown[size])) is not None
        }
        worst = max(factors, key=lambda name: factors[name])
        words = f"{before:,} -> {size:,}: most of all grows *{MEASURES[worst].words}*, times"
        told.append(at_most(words, factors[worst], LINEAR * size / before, "{:.1f}"))
    return told


def growth_chart(shown: dict[int, Shown]) -> str:
    """Return the chart of times and memory over the number of vectors."""
    sizes = list(shown)

    def lines(**named: str) -> list[Line]:
        return [
            Line(words, [drawn(name, shown[size][name]) for size in sizes])
            for name, words in named.items()
        ]

    panels: Sequence[Panel] = [
        Panel("Seconds", lines(ingest="ingest", build="build", opened="open + first")),
        Panel("Milliseconds a query", lines(one="one at a time", all="1,000 at once",
                                            filtered="filtered")),
        Panel("Megabytes", lines(disk="on disk", resident="resident", index="index")),
    ]  # fmt: skip
    return chart("vectors", sizes, panels)


def drawn(name: str, value: float) -> float:
    """Return the value, or 0 where it is next to nothing and would only stretch the scale."""
    floor = MEASURES[name].floor
    return 0 if floor is not None and value < floor / 10 else value


if __name__ == "__main__":
    main()
