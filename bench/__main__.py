"""Run every bench on the data of a folder and write docs/performance.md: `make bench ARGS=...`.

python -m bench --data DIR [--vectors FILE.npy] [--peer PYTHON] [--only encode search ...]

FILE.npy is what bench/sentences.py makes; without it, it is made of DIR first, into build/bench/.
A million vectors are kept beside it (2 GB).
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

BENCH = Path(__file__).parent
ROOT = BENCH.parent
PAGE = ROOT / "docs" / "performance.md"
CHART = ROOT / "docs" / "images" / "scale.svg"
MADE = ROOT / "build" / "bench" / "sentences.npy"


def main() -> None:
    """Run the benches one after another, each in a process of its own."""
    options = read_options()
    for name in options.only:
        started = time.perf_counter()
        BENCHES[name](options)
        taken = time.perf_counter() - started
        print(f"bench: {name} took {taken:,.0f} s\n", file=sys.stderr, flush=True)


def read_options() -> argparse.Namespace:
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="the folder of data sets")
    parser.add_argument("--vectors", type=Path, default=MADE, help="made where it is not there")
    parser.add_argument("--peer", type=Path, help="a Python with the packages of peers.txt")
    parser.add_argument("--only", nargs="+", choices=BENCHES, default=list(BENCHES))
    return parser.parse_args()


def encode(options: argparse.Namespace) -> None:
    """Measure the modules."""
    data, photos = options.data, "photos_caltech101_a"
    words = ["--texts", data / "sts_stsb_en_train_dev.parquet", "--column", "sentence1"]
    words += ["--sts", data / "sts_stsb_en_train_dev.parquet"]
    words += ["--images", data / f"{photos}.tar", "--labels", data / f"{photos}.parquet"]
    words += ["--catalogue", ROOT / "docs" / "modules.md"]
    run("encode.py", *words, *peer(options))


def search(options: argparse.Namespace) -> None:
    """Measure search beside the peers, and the way of a text."""
    run("search.py", "--vectors", vectors(options), *peer(options))


def retrieval(options: argparse.Namespace) -> None:
    """Measure whether search finds the right thing."""
    texts = vectors(options).with_suffix(".txt")
    run("retrieval.py", "--data", options.data, "--texts", texts)


def scale(options: argparse.Namespace) -> None:
    """Measure how collections grow."""
    run("scale.py", "--vectors", vectors(options), "--chart", CHART)


def filters(options: argparse.Namespace) -> None:
    """Measure filters over a million rows."""
    run("filters.py")


def cluster(options: argparse.Namespace) -> None:
    """Measure k-means."""
    glove = options.data / "ann_glove100_40k.npz"
    run("cluster.py", "--vectors", glove, "--key", "base", "-k", "100")


BENCHES: dict[str, Callable[[argparse.Namespace], None]] = {
    "encode": encode,
    "search": search,
    "retrieval": retrieval,
    "scale": scale,
    "filters": filters,
    "cluster": cluster,
}


def vectors(options: argparse.Namespace) -> Path:
    """Return the file of vectors, made where it is not there."""
    path: Path = options.vectors
    if not path.exists():
        start("sentences.py", "--data", options.data, "--out", path)
    return path


def peer(options: argparse.Namespace) -> list[str | Path]:
    """Return the option that names the peers' Python, if there is one."""
    return ["--peer", options.peer] if options.peer else []


def run(script: str, *options: str | Path) -> None:
    """Run one bench and let it write its part of the page."""
    start(script, *options, "--markdown", PAGE)


def start(script: str, *options: str | Path) -> None:
    """Run one script of this folder."""
    subprocess.run([str(word) for word in (sys.executable, BENCH / script, *options)], check=True)


if __name__ == "__main__":
    main()
