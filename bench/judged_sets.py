"""The two judged collections of documents: SciFact and Cranfield, and queries from elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow.parquet

ELSEWHERE = {"banking77": "intent_banking77_train", "film reviews": "reviews_sst2"}
"""Texts that have no answer among papers on life science or aerodynamics."""


@dataclass(frozen=True)
class JudgedSet:
    """Documents as rows with doc_id, title and text, the queries, and how relevant what is."""

    name: str
    documents: list[dict[str, str]]
    queries: dict[str, str]
    qrels: dict[str, dict[str, int]]


def judged_sets(data: Path) -> list[JudgedSet]:
    """Return SciFact's dev queries (those that BEIR calls test) and Cranfield's."""
    return [judged_set(data, "SciFact dev", "scifact"), judged_set(data, "Cranfield", "cranfield")]


def judged_set(data: Path, name: str, file: str) -> JudgedSet:
    """Return one set; where its queries have splits, the split `dev`."""
    corpus, queries, qrels = (
        pyarrow.parquet.read_table(data / f"retrieval_{file}_{part}.parquet").to_pylist()
        for part in ("corpus", "queries", "qrels")
    )
    graded: dict[str, dict[str, int]] = {}
    for row in qrels:
        if row.get("split", "dev") == "dev":
            graded.setdefault(row["query_id"], {})[row["doc_id"]] = row["relevance"]
    asked = {row["query_id"]: row["text"] for row in queries if row["query_id"] in graded}
    return JudgedSet(name, corpus, asked, graded)


def queries_from(data: Path, elsewhere: str, n: int) -> list[str]:
    """Return n texts of another domain, drawn by a fixed seed."""
    table = pyarrow.parquet.read_table(data / f"{ELSEWHERE[elsewhere]}.parquet", columns=["text"])
    texts = list(dict.fromkeys(table["text"].to_pylist()))
    return [texts[at] for at in np.random.default_rng(0).choice(len(texts), n, replace=False)]
