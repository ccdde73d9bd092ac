"""Make the vectors that search is measured on: distinct real sentences, encoded by a module.

python bench/sentences.py --data DIR --out FILE.npy [--n 300000] [--module use-multilingual]

DIR holds .parquet files; their columns of prose are split into sentences of 4 to 60 words. The
texts come to stand beside the vectors, one a line, in FILE.txt. The order is shuffled by a fixed
seed, so that the first or the last rows are a fair sample of all.
"""

from __future__ import annotations

import argparse
import re
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow.parquet

import semsearch

PROSE = re.compile(r"text|title|description|subject|sentence\d|caption_\w+")
PARAGRAPH = re.compile(r"\n\s*\n")
SENTENCE_END = re.compile(r"(?<=[.!?])[\"')\]]*\s+|(?<=[\u3002\uff01\uff1f])")
WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]{2}|[^\W\d_]+")
"""A word of letters; two characters count as one where words are not set apart."""

SHORTEST, LONGEST = 4, 60
LETTERS = 0.7
"""The least share of letters: rows of a table and lines of code are no sentences."""

AT_ONCE = 20_000


def main() -> None:
    """Read, split, encode, and write both files."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="a folder of .parquet files")
    parser.add_argument("--out", type=Path, required=True, help="the .npy file to make")
    parser.add_argument("--n", type=int, default=300_000, help="sentences at most")
    parser.add_argument("--module", default="use-multilingual")
    options = parser.parse_args()
    make_vectors(options.data, options.out, options.n, options.module)


def make_vectors(data: Path, out: Path, n: int, handle: str = "use-multilingual") -> None:
    """Write up to n sentences of a folder's files and their unit vectors (n, dim) to `out`."""
    sentences = shuffled(distinct_sentences(data))[:n]
    print(f"{len(sentences):,} distinct sentences in {data}", file=sys.stderr, flush=True)
    unfinished = out.with_suffix(".unfinished.npy")
    out.parent.mkdir(parents=True, exist_ok=True)
    write_vectors(unfinished, sentences, handle)
    out.with_suffix(".txt").write_text("".join(f"{text}\n" for text in sentences), encoding="utf-8")
    unfinished.rename(out)


def write_vectors(path: Path, sentences: Sequence[str], handle: str) -> None:
    """Encode the sentences, some thousands at a time, into a .npy file."""
    module = semsearch.load_module(handle)
    shape = (len(sentences), module.card.dim)
    vectors = np.lib.format.open_memmap(path, mode="w+", dtype=np.float32, shape=shape)
    started = time.perf_counter()
    for start in range(0, len(sentences), AT_ONCE):
        some = sentences[start : start + AT_ONCE]
        vectors[start : start + len(some)] = module.encode(some)
        speed = (start + len(some)) / (time.perf_counter() - started)
        print(f"{start + len(some):,} encoded, {speed:,.0f}/s", file=sys.stderr, flush=True)
    vectors.flush()


def distinct_sentences(data: Path) -> list[str]:
    """Return every sentence of a folder's files once, in their order.

    Sentences that differ only in case, digits or punctuation are one.
    """
    found: dict[str, str] = {}
    for path in sorted(data.glob("*.parquet")):
        for text in prose(path):
            for sentence in sentences_of(text):
                found.setdefault(" ".join(WORD.findall(sentence.casefold())), sentence)
    return list(found.values())


def prose(path: Path) -> Iterator[str]:
    """Yield the texts of the columns of prose of one file."""
    columns = [name for name in pyarrow.parquet.read_schema(path).names if PROSE.fullmatch(name)]
    rows = pyarrow.parquet.read_table(path, columns=columns)
    for name in columns:
        yield from (text for text in rows[name].to_pylist() if text)


def sentences_of(text: str) -> Iterator[str]:
    """Yield what is between 4 and 60 words long and mostly letters."""
    for paragraph in PARAGRAPH.split(text):
        for piece in SENTENCE_END.split(" ".join(paragraph.split())):
            letters = sum(map(str.isalpha, piece))
            n_words = len(WORD.findall(piece))
            if SHORTEST <= n_words <= LONGEST and letters >= LETTERS * len(piece):
                yield piece


def shuffled(texts: Sequence[str]) -> list[str]:
    """Return the texts in an order drawn by a fixed seed."""
    return [texts[at] for at in np.random.default_rng(0).permutation(len(texts))]


if __name__ == "__main__":
    main()
