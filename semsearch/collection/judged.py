"""The verbs of a collection that say how well it answers: judge hits, and evaluate."""

from __future__ import annotations

from collections.abc import Sequence

from semsearch.collection.checks import check_query, check_whole, is_storable
from semsearch.collection.evaluating import asked_of, evaluate
from semsearch.collection.evaluation import Evaluation
from semsearch.collection.judgement_files import Qrels, Queries
from semsearch.collection.learning import LearnedWeight, learn_weight
from semsearch.collection.searchable import Searchable
from semsearch.errors import QueryError, shortened
from semsearch.search.question import MODES
from semsearch.store import Judgement

BEST_GRADE = 3


class Judged(Searchable):
    """Judgements of hits, stored with the collection, and what they say of its answers."""

    def judge(self, query: str, key: str, grade: int | None) -> None:
        """Store what a person says of an item as an answer to a query, durably.

        A thumb up is the grade 1, a thumb down 0; up to 3 says how good. None takes back what was
        said. A later opinion replaces the earlier one. White space around the query is dropped.

        Raises:
            KeyNotFound: no stored item has this key.
            CollectionLocked: another process is writing.
        """
        text = _checked_query(query)
        if grade is not None:
            grade = check_whole(grade, "a grade", 0, BEST_GRADE)
            self._live([key])
        with self._store.writing() as writer:
            writer.judge(text, key, grade)

    def judgements(self, query: str | None = None) -> list[Judgement]:
        """Return what was said of the answers to a query, or to all: (query, key, grade)."""
        return self._store.judgements(None if query is None else _checked_query(query))

    def evaluate(
        self,
        queries: Queries | None = None,
        qrels: Qrels | None = None,
        *,
        modes: Sequence[str] = MODES,
        k: int = 10,
        against: Judged | Sequence[Judged] = (),
        seed: int = 0,
    ) -> Evaluation:
        """Measure how well judged queries are answered: nDCG@k, MRR, MAP, recall@k, precision@k.

        Each mode is one run, all on the same queries; `against` names other collections, say of
        the same items by another module, that are asked too. Every mean has a 95 % interval over
        queries, every run but the first a p-value against it.

        `queries` is a table (csv, jsonl, parquet) with the columns query_id and text, or a dict of
        texts by id; `qrels` a table with query_id, key and relevance, a file of TREC's, or a dict
        of {query id: {key: grade}}. Without qrels the judgements that stand in the collection
        count, without queries it is asked these.

        Queries that nothing is judged relevant to are left out; judged items that do not stand in
        a collection count as missed. Both are told in `notes`.

        Raises:
            SourceError: a table cannot be read.
            CollectionError: nothing is judged relevant to any query.
        """
        others = [against] if isinstance(against, Judged) else list(against)
        asked = asked_of(self.name, self.judgements(), queries, qrels)
        return evaluate([self, *others], asked, modes, k, seed)

    def learn_weight(
        self, queries: Queries | None = None, qrels: Qrels | None = None
    ) -> LearnedWeight:
        """Learn the weight of meaning beside words from judged queries, and search with it.

        Queries and judgements are given as in `evaluate`. A weight stays only where it does better
        than the module's own on queries that it was not chosen by.

        Raises:
            SourceError: a table cannot be read.
            CollectionError: fewer than ten queries are judged.
            CollectionLocked: another process is writing.
        """
        return learn_weight(self._parts, asked_of(self.name, self.judgements(), queries, qrels))


def _checked_query(query: str) -> str:
    text = check_query(query).strip()
    if not is_storable(text):
        raise QueryError(
            f"the query {shortened(text)} holds half a character", "write it anew, or leave it out"
        )
    return text
