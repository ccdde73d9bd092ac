"""The verbs of a collection that find items."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from semsearch.collection.answering import answer
from semsearch.collection.asking import asked_modalities
from semsearch.collection.checks import as_list, check_k
from semsearch.collection.judging import scale_of
from semsearch.collection.opened import OpenedCollection
from semsearch.collection.parts import Parts
from semsearch.collection.questions import TermLike, as_names, as_terms, checked_question
from semsearch.collection.records import Hit, Hits
from semsearch.collection.searching import allowing, nearest_hits, unit_queries
from semsearch.errors import CollectionError
from semsearch.search.question import Question
from semsearch.store.segments import Ids
from semsearch.vectors import Vectors


class Searchable(OpenedCollection):
    """Search by text, image, stored item or vector."""

    def search(  # noqa: PLR0913 - one parameter a part of the question
        self,
        text: str | None = None,
        *,
        image: Any = None,
        k: int = 10,
        where: str | None = None,
        mode: str = "semantic",
        plus: Sequence[TermLike] = (),
        minus: Sequence[TermLike] = (),
        weight: float | None = None,
        fusion: str = "convex",
        min_score: float | str | None = None,
        diversity: float = 0.0,
        collapse: float | None = None,
        order: str = "nearest",
        after: str | None = None,
        facets: Sequence[str] = (),
        explain: bool = False,
    ) -> Hits:
        """Return the k items that answer a question best, best first.

        The question is a `text`, an `image` (path, bytes of a file or PIL image), or terms alone:
        `plus` is to be near, `minus` far. A term is a text, or {"text" | "key" | "image": ...,
        "weight": 0.5}; a text or image counts 1. Stored items among the terms are left out.
        `where` is a filter such as "stars <= 2 and source = 'yelp'".

        `mode` compares meanings ("semantic"), words ("lexical") or both ("hybrid"): there `weight`
        is the share of meaning (None: the one that the collection learned), `fusion` "convex" or
        "reciprocal", and `minus` acts on the meaning only.

        `min_score` leaves out what scores less; "auto" gives an empty list where nothing fits.
        `collapse` folds items whose cosine to a better hit is at least that into it (`hit.folded`);
        `diversity` (0 to 1) is the share of being unlike the hits before: the next hit is the one
        with the largest (1 - diversity) * score - diversity * (largest cosine to a hit before).
        `order` is "nearest", "farthest" (least alike first) or "unusual", which takes no question:
        the items that are least like their nearest ones in a sample of the collection.

        `after=hits.after` gives the next page: no item comes twice, and none that stands in the
        collection all the while is left out. `facets` counts the values of fields, `explain` says
        which words carried each match.

        Raises:
            ValueError, TypeError: a part of the question is wrong; nothing was searched.
            ContentError: the module refuses a text or image.
            KeyNotFound: no stored item has the key of a term.
            QueryError: the filter cannot be understood.

        Example:
            >>> hits = collection.search("soup", minus=[{"text": "cold", "weight": 0.5}], k=20)
            >>> more = collection.search(
            ...     "soup", minus=[{"text": "cold", "weight": 0.5}], k=20, after=hits.after
            ... )
        """
        question = Question(
            text=text,
            image=image,
            k=k,
            where=where,
            mode=mode,
            plus=as_terms(plus, "plus"),
            minus=as_terms(minus, "minus"),
            weight=weight,
            fusion=fusion,
            min_score=min_score,
            diversity=diversity,
            collapse=collapse,
            order=order,
            after=after,
            facets=as_names(facets),
            explain=explain,
        )
        return self._answer([checked_question(question)])[0]

    def search_many(
        self,
        texts: Sequence[str],
        *,
        k: int = 10,
        where: str | None = None,
        mode: str = "semantic",
    ) -> list[Hits]:
        """Return the hits of each text; see `search`."""
        question = Question(k=k, where=where, mode=mode)
        queries = as_list(texts, "texts")
        return self._answer([checked_question(replace(question, text=text)) for text in queries])

    def similar(self, key: str, k: int = 10, where: str | None = None) -> list[Hit]:
        """Return the k items nearest to a stored one, itself left out.

        Raises:
            KeyNotFound: no stored item has this key.
        """
        check_k(k)
        items = self._live([key])
        found = nearest_hits(
            self._store, self._view, partial(self._vectors_of, items), k + 1, where
        )
        return [hit for hits in found for hit in hits if hit.key != key][:k]

    def neighbors(self, vectors: Any, k: int = 10, where: str | None = None) -> tuple[Ids, Vectors]:
        """Return the ids (n, k) int64 and cosines (n, k) float32 nearest to `vectors` (n, dim).

        The vectors need not have unit length. Where fewer than k items exist, the id is -1 and
        the score 0; `keys` turns ids into keys.
        """
        check_k(k)
        allowed = allowing(self._store, where)
        seen = self._view.now()
        queries = unit_queries(vectors, seen.snapshot.space.dim)
        return seen.search(queries, k, allowed(seen.snapshot))

    def calibration(self) -> dict[str, Any]:
        """Return the scale of the cosines of this collection, JSON-ready; measured when needed.

        `items` is how many vectors it was measured on, `random_pairs` {percent: cosine}; `fair` and
        `strong` are the cosines at which these bands begin. Under min_score="auto" an answer whose
        three best hits have a mean cosine below `threshold`, and the best one less than `lone`, is
        empty; `false_alarms` (0 to 1) of unrelated queries are not. None where `note` says why.

        Raises:
            ModuleError: the module is not the one that made the vectors.
        """
        return scale_of(self._judge.calibration(self._view.now()))

    # -- inside

    def _answer(self, questions: Sequence[Question]) -> list[Hits]:
        for one in questions[:1]:
            if one.mode != "lexical":  # words are the texts' own, whatever the module reads
                for modality in asked_modalities(one):
                    self._check_modality(modality)
        return answer(self._parts, questions)

    @property
    def _parts(self) -> Parts:
        return Parts(
            name=self.name,
            modality=self.modality,
            store=self._store,
            view=self._view,
            module_of=self._module_of,
            items_of=self._live,
            vectors_of=self._vectors_of,
            judge=self._judge,
        )

    def _check_modality(self, wanted: str) -> None:
        if self._store.space.handle is not None and self.modality != wanted:
            raise CollectionError(
                f"the module of the collection {self.name!r} reads {self.modality}s, not {wanted}s",
                f"search it by {self.modality}, or by key with similar()",
            )
