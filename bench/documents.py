"""Documents through the real product: indexed, asked in every mode, and about other things."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from goals import Goal, at_least, at_most
from judged_sets import ELSEWHERE, JudgedSet, queries_from
from tables import table

import semsearch
from semsearch.search.question import MODES
from semsearch.search.significance import p_value

MODULES = ("use-multilingual", "minilm")
OFF_TOPIC = 200
K = 10

LEXICAL = {"SciFact dev": 0.68, "Cranfield": 0.345}
HYBRID = {
    ("SciFact dev", "use-multilingual"): 0.695,
    ("Cranfield", "use-multilingual"): 0.355,
    ("SciFact dev", "minilm"): 0.73,
    ("Cranfield", "minilm"): 0.39,
}
EMPTY, LOST = 90, 5
"""Per cent: queries about something else that find nothing, and recall that this may cost."""


@dataclass(frozen=True)
class Answered:
    """One set, indexed by one module."""

    judged: JudgedSet
    module: str
    evaluation: semsearch.Evaluation
    empty: dict[str, float]
    """By domain, the per cent of queries from there that find nothing with min_score="auto"."""
    recall: float
    recall_with_auto: float
    seconds: float
    notes: list[str]

    def ndcg(self, mode: str) -> float:
        """Return the mean nDCG@10 of a mode."""
        return self.evaluation[mode].figures[f"ndcg@{K}"].mean


def answered(judged: JudgedSet, module: str, data: Path) -> Answered:
    """Index a set, ask it everything, and drop it again."""
    with tempfile.TemporaryDirectory() as folder:
        collection = semsearch.create(Path(folder) / "documents", module=module)
        started = time.perf_counter()
        report = collection.add(judged.documents, text=["title", "text"], key="doc_id")
        seconds = time.perf_counter() - started
        tell(f"{judged.name}, {module}: {report.added:,} indexed in {seconds:.0f} s")
        evaluation = collection.evaluate(judged.queries, judged.qrels, modes=MODES, k=K)
        tell(
            ", ".join(f"{run.name} {run.figures[f'ndcg@{K}'].mean:.4f}" for run in evaluation.runs)
        )
        empty = {
            domain: 100 * share_empty(collection, queries_from(data, domain, OFF_TOPIC))
            for domain in ELSEWHERE
        }
        recalls = [recall(collection, judged, min_score) for min_score in (None, "auto")]
        tell(f"off-topic and empty, %: {empty}; recall {recalls}")
        notes = [*evaluation.notes, *told_of_skipped([row.reason for row in report.skipped])]
        collection.close()
    return Answered(judged, module, evaluation, empty, *recalls, seconds, notes)


def told_of_skipped(reasons: Sequence[str]) -> list[str]:
    """Return a sentence on documents that were not indexed, if there are any."""
    return [f"{len(reasons)} documents were skipped ({reasons[0]})."] if reasons else []


def share_empty(collection: semsearch.Collection, queries: Sequence[str]) -> float:
    """Return the share of queries that find nothing."""
    return sum(not collection.search(text, k=K, min_score="auto") for text in queries) / len(
        queries
    )


def recall(collection: semsearch.Collection, judged: JudgedSet, min_score: str | None) -> float:
    """Return the mean share of relevant documents among the first ten, by meaning."""
    shares = []
    for id_, text in judged.queries.items():
        relevant = {key for key, grade in judged.qrels[id_].items() if grade > 0}
        if relevant:
            found = {hit.key for hit in collection.search(text, k=K, min_score=min_score)}
            shares.append(len(found & relevant) / len(relevant))
    return sum(shares) / len(shares)


def document_section(found: Sequence[Answered]) -> str:
    """Return the table of qualities, and the one of questions about other things."""
    return "\n\n".join([quality_table(found), told_of_quality(found), off_topic_table(found)])


def quality_table(found: Sequence[Answered]) -> str:
    """Return one row a set, module and mode; lexical search knows no module."""
    rows = []
    for one in found:
        for run in one.evaluation.runs:
            figures = [run.figures[name] for name in (f"ndcg@{K}", "mrr", "map", f"recall@{K}")]
            rows.append(
                [
                    f"{one.judged.name}, {one.module}, {run.mode}",
                    f"{figures[0].mean:.3f}",
                    f"{figures[0].low:.3f}-{figures[0].high:.3f}",
                    *(f"{figure.mean:.3f}" for figure in figures[1:]),
                    beside(one, run.mode),
                ]
            )
    head = ["documents: title and text", f"nDCG@{K}", "95 %", "MRR", "MAP", f"recall@{K}", "p"]
    return table(head, rows)


def beside(one: Answered, mode: str) -> str:
    """Return the p-value of the difference to the better part, for hybrid."""
    if mode != "hybrid":
        return ""
    runs = {run.mode: run.values[f"ndcg@{K}"] for run in one.evaluation.runs}
    return f"{p_value(runs[better_part(one)], runs['hybrid']):.3f}"


def better_part(one: Answered) -> str:
    """Return which of the two parts of hybrid search is better alone."""
    return max(("lexical", "semantic"), key=one.ndcg)


def told_of_quality(found: Sequence[Answered]) -> str:
    """Return what stands beside the table: sizes, times, and what was left out."""
    sizes = {
        one.judged.name: f"{len(one.judged.documents):,} documents and"
        f" {len(one.evaluation.queries):,} judged queries"
        for one in found
    }
    notes = dict.fromkeys(f"{one.judged.name}: {note}" for one in found for note in one.notes)
    times = ", ".join(f"{one.judged.name} by {one.module} {one.seconds:.0f} s" for one in found)
    return " ".join(
        [
            *(f"{name}: {size}." for name, size in sizes.items()),
            "p: hybrid beside the better of its parts, paired randomisation over queries.",
            "The weights of hybrid search are those of the modules, two round numbers that were"
            " chosen with an eye on these two sets (decision 0019).",
            f"Indexing took: {times}.",
            *notes,
        ]
    )


def off_topic_table(found: Sequence[Answered]) -> str:
    """Return what `min_score="auto"` leaves out, and what it loses."""
    rows = [
        [
            f"{one.judged.name}, {one.module}",
            *(f"{one.empty[domain]:.1f}" for domain in ELSEWHERE),
            f"{one.recall:.3f}",
            f"{one.recall_with_auto:.3f}",
            f"{lost(one):.1f}",
        ]
        for one in found
    ]
    domains = [f"empty on {domain}, %" for domain in ELSEWHERE]
    head = ['min_score="auto"', *domains, f"recall@{K}", "with auto", "lost, %"]
    told = f"{OFF_TOPIC} queries of each of the other domains, drawn by a fixed seed."
    return f"{table(head, rows)}\n\n{told}"


def lost(one: Answered) -> float:
    """Return the per cent of on-topic recall that `min_score="auto"` costs."""
    return 100 * (1 - one.recall_with_auto / one.recall)


def document_goals(found: Sequence[Answered]) -> list[Goal]:
    """Return what quality and honesty are held to."""
    goals = []
    for one in found:
        name = one.judged.name
        what = f"{name}, {one.module}"
        if one.module == MODULES[0]:
            goals.append(reaches(f"{name}, lexical: nDCG@10", one.ndcg("lexical"), LEXICAL[name]))
        best = one.ndcg(better_part(one))
        goals += [
            reaches(f"{what}, hybrid: nDCG@10", one.ndcg("hybrid"), HYBRID[name, one.module]),
            Goal(
                f"{what}, hybrid above its better part",
                f"> {best:.4f}",
                f"{one.ndcg('hybrid'):.4f}",
                one.ndcg("hybrid") > best,
            ),
            at_least(f"{what}, off-topic and empty, %", min(one.empty.values()), EMPTY, "{:.1f}"),
            at_most(f'{what}, recall lost by "auto", %', lost(one), LOST, "{:.1f}"),
        ]
    return goals


def reaches(what: str, measured: float, limit: float) -> Goal:
    """Return the goal that a quality reaches a limit, printed with four digits."""
    return at_least(what, measured, limit, "{:.4f}")


def tell(what: str) -> None:
    """Say on stderr how far it is."""
    print(what, file=sys.stderr, flush=True)
