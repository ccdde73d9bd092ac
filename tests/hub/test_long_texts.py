"""A sentence far down in a long text is found with a real module."""

from __future__ import annotations

from pathlib import Path

import pytest

import semsearch
from semsearch.modules import load_module

pytestmark = pytest.mark.tensorflow

DAY = "On day {0} the committee of district {1} read of roads and put it off until spring. "
SECRET = "The lighthouse keeper had hidden the stolen violin under the stairs."


def book(n_sentences: int, secret_at: int | None = None) -> str:
    sentences = [DAY.format(n, n * 7 % 83) for n in range(n_sentences)]
    if secret_at is not None:
        sentences[secret_at] = SECRET + " "
    return "".join(sentences)


def test_what_is_told_once_near_the_end_of_a_book_is_found_in_other_words(tmp_path: Path) -> None:
    collection = semsearch.create(tmp_path / "c", "use-multilingual")
    rows = [
        {"id": "book", "text": book(2_000, 1_950)},
        {"id": "other", "text": book(500)},
        {"id": "short", "text": "The roads of the district are bad."},
    ]
    assert collection.add(rows, text="text", key="id").split == 2
    for query in ("Where was the violin that somebody stole?", "¿Dónde estaba el violín robado?"):
        [hit] = collection.search(query, k=1)
        assert hit.key == "book"
        assert hit.passage is not None
        assert SECRET in hit.passage.text


@pytest.mark.parametrize("name", ["use-multilingual", "minilm"])
def test_tokens_are_counted_as_the_module_reads_them(name: str) -> None:
    module = load_module(name)
    assert module.count_tokens(["", "cat", "The cat sat on the mat."])[:2] == [0, 1]
    assert 6 <= module.count_tokens(["The cat sat on the mat."])[0] <= 8
