"""Does search find the right thing? Quality on judged documents, across languages, and its speed.

python bench/retrieval.py --data DIR [--texts FILE.txt] [--only documents languages words texts]
                          [--modules use-multilingual minilm] [--markdown PAGE]

DIR holds SciFact, Cranfield, the STS-B pairs in eleven languages, and texts from other domains, as
.parquet files. FILE.txt has one real sentence a line (bench/sentences.py writes it); without it,
the sentences are made of DIR each time. Everything is indexed anew through `Collection.add` in a
temporary folder, and nothing is kept. Some minutes on two cores.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable
from pathlib import Path

from documents import MODULES, answered, document_goals, document_section
from driving import OUR_PYTHON, Driven
from goals import Goal, goals_table
from judged_sets import judged_sets
from languages import language_section
from sentences import distinct_sentences, shuffled
from tables import write_between_markers
from text_query import text_goals, text_table
from word_queries import word_section

N_TEXTS = 100_000
N_QUERIES = 200

Section = tuple[str, list[Goal]]


def main() -> None:
    """Measure what was asked for, print it, and write it into a page if one is named."""
    options = read_options()
    sections, goals = [], []
    for name in options.only:
        section, reached = SECTIONS[name](options)
        sections.append(section)
        goals += reached
    report = "\n\n".join([*sections, goals_table(goals)])
    print(report)
    if options.markdown:
        write_between_markers(options.markdown, "retrieval", report)


def read_options() -> argparse.Namespace:
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="the folder of data sets")
    parser.add_argument("--texts", type=Path, help="real sentences, one a line")
    parser.add_argument("--only", nargs="+", choices=SECTIONS, default=list(SECTIONS))
    parser.add_argument("--modules", nargs="+", choices=MODULES, default=list(MODULES))
    parser.add_argument("--markdown", type=Path, help="a page with the markers to write between")
    return parser.parse_args()


def documents(options: argparse.Namespace) -> Section:
    """Measure quality on judged documents, and honesty on questions about other things."""
    found = [
        answered(judged, module, options.data)
        for module in options.modules
        for judged in judged_sets(options.data)
    ]
    return document_section(found), document_goals(found)


def languages(options: argparse.Namespace) -> Section:
    """Measure sentence retrieval across languages."""
    return language_section(options.data)


def words(options: argparse.Namespace) -> Section:
    """Measure how fast queries by words are."""
    queries = [text for one in judged_sets(options.data) for text in one.queries.values()]
    return word_section(real_sentences(options), shuffled(queries)[:N_QUERIES])


def texts(options: argparse.Namespace) -> Section:
    """Measure a warm query among 100,000 texts with fields, in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sentences.txt"
        lines = real_sentences(options)
        path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        with Driven("text_query.py", path, N_TEXTS, python=OUR_PYTHON) as process:
            told = process.ask("measure")
    return text_table(told), text_goals(told)[:1]


def real_sentences(options: argparse.Namespace) -> list[str]:
    """Return real sentences in a fixed order."""
    if options.texts is not None:
        found: list[str] = options.texts.read_text(encoding="utf-8").splitlines()
        return found
    return shuffled(distinct_sentences(options.data))


SECTIONS: dict[str, Callable[[argparse.Namespace], Section]] = {
    "documents": documents,
    "languages": languages,
    "words": words,
    "texts": texts,
}


if __name__ == "__main__":
    main()
