"""The process in which documents are parsed: it may hang or die, and the next one is read."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

import pytest

from semsearch.corpus import read_corpus
from semsearch.corpus.documents import limits
from semsearch.corpus.documents.reader import Reader
from semsearch.corpus.refused import Refused
from semsearch.errors import SourceError
from tests.corpus.documents import making

PAGE = b"<p>Cold soup</p>"


def children() -> set[int]:
    """Return the ids of this process's children."""
    found: set[int] = set()
    for task in Path("/proc/self/task").iterdir():
        found |= set(map(int, (task / "children").read_text().split()))
    return found


def test_a_parser_that_takes_too_long_is_ended_and_the_next_document_is_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = children()
    with Reader() as reader:
        with monkeypatch.context() as patched:
            patched.setattr(limits, "LEAST_SECONDS", 0.001)
            with pytest.raises(Refused, match="takes longer than 0 s to read"):
                reader.read(making.pdf("Cold soup"), "pdf")
        assert reader.read(PAGE, "html").text == "Cold soup"
    assert children() == before


def test_a_process_that_dies_costs_one_document() -> None:
    before = children()
    with Reader() as reader:
        assert reader.read(PAGE, "html").text == "Cold soup"
        [pid] = children() - before
        os.kill(pid, signal.SIGKILL)
        with pytest.raises(Refused, match="ended the process that read it"):
            reader.read(PAGE, "html")
        assert reader.read(PAGE, "html").text == "Cold soup"


@pytest.mark.parametrize(
    ("program", "phrase"),
    [("/bin/true", "ended before it read any"), ("/nowhere", "cannot be started .No such file")],
)
def test_a_process_that_does_not_start_is_told(
    program: str, phrase: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", program)
    with Reader() as reader, pytest.raises(SourceError, match=phrase):
        reader.read(PAGE, "html")


def test_a_large_document_is_given_more_time() -> None:
    assert limits.seconds_for(0) < limits.seconds_for(5_000_000) < limits.seconds_for(10**9)
    assert limits.seconds_for(10**9) == limits.MOST_SECONDS


def test_plain_texts_need_no_process(tmp_path: Path) -> None:
    before = children()
    (tmp_path / "a.txt").write_text("Cold soup")
    entries = read_corpus(tmp_path).entries
    assert next(entries).key == "a.txt"
    assert children() == before


def test_entries_that_are_not_read_to_the_end_leave_no_process(tmp_path: Path) -> None:
    before = children()
    for name in ("a.html", "b.html"):
        (tmp_path / name).write_bytes(PAGE)
    entries = read_corpus(tmp_path).entries
    assert next(entries).key == "a.html"
    assert len(children() - before) == 1
    del entries
    deadline = time.monotonic() + 5
    while children() != before and time.monotonic() < deadline:
        time.sleep(0.01)
    assert children() == before
