"""Nothing is encoded twice: after a kill, under another key, or under a request id that is done."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import semsearch
from semsearch.collection import gathering
from semsearch.collection.encoders import content_digest
from semsearch.errors import ContentError, SourceError


@pytest.fixture
def encoded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The texts that the module `hashing` has encoded, in order."""
    found: list[str] = []
    encode = semsearch.Module.encode_prepared

    def counted(self: semsearch.Module, prepared: Any, on_progress: Any = None) -> Any:
        found.extend(prepared)
        return encode(self, prepared, on_progress)

    monkeypatch.setattr(semsearch.Module, "encode_prepared", counted)
    return found


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[semsearch.Collection]:
    with semsearch.create(tmp_path / "c", module="hashing") as made:
        yield made


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gathering, "LOOKED_UP", 4)
    monkeypatch.setitem(gathering.COMMITTED, "text", 8)


def texts(n: int) -> list[str]:
    return [f"text number {number}" for number in range(n)]


def same_vectors(collection: semsearch.Collection) -> bool:
    """Say whether the vector of each item is that of its text."""
    keys, vectors = collection.vectors()
    shown = [hit.text for hit in collection.get(keys)]
    return np.array_equal(vectors, collection.encode(shown))


def test_rows_that_shift_in_a_file_without_keys_keep_their_vectors(
    empty: semsearch.Collection, encoded: list[str], tmp_path: Path
) -> None:
    path = tmp_path / "a.csv"
    path.write_text("text\n" + "\n".join(texts(10)))
    empty.add(path)
    encoded.clear()
    path.write_text("text\na new first text\n" + "\n".join(texts(10)))
    report = empty.add(path)
    assert encoded == ["a new first text"]
    assert (report.added, report.updated) == (1, 10)
    assert same_vectors(empty)


@pytest.mark.usefixtures("small_batches")
def test_a_text_that_comes_often_is_encoded_once(
    empty: semsearch.Collection, encoded: list[str]
) -> None:
    report = empty.add([{"id": n, "text": f"text {n % 3}"} for n in range(50)], key="id")
    assert report.added == 50
    assert sorted(encoded) == ["text 0", "text 1", "text 2"]
    assert same_vectors(empty)
    assert len(empty.search("text 1", k=50)) == 50


def test_the_vector_of_a_deleted_item_is_taken_again(
    empty: semsearch.Collection, encoded: list[str]
) -> None:
    empty.add([{"id": "a", "text": "soup"}, {"id": "b", "text": "shoes"}], key="id")
    empty.delete(["a"])
    encoded.clear()
    empty.add([{"id": "c", "text": "soup"}, {"id": "b", "text": "soup"}], key="id")
    assert encoded == []
    assert same_vectors(empty)


