"""Run every bench on the data of a folder and write docs/performance.md: `make bench ARGS=...`.

python -m bench --data DIR [--peer PYTHON]
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

BENCH = Path(__file__).parent
PAGE = BENCH.parent / "docs" / "performance.md"


def main() -> None:
    """Run the benches one after another, each in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="the folder of data sets")
    parser.add_argument("--peer", type=Path, help="a Python with the packages of peers.txt")
    options = parser.parse_args()
    data = options.data
    photos = "photos_caltech101_a"
    encode = ["--texts", data / "sts_stsb_en_train_dev.parquet", "--column", "sentence1"]
    encode += ["--sts", data / "sts_stsb_en_train_dev.parquet"]
    encode += ["--images", data / f"{photos}.tar", "--labels", data / f"{photos}.parquet"]
    encode += ["--catalogue", BENCH.parent / "docs" / "modules.md"]
    if options.peer:
        encode += ["--peer", options.peer]
    run("encode.py", *encode)
    run("search.py", "--texts", data / "intent_banking77_train.parquet")
    run("cluster.py", "--vectors", data / "ann_glove100_40k.npz", "--key", "base", "-k", "100")


def run(script: str, *options: str | Path) -> None:
    """Run one bench and let it write its part of the page."""
    command = [sys.executable, BENCH / script, *options, "--markdown", PAGE]
    subprocess.run([str(word) for word in command], check=True)


if __name__ == "__main__":
    main()
