"""Search by vector side by side with what a user would pick instead, and the way of one text query.

python bench/search.py --vectors FILE.npy [--texts FILE.txt] [--peer PYTHON] [--limit 200000]
                       [--rounds 5] [--only engines|texts] [--markdown PAGE]

The last 1,000 rows of the vectors are the queries and are stored nowhere; of the others the first
`--limit` are indexed. Each engine has a process of its own; all are built one after another, then
asked in turns. `--texts` (one a line; what bench/sentences.py writes beside the vectors, if it is
there) are indexed end to end. `--peer` is a Python that has the packages of bench/peers.txt.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from driving import OUR_PYTHON, THREADS, Driven
from engines import OURS, PEERS
from filling import fill
from goals import Goal, at_least, at_most, goals_table
from tables import table, write_between_markers
from text_query import text_goals, text_table
from truth import Truth

ENOUGH = 0.95


@dataclass
class Measured:
    """What one engine showed."""

    process: Driven
    build: float = 0
    recall: float = 0
    batch: list[float] = field(default_factory=list)
    single: list[float] = field(default_factory=list)
    report: dict[str, Any] = field(default_factory=dict)


def main() -> None:
    """Measure what was asked for, print it, and write it into a page if one is named."""
    options = read_options()
    sections, goals = [], []
    if options.only != "texts":
        tables, reached = engines_side_by_side(options)
        sections, goals = [*tables], [*reached]
    if options.only != "engines" and options.texts.exists():
        with Driven("text_query.py", options.texts, options.n_texts, python=OUR_PYTHON) as process:
            told = process.ask("measure")
        sections.append(text_table(told))
        goals += text_goals(told)
    sections.append(goals_table(goals))
    print("\n\n".join(sections))
    if options.markdown:
        write_between_markers(options.markdown, "search", "\n\n".join(sections))


def read_options() -> argparse.Namespace:
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--vectors", type=Path, required=True, help="unit vectors, a .npy")
    parser.add_argument("--texts", type=Path, help="their texts, one a line")
    parser.add_argument("--n-texts", type=int, default=100_000, help="texts at most")
    parser.add_argument("--peer", type=Path, help="a Python with the packages of peers.txt")
    parser.add_argument("--limit", type=int, default=200_000, help="vectors at most")
    parser.add_argument("--rounds", type=int, default=5, help="the median of so many is shown")
    parser.add_argument("--only", choices=("engines", "texts"))
    parser.add_argument("--engines", nargs="*", help=f"of {', '.join([*OURS, *PEERS])}")
    parser.add_argument("--markdown", type=Path, help="a page with the markers to write between")
    options = parser.parse_args()
    options.texts = options.texts or options.vectors.with_suffix(".txt")
    return options


def engines_side_by_side(options: argparse.Namespace) -> tuple[list[str], list[Goal]]:
    """Return the tables of all engines, and the goals they show reached or missed."""
    truth = Truth(options.vectors, options.limit)
    with tempfile.TemporaryDirectory() as made, ExitStack() as stack:
        folder = Path(made)
        np.save(folder / "queries.npy", truth.queries)
        fill(folder / "c", options.vectors, truth.n)
        shown = {
            name: Measured(stack.enter_context(process))
            for name, process in processes(options, folder, truth.n)
        }
        ours = shown["ours"]
        ours.process.ask("import_libraries")
        for name, engine in shown.items():
            tell(f"building {name}")
            engine.build = engine.process.ask("build")
            settle(engine, truth, ours.recall)
        in_turns(shown, options.rounds)
        plan, overhead = ours.process.ask("plan"), ours.process.ask("overhead")
    return [
        engines_table(shown, truth, options.rounds),
        told_of_index(plan, ours, overhead),
    ], [*goals_beside_hnswlib(shown), *goals_of_overhead(overhead)]


def processes(options: argparse.Namespace, folder: Path, n: int) -> list[tuple[str, Driven]]:
    """Start every engine that was asked for and whose package is here; ours is the first."""
    vectors, queries = options.vectors, folder / "queries.npy"
    ours = ("our_process.py", folder / "c", vectors, n, queries)
    found = [("ours", Driven(*ours, python=OUR_PYTHON))]
    for name in [*OURS, *PEERS] if options.engines is None else options.engines:
        python = OUR_PYTHON if name in OURS else options.peer
        if python is None:
            tell(f"{name} is left out; --peer names a Python that has it")
            continue
        peer = ("engine_process.py", name, vectors, n, queries, THREADS)
        found.append((name, Driven(*peer, python=python)))
    return found


def settle(engine: Measured, truth: Truth, wanted: float) -> None:
    """Choose the setting whose recall is enough and the nearest to ours; keep that recall."""
    reached: dict[int, float] = {}
    for value in engine.process.ask("settings"):
        engine.process.ask("set", value)
        reached[value] = truth.recall(engine.process.ask("found"))
        if reached[value] > max(wanted, ENOUGH):
            break
    if reached:
        enough = [value for value in reached if reached[value] >= ENOUGH] or [max(reached)]
        best = min(enough, key=lambda value: abs(reached[value] - wanted))
        engine.process.ask("set", best)
        tell(f"recall by setting: {reached}; {best} taken")
    engine.recall = truth.recall(engine.process.ask("found"))


def in_turns(shown: dict[str, Measured], rounds: int) -> None:
    """Ask all engines in turns, so that a busy machine is unfair to none."""
    for at in range(rounds):
        tell(f"round {at + 1} of {rounds}")
        for engine in shown.values():
            engine.batch.append(engine.process.ask("batch"))
            engine.single.append(engine.process.ask("single"))
    for engine in shown.values():
        engine.report = engine.process.ask("report")


def engines_table(shown: dict[str, Measured], truth: Truth, rounds: int) -> str:
    """Return one row an engine, with a note on how it was measured."""
    rows = [
        [
            engine.report["title"],
            f"{engine.build:.1f}",
            f"{median(engine.batch):,.0f}",
            f"{median(engine.single):,.0f}",
            f"{engine.recall:.3f}",
            f"{engine.report['index'] / 1e6:,.0f}",
            f"{engine.report['resident'] / 1e6:,.0f}",
        ]
        for engine in shown.values()
    ]
    head = [f"{truth.n:,} x {truth.dim}, k = 10", "build s", "batch q/s", "single q/s"]
    head += ["recall@10", "index MB", "resident MB"]
    mapped = shown["ours"].report["mapped"] / 1e6
    note = (
        f"Real sentences, 1,000 held-out queries; batch: all at once on {THREADS} threads,"
        f" single: one at a time; median of {rounds} rounds in turns. Peers are set to the recall"
        f" nearest to ours that is {ENOUGH} or more. Resident is what a process grew by;"
        f" {mapped:,.0f} MB of ours are pages of the segment files, which the system takes back"
        " when memory is short."
    )
    return f"{table(head, rows)}\n\n{note}"


def told_of_index(plan: dict[str, Any], ours: Measured, overhead: dict[str, float]) -> str:
    """Return in words what index the collection chose, and what its wrapping costs."""
    return (
        f"The collection chose `{plan['spec']}`, lists searched {plan['nprobe']}, re-scored"
        f" {plan['candidates']}. Its reason: *{plan['reason'].rstrip('.')}.* It measured a recall"
        f" of {plan['recall']:.3f} on its own vectors; the held-out queries give"
        f" {ours.recall:.3f}. The bare FAISS search and re-scoring that it wraps answer"
        f" {overhead['bare batch']:,.0f} queries a second in batch and"
        f" {overhead['bare single']:,.0f} one at a time."
    )


def goals_beside_hnswlib(shown: dict[str, Measured]) -> list[Goal]:
    """Return how ours compares with hnswlib, if that is here."""
    if "hnswlib" not in shown:
        return []
    ours, peer = shown["ours"], shown["hnswlib"]
    batch = median(a / b for a, b in zip(ours.batch, peer.batch, strict=True))
    single = median(a / b for a, b in zip(ours.single, peer.single, strict=True))
    size = ours.report["index"] / peer.report["index"]
    return [
        at_least("`Collection.neighbors`, recall@10", ours.recall, ENOUGH, "{:.3f}"),
        at_least("batch, times hnswlib", batch, 2),
        at_least("single, times hnswlib", single, 1),
        at_most("build, share of hnswlib's", ours.build / peer.build, 1 / 8, "{:.3f}"),
        at_most("index bytes, share of hnswlib's", size, 1 / 10, "{:.3f}"),
    ]


def goals_of_overhead(overhead: dict[str, float]) -> list[Goal]:
    """Return what the collection adds to the bare search that it wraps."""
    return [
        at_most("over bare FAISS + re-scoring, batch, %", 100 * overhead["batch"], 5, "{:.1f}"),
        at_most("over bare FAISS + re-scoring, single, ms", overhead["single"], 0.15, "{:.3f}"),
    ]


def tell(words: str) -> None:
    """Say on stderr what is going on."""
    print(words, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