def test_a_content_that_is_refused_skips_every_row_that_has_it(
    empty: semsearch.Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    encode = semsearch.Module.encode_prepared

    def refusing(self: semsearch.Module, prepared: Any, on_progress: Any = None) -> Any:
        if "bad" in prepared:
            raise ContentError("the module knows no such word")
        return encode(self, prepared, on_progress)

    rows = [{"id": n, "text": "bad" if n % 3 == 0 else f"text {n % 4}"} for n in range(12)]
    empty.add([{"id": "x", "text": "text 1"}], key="id")
    monkeypatch.setattr(semsearch.Module, "encode_prepared", refusing)
    report = empty.add(rows, key="id")
    assert [skip.row for skip in report.skipped] == [1, 4, 7, 10]
    assert {skip.reason for skip in report.skipped} == {"the module knows no such word"}
    assert report.added == 8
    monkeypatch.setattr(semsearch.Module, "encode_prepared", encode)
    assert same_vectors(empty)


def test_a_picture_under_another_name_is_not_decoded_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    for name, colour in (("red", "red"), ("blue", "blue"), ("sky", "blue")):
        Image.new("RGB", (8, 8), colour).save(folder / f"{name}.png")
    with semsearch.create(tmp_path / "c", module="colours") as collection:
        assert collection.add(folder).added == 3
        (folder / "red.png").rename(folder / "scarlet.png")
        monkeypatch.setattr(collection.module, "prepare", None)  # whoever calls it fails
        report = collection.add(folder)
        assert (report.added, report.unchanged) == (1, 2)
        assert collection.image("scarlet.png") == (folder / "scarlet.png").read_bytes()
        [first, second] = collection.similar("scarlet.png", k=3)[:2]
        assert (first.key, first.score) == ("red.png", pytest.approx(1))
        assert second.score < 1


def test_a_picture_that_is_being_encoded_is_not_begun_again(
    tmp_path: Path, encoded: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gathering, "LOOKED_UP", 1)
    monkeypatch.setitem(gathering.COMMITTED, "image", 1)
    folder = tmp_path / "pictures"
    folder.mkdir()
    for name in "abcd":
        Image.new("RGB", (8, 8), "red").save(folder / f"{name}.png")
    with semsearch.create(tmp_path / "c", module="colours") as collection:
        assert collection.add(folder).added == 4
    assert len(encoded) == 1


def test_the_vector_of_a_live_row_comes_before_that_of_a_deleted_one(
    empty: semsearch.Collection,
) -> None:
    empty.add([{"id": key, "text": "soup"} for key in "ab"], key="id")
    empty.delete(["b"])
    content = content_digest("soup")
    with empty._store.writing() as writer:
        assert writer.earlier.ids_of([content, content_digest("shoes")]) == {content: 1}


KILLED = """
import os, signal, sys
import semsearch
from semsearch.collection import gathering

gathering.LOOKED_UP, gathering.COMMITTED["text"] = 4, 8
encode, left = semsearch.Module.encode_prepared, int(sys.argv[2])

def counted(self, prepared, on_progress=None):
    global left
    left -= 1
    if left < 0:
        os.kill(os.getpid(), signal.SIGKILL)
    for text in prepared:
        print(text, flush=True)
    return encode(self, prepared, on_progress)

semsearch.Module.encode_prepared = counted
with semsearch.open(sys.argv[1]) as collection:
    report = collection.add([f"text number {n}" for n in range(40)], request_id="first")
    print(report.added, report.unchanged, file=sys.stderr)
"""


@pytest.mark.parametrize("batches", [0, 1, 3])
def test_a_killed_call_goes_on_with_what_was_not_stored(tmp_path: Path, batches: int) -> None:
    def run(steps: int) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", KILLED, str(tmp_path / "c"), str(steps)]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    semsearch.create(tmp_path / "c", module="hashing").close()
    killed = run(batches)
    assert killed.returncode == -signal.SIGKILL
    again = run(1000)
    assert again.returncode == 0, again.stderr
    assert killed.stdout.split("\n")[:-1] + again.stdout.split("\n")[:-1] == texts(40)
    assert again.stderr.split()[-2:] == [str(40 - 8 * batches), str(8 * batches)]
    assert run(0).stderr.split()[-2:] == ["0", "40"]


def test_a_request_that_is_done_is_not_done_again(
    empty: semsearch.Collection, encoded: list[str]
) -> None:
    assert empty.add(texts(5), request_id="r-1").added == 5
    version = empty.version
    encoded.clear()
    report = empty.add(["something else", "and more"], request_id="r-1")
    assert (report.added, report.updated, report.unchanged) == (0, 0, 2)
    assert (encoded, empty.version, len(empty)) == ([], version, 5)
    assert empty.add(["something else"], request_id="r-2").added == 1


def test_a_request_counts_though_nothing_was_new(empty: semsearch.Collection) -> None:
    empty.add(texts(3))
    assert empty.add(texts(3), request_id="r-1").unchanged == 3
    assert empty.add(texts(9), request_id="r-1").unchanged == 9
    assert len(empty) == 3


def test_vectors_of_the_users_own_come_under_a_request_too(tmp_path: Path) -> None:
    with semsearch.create(tmp_path / "c", None, dim=3) as collection:
        vectors = np.eye(3)
        for _ in range(2):
            collection.add(vectors=vectors, keys=["a", "b", "c"], request_id="r-1")
        collection.add(vectors=vectors, keys=["d", "e", "f"], request_id="r-1")
        assert len(collection) == 3


@pytest.mark.parametrize("request_id", ["", "  ", "x" * 101, "a\nb"])
def test_a_request_without_a_name_is_refused(empty: semsearch.Collection, request_id: str) -> None:
    with pytest.raises(ValueError, match="request_id cannot be"):
        empty.add(["soup"], request_id=request_id)


@pytest.mark.usefixtures("small_batches")
def test_a_bad_row_far_down_stores_nothing_where_rows_can_be_read_again(
    empty: semsearch.Collection, tmp_path: Path
) -> None:
    rows = [{"t": text} for text in texts(30)] + [{"t": " "}]
    with pytest.raises(SourceError, match="row 31"):
        empty.add(rows, text="t", on_error="stop")
    assert len(empty) == 0
    path = tmp_path / "a.csv"
    path.write_text("n,t\n" + "\n".join(f"1,{text}" for text in texts(30)) + "\n1,\n")
    with pytest.raises(SourceError, match="row 31"):
        empty.add(path, text="t", on_error="stop")
    assert len(empty) == 0


def test_rows_from_memory_keep_their_numbers_from_call_to_call(
    empty: semsearch.Collection, encoded: list[str]
) -> None:
    empty.add(["soup", "shoes", "soup"])
    assert empty.keys() == ["1", "2", "3"]
    assert empty.add(["film", "soup", "soup", "soup", "shoes"]).added == 2
    assert {hit.key: hit.text for hit in empty.get(["4", "5"])} == {"4": "film", "5": "soup"}
    assert sorted(encoded) == ["film", "shoes", "soup"]
    empty.delete(["2"])
    assert empty.add(["film", "coat"]).added == 1
    assert [hit.text for hit in empty.get(["2"])] == ["coat"]


@pytest.mark.usefixtures("small_batches")
def test_numbers_beyond_the_stored_ones_are_given_once(empty: semsearch.Collection) -> None:
    empty.add(texts(10))
    empty.delete(["9", "10"])
    new = [f"other {n}" for n in range(30)]
    assert empty.add(new).added == 30
    assert len(empty) == 38
    assert empty.add([*reversed(new), *texts(8)]).unchanged == 38
