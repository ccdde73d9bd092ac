"""Asking judged queries in several ways, and measuring the answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from semsearch.collection.checks import as_list, check_seed, check_whole
from semsearch.collection.evaluation import Evaluation, Run, compared, figures_of
from semsearch.collection.judgement_files import Qrels, Queries, read_qrels, read_queries
from semsearch.collection.searchable import Searchable
from semsearch.errors import CollectionError, shortened
from semsearch.search.measures import Grades, measured
from semsearch.search.question import MODES
from semsearch.store import Judgement

DEPTH = 100
"""How many hits MRR and MAP look at."""

MOST_K = 1000

AT_ONCE = 50
"""Queries whose hits, with their texts, are in memory at a time."""

FEW = 25
"""Below so many queries, drawing them anew shows too little of what other queries would do."""


@dataclass(frozen=True)
class Asked:
    """Queries that something is judged relevant to: ids, texts and grades are aligned.

    `unjudged` counts queries that were left out; `notes` say what was left out, in sentences.
    """

    ids: tuple[str, ...]
    texts: tuple[str, ...]
    grades: tuple[Grades, ...]
    unjudged: int
    notes: list[str] = field(default_factory=list)


def asked_of(
    name: str, judgements: Sequence[Judgement], queries: Queries | None, qrels: Qrels | None
) -> Asked:
    """Return what the collection `name` is to be asked: what was given, or its own judgements.

    Raises:
        CollectionError: nothing is judged relevant to any query.
    """
    if queries is None and qrels is not None:
        raise ValueError("qrels= judge queries; give these too, with queries=")
    stored: dict[str, dict[str, int]] = {}
    for query, key, grade in judgements:
        stored.setdefault(query, {})[key] = grade
    texts = {text: text for text in stored} if queries is None else read_queries(queries)
    judged: Mapping[str, Grades] = (
        {id_: stored.get(text.strip(), {}) for id_, text in texts.items()}
        if qrels is None
        else read_qrels(qrels)
    )
    return _checked(name, texts, judged)


def _checked(name: str, texts: Mapping[str, str], judged: Mapping[str, Grades]) -> Asked:
    usable = [id_ for id_ in texts if any(grade > 0 for grade in judged.get(id_, {}).values())]
    if not usable:
        raise CollectionError(
            f"of {len(texts):,} queries to {name!r} none has an item that is judged relevant",
            f"judge some hits (`semsearch judge {name} QUERY KEY up`), or give qrels whose query"
            " ids are those of the queries",
        )
    return Asked(
        tuple(usable),
        tuple(texts[id_] for id_ in usable),
        tuple(judged[id_] for id_ in usable),
        len(texts) - len(usable),
        list(_left_out(texts, judged, len(usable))),
    )


def _left_out(
    texts: Mapping[str, str], judged: Mapping[str, Grades], n_usable: int
) -> Iterator[str]:
    if n_usable < len(texts):
        yield (
            f"{len(texts) - n_usable:,} of {len(texts):,} queries were left out: nothing is judged"
            " relevant to them."
        )
    if others := len(judged.keys() - texts.keys()):
        yield f"Judgements of {_counted(others, 'other query', 'other queries')} were not used."
    if n_usable < FEW:
        counted = _counted(n_usable, "judged query", "judged queries")
        yield f"Only {counted}: intervals and p-values say little below {FEW}."


def _counted(n: int, one: str, several: str) -> str:
    return f"{n:,} {one if n == 1 else several}"


def evaluate(
    collections: Sequence[Searchable],
    asked: Asked,
    modes: Sequence[str],
    k: int,
    seed: int,
) -> Evaluation:
    """Ask every collection in every mode, and measure; the first run is what others stand beside.

    See `Collection.evaluate`.
    """
    check_whole(k, "k", 1, MOST_K)
    check_seed(seed)
    modes = checked_modes(modes)
    depth = max(k, DEPTH)
    names = _names(collections)
    runs = []
    for collection, name in zip(collections, names, strict=True):
        for mode in modes:
            values = measured(rankings(collection, asked.texts, mode, depth), asked.grades, k)
            title = mode if len(collections) == 1 else f"{name}: {mode}"
            figures = figures_of(values, seed)
            runs.append(Run(title, mode, name, collection.handle, values, figures))
    missing = {
        name: _missing(collection, asked)
        for collection, name in zip(collections, names, strict=True)
    }
    return Evaluation(
        k=k,
        depth=depth,
        queries=asked.ids,
        runs=tuple(runs),
        comparisons=compared(runs, seed),
        unjudged=asked.unjudged,
        missing={name: len(keys) for name, keys in missing.items()},
        notes=[*asked.notes, *(_told(name, keys) for name, keys in missing.items() if keys)],
    )


def checked_modes(modes: Sequence[str]) -> list[str]:
    """Return the modes, each once; raises ValueError where one does not exist or there is none."""
    wanted = list(dict.fromkeys(as_list(modes, "modes")))
    for mode in wanted:
        if mode not in MODES:
            raise ValueError(
                f"the mode {shortened(mode)} does not exist; there are {', '.join(MODES)}"
            )
    if not wanted:
        raise ValueError(f"no mode is given; there are {', '.join(MODES)}")
    return wanted


def rankings(
    collection: Searchable, texts: Sequence[str], mode: str, depth: int
) -> list[list[str]]:
    """Return the keys of the hits of each text, best first."""
    return [
        [hit.key for hit in hits]
        for start in range(0, len(texts), AT_ONCE)
        for hits in collection.search_many(texts[start : start + AT_ONCE], k=depth, mode=mode)
    ]


def _names(collections: Sequence[Searchable]) -> list[str]:
    names = [collection.name for collection in collections]
    if len(set(names)) == len(names):
        return names
    return [str(collection.path) for collection in collections]


def _missing(collection: Searchable, asked: Asked) -> list[str]:
    judged = list(dict.fromkeys(key for grades in asked.grades for key in grades))
    there = collection.known(judged)
    return [key for key in judged if key not in there]


def _told(name: str, missing: Sequence[str]) -> str:
    things = _counted(len(missing), "judged item does", "judged items do")
    return (
        f"{things} not stand in {name!r}, such as {shortened(missing[0])};"
        " what is relevant of them counts as missed."
    )
