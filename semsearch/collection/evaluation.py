"""Evaluation: how well ways of searching answer judged queries, and whether they differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from semsearch import corpus
from semsearch.search.measures import Values, measure_names
from semsearch.search.significance import interval, p_value

if TYPE_CHECKING:
    from pandas import DataFrame


class Figure(NamedTuple):
    """A mean over queries, and the 95 % interval that drawing queries anew gives it."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True)
class Run:
    """One way of searching: its name, its mode, its module, and how good each query's hits are.

    `values` holds (n_queries,) numbers between 0 and 1 by measure, in the order of
    `Evaluation.queries`; `figures` their means.
    """

    name: str
    mode: str
    collection: str
    module: str | None
    values: dict[str, Values]
    figures: dict[str, Figure]


class Comparison(NamedTuple):
    """How a run does beside the first one, on the same queries, by one measure.

    `difference` is the run's mean less the first one's; `wins` and `losses` count the queries that
    it answers better and worse; `p_value` says how often chance alone would make as large a
    difference.
    """

    run: str
    first: str
    measure: str
    difference: float
    p_value: float
    wins: int
    losses: int


@dataclass(frozen=True)
class Evaluation:
    """What `Collection.evaluate` found: one run a way of searching, all on the same queries.

    `queries` are the ids of the judged queries; `depth` hits of each were looked at. `notes` say
    in sentences what was left out. `evaluation["hybrid"]` is the run of that name.
    """

    k: int
    depth: int
    queries: tuple[str, ...]
    runs: tuple[Run, ...]
    comparisons: tuple[Comparison, ...]
    unjudged: int
    """How many queries were left out, as nothing is judged relevant to them."""
    missing: dict[str, int]
    """By collection, how many judged items do not stand in it; relevant ones count as missed."""
    notes: list[str] = field(default_factory=list)

    @property
    def measures(self) -> tuple[str, ...]:
        """The names of the measures; runs are compared by the first in the table."""
        return measure_names(self.k)

    def __getitem__(self, name: str) -> Run:
        for run in self.runs:
            if run.name == name:
                return run
        raise KeyError(f"no run is called {name!r}; there are {[run.name for run in self.runs]}")

    def comparison(self, name: str, measure: str | None = None) -> Comparison | None:
        """Return how a run does beside the first one; None for the first one itself."""
        wanted = name, measure or self.measures[0]
        found = [one for one in self.comparisons if (one.run, one.measure) == wanted]
        return found[0] if found else None

    def to_pandas(self) -> DataFrame:
        """Return a DataFrame with one row a query and run: query, run, and one column a measure."""
        rows = [(at, query, run) for run in self.runs for at, query in enumerate(self.queries)]
        columns: dict[str, list[Any]] = {
            "query": [query for _, query, _ in rows],
            "run": [run.name for _, _, run in rows],
        }
        for name in self.measures:
            columns[name] = [float(run.values[name][at]) for at, _, run in rows]
        return corpus.as_dataframe(columns)

    def as_dict(self) -> dict[str, Any]:
        """Return the evaluation as JSON-ready values, query by query."""
        return {
            "k": self.k,
            "depth": self.depth,
            "n_queries": len(self.queries),
            "unjudged": self.unjudged,
            "missing": self.missing,
            "notes": self.notes,
            "runs": [
                {
                    "name": run.name,
                    "mode": run.mode,
                    "collection": run.collection,
                    "module": run.module,
                    **{name: figure._asdict() for name, figure in run.figures.items()},
                }
                for run in self.runs
            ],
            "comparisons": [one._asdict() for one in self.comparisons],
            "per_query": [
                {
                    "query": query,
                    **{
                        run.name: {name: float(run.values[name][at]) for name in self.measures}
                        for run in self.runs
                    },
                }
                for at, query in enumerate(self.queries)
            ],
        }


def figures_of(values: dict[str, Values], seed: int) -> dict[str, Figure]:
    """Return the mean and interval of each measure."""
    return {
        name: Figure(float(some.mean()), *interval(some, seed)) for name, some in values.items()
    }


def compared(runs: Sequence[Run], seed: int) -> tuple[Comparison, ...]:
    """Compare each run with the first, by every measure."""
    return tuple(
        Comparison(
            run.name,
            runs[0].name,
            name,
            float(run.values[name].mean() - runs[0].values[name].mean()),
            p_value(runs[0].values[name], run.values[name], seed),
            int(np.sum(run.values[name] > runs[0].values[name])),
            int(np.sum(run.values[name] < runs[0].values[name])),
        )
        for run in runs[1:]
        for name in run.values
    )
