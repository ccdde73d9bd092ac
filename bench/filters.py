"""Filters: how long `where` takes over a million typed rows, and where its columns come from.

python bench/filters.py [--rows 1000000] [--keep FOLDER] [--markdown PAGE]
"""

from __future__ import annotations

import argparse
import datetime
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

import numpy as np
from tables import table, write_between_markers

from semsearch.search import parse_filter, passing
from semsearch.store import Batch, NewItem, Snapshot, Space, Store
from semsearch.store.column_files import NO_SPACE, SAVED_KIND
from semsearch.store.columns import Columns, save_columns

TYPES = {"stars": "number", "price": "number", "source": "text", "author": "text",
         "verified": "boolean", "day": "date", "colours": "list"}  # fmt: skip
SOURCES = ["amazon", "books", "games", "imdb", "music", "news", "shop", "yelp"]
COLOURS = ["blue", "green", "red", "white", "yellow"]
FILTERS = [
    "stars <= 2 and source = 'yelp'",
    "stars <= 2",
    "source = 'yelp'",
    "source in ('yelp', 'imdb', 'shop')",
    "source like '%o%'",
    "author like 'author 99%'",
    "author = 'author 4711'",
    "price between 10 and 20 and not verified",
    "day >= '2024-05-01' and day < '2024-06-01'",
    "'red' in colours",
    "'red' not in colours",
    "(stars = 1 or stars = 5) and (source = 'imdb' or verified) and day > '2023-01-01'",
]
BATCH = 50_000
ROUNDS = 21


def main() -> None:
    """Make the rows once, then read, save, load and filter their columns."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--keep", type=Path, help="a folder to keep the rows in, or to find them")
    parser.add_argument("--markdown", type=Path, help="a page with the markers to write between")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        store = made(options.keep or Path(folder) / "rows", options.rows)
        report = f"{filters(store)}\n\n{columns(store)}"
        store.close()
    print(report)
    if options.markdown:
        write_between_markers(options.markdown, "filters", report)


def made(path: Path, rows: int) -> Store:
    """Return a store of so many rows, made unless it is there."""
    if path.exists():
        return Store(path)
    store = Store.create(path, Space(1, None, None, {}), {"modality": "text"})
    with store.writing() as writer:
        for first in range(0, rows, BATCH):
            items = list(items_from(first, min(first + BATCH, rows)))
            vectors = np.ones((len(items), 1), np.float32)
            writer.commit(Batch(items, vectors, field_types=TYPES))
    return store


def items_from(first: int, end: int) -> Iterator[NewItem]:
    """Yield made rows: seven fields each, with a few that have no value."""
    random = np.random.default_rng(first)
    start = datetime.date(2022, 1, 1)
    for row in range(first, end):
        draws = random.integers(0, 1 << 30, 8).tolist()
        fields = {
            "stars": 1 + draws[0] % 5 if draws[1] % 20 else None,
            "price": draws[1] % 10_000 / 100,
            "source": SOURCES[draws[2] % len(SOURCES)],
            "author": f"author {draws[3] % 100_000}",
            "verified": draws[4] % 2 == 0,
            "day": start + datetime.timedelta(draws[5] % 1_000),
            "colours": [COLOURS[each % len(COLOURS)] for each in draws[6 : 6 + draws[7] % 3]],
        }
        text = f"a made text of some length, as a short review has it, number {row}"
        yield NewItem(f"row-{row}", text, fields, content=f"{row:064x}")


def filters(store: Store) -> str:
    """Return the table of filters over columns in memory."""
    snapshot, types = store.snapshot(), store.fields()
    source = store.columns.at(snapshot)
    rows = []
    for where in FILTERS:
        tree = parse_filter(where, types)
        passes = int(passing(tree, source).sum())
        mask = timed(lambda tree=tree: passing(tree, source))
        packed = timed(lambda tree=tree: np.packbits(passing(tree, source), bitorder="little"))
        parse = timed(lambda where=where: parse_filter(where, types))
        rows.append(
            [f"`{where}`", f"{passes:,}", *(f"{1000 * t:.2f}" for t in (parse, mask, packed))]
        )
    title = f"{len(snapshot.every):,} rows, columns in memory"
    return table([title, "rows pass", "parse, ms", "mask, ms", "mask and bitmap, ms"], rows)


def columns(store: Store) -> str:
    """Return the table of the ways in which a column comes to be."""
    types = store.fields()
    with store.writing() as writer:
        writer.drop_derived(SAVED_KIND, space_id=NO_SPACE)
    snapshot = store.snapshot()
    read = {name: once(lambda name=name: fresh(store, snapshot, name)) for name in types}
    store.columns.clear()
    saving = once(lambda: save_columns(store, types))
    load = {name: once(lambda name=name: fresh(store, store.snapshot(), name)) for name in types}
    rows = [
        [name, kind, f"{read[name]:.2f}", f"{1000 * load[name]:.0f}"]
        for name, kind in types.items()
    ]
    size = sum(path.stat().st_size for path in store.folder.derived.iterdir())
    head = ["a column", "type", "read from the database, s", "loaded from its file, ms"]
    return (
        f"{table(head, rows)}\n\nAll of them were read once more and saved in {saving:.1f} s;"
        f" they take {size / 1e6:.0f} MB."
    )


def fresh(store: Store, snapshot: Snapshot, name: str) -> object:
    """Get a column as a new process does."""
    return Columns(store.folder, store._read).column(snapshot, name, TYPES[name])


def timed(work: Callable[[], object]) -> float:
    """Return the median seconds of some rounds."""
    work()
    return median(once(work) for _ in range(ROUNDS))


def once(work: Callable[[], object]) -> float:
    """Return the seconds that it takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
