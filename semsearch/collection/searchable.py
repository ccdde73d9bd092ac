"""The verbs of a collection that find items."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from semsearch.collection.answering import answer
from semsearch.collection.checks import as_list, check_k, check_query
from semsearch.collection.opened import OpenedCollection
from semsearch.collection.parts import Parts
from semsearch.collection.records import Hit, Hits
from semsearch.collection.searching import allowing, nearest_hits, unit_queries
from semsearch.errors import CollectionError
from semsearch.search.question import MODES, Question
from semsearch.store.segments import Ids
from semsearch.vectors import Vectors


class Searchable(OpenedCollection):
    """Search by text, image, stored item or vector."""

    def search(
        self,
        text: str | None = None,
        *,
        image: Any = None,
        k: int = 10,
        where: str | None = None,
        mode: str = "semantic",
    ) -> Hits:
        """Return the k items nearest in meaning to a text or an image, best first.

        `image` is a path, the bytes of an image file or a PIL image. `where` is a filter such as
        "stars <= 2 and source = 'yelp'".

        Raises:
            ContentError: the module refuses the text or image.
            QueryError: the filter cannot be understood.
        """
        if (text is None) == (image is None):
            raise ValueError("search() needs either a text or an image")
        if image is None:
            check_query(text)
        return self._answer([Question(text=text, image=image, k=k, where=where, mode=mode)])[0]

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
        queries = [check_query(text) for text in as_list(texts, "texts")]
        return self._answer([replace(question, text=text) for text in queries])

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

    # -- inside

    def _answer(self, questions: Sequence[Question]) -> list[Hits]:
        for one in questions[:1]:
            check_k(one.k)
            if one.mode not in MODES:
                raise ValueError(
                    f"the mode {one.mode!r} does not exist; there are {', '.join(MODES)}"
                )
            self._check_modality("text" if one.image is None else "image")
        return answer(self._parts, questions)

    @property
    def _parts(self) -> Parts:
        return Parts(self.name, self.modality, self._store, self._view, self._module_of, self._live)

    def _check_modality(self, wanted: str) -> None:
        if self._store.space.handle is not None and self.modality != wanted:
            raise CollectionError(
                f"the module of the collection {self.name!r} reads {self.modality}s, not {wanted}s",
                f"search it by {self.modality}, or by key with similar()",
            )
