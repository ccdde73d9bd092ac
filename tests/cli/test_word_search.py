"""`search --mode lexical` and `--mode hybrid`, and `learn-weight`."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from semsearch.store import Batch, Space, Store
from tests.cli.conftest import Run, refused
from tests.store.rows import item, vectors
from tests.test_architecture import HEAVY

ROOT = Path(__file__).parents[2]

LEXICAL = """
import sys
from semsearch.cli.main import main
words = ["--indexes", sys.argv[1], "search", "papers", "soups", "--mode", "lexical"]
main(words, standalone_mode=False)
print("loaded:", *(name for name in {heavy!r} if name in sys.modules))
"""


@pytest.fixture
def papers(tmp_path: Path) -> Path:
    """A folder with a collection of a module whose weights are not there."""
    space = Space(4, "use-multilingual", "0" * 64, {"name": "use-multilingual"})
    (tmp_path / "indexes").mkdir()
    store = Store.create(tmp_path / "indexes" / "papers", space, {"modality": "text"})
    with store.writing() as writer:
        writer.commit(Batch([item("a", "Hot soup"), item("b", "Shoes")], vectors(2)))
    store.close()
    return tmp_path / "indexes"


def test_words_are_found(indexed: Run) -> None:
    found = indexed("search", "reviews", "soups", "--mode", "lexical", "--json")
    assert [hit["key"] for hit in json.loads(found.stdout)] == ["a", "b"]


def test_hybrid_hits_show_their_parts(indexed: Run) -> None:
    words = ("search", "reviews", "cold soup", "--mode", "hybrid", "--weight", "0.3", "--json")
    first, *_ = json.loads(indexed(*words).stdout)
    assert first["key"] == "a"
    assert first["parts"]["weight"] == pytest.approx(0.3)
    assert first["score"] == pytest.approx(1)


def test_searching_by_words_loads_no_module_and_nothing_heavy(papers: Path) -> None:
    script = LEXICAL.format(heavy=HEAVY)
    command = [sys.executable, "-c", script, str(papers)]
    run = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    assert "Hot soup" in run.stdout
    assert run.stdout.splitlines()[-1] == "loaded:"


def test_searching_by_words_takes_under_0_8_seconds(papers: Path) -> None:
    def spent() -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        words = ["--indexes", str(papers), "search", "papers", "soup", "--mode", "lexical"]
        command = [sys.executable, "-m", "semsearch.cli.main", *words]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=ROOT)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    assert min(spent() for _ in range(3)) < 0.8


def test_too_few_judgements_teach_no_weight(indexed: Run) -> None:
    indexed("judge", "reviews", "soup", "a", "up")
    message = refused(indexed("learn-weight", "reviews"), 1)
    assert message.startswith("'reviews' has 1 judged query, and a weight is learnt from 10")


@pytest.mark.parametrize(
    ("key", "told"),
    [
        ("a", "searches --mode hybrid with the weight 0: nDCG@10 1.000"),
        ("x", "keeps the weight 0.4"),
    ],
)
def test_what_was_learned_is_told(indexed: Run, tmp_path: Path, key: str, told: str) -> None:
    queries, qrels = tmp_path / "q.csv", tmp_path / "r.csv"
    queries.write_text("query_id,text\n" + "".join(f"{n},soup\n" for n in range(12)))
    qrels.write_text("query_id,key,relevance\n" + "".join(f"{n},{key},1\n" for n in range(12)))
    files = ("--queries", queries, "--qrels", qrels)
    assert told in " ".join(indexed("learn-weight", "reviews", *files).stdout.split())
    found = json.loads(indexed("learn-weight", "reviews", *files, "--json").stdout)
    assert found["kept"] is (key == "a")
