"""An index file is written whole or not at all, and FAISS sees no byte that was not verified."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

import faiss
import numpy as np
import pytest

from semsearch import fsio
from semsearch.errors import IndexDamaged, StorageFull
from semsearch.index import CodeIndex, IndexPlan, Rows, SearchView, load_index, publish_index
from semsearch.index.build import build_codes
from semsearch.index.files import Loads, index_from_bytes

N, DIM = 2000, 16


def unit_rows(n: int, seed: int) -> np.ndarray:
    rows = np.random.default_rng(seed).standard_normal((n, DIM)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@pytest.fixture(scope="module")
def index() -> Any:
    return build_codes(Rows((unit_rows(N, 0),)), "IVF16,PQ8x4fs")


@pytest.fixture
def published(index: Any, tmp_path: Path) -> fsio.Published:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    return publish_index(index, scratch=scratch, place=lambda name: tmp_path / f"{name}.faiss")


def load(published: fsio.Published, **changed: Any) -> Any:
    known = {"sha256": published.sha256, "size": published.size, "dim": DIM, "n": N}
    return load_index(published.path, **{**known, **changed})


def test_what_is_loaded_answers_as_what_was_published(
    index: Any, published: fsio.Published
) -> None:
    queries = unit_rows(5, 1)
    expected = index.search(queries, 10)[1]
    np.testing.assert_array_equal(load(published).search(queries, 10)[1], expected)


def test_the_digest_is_that_of_the_file(published: fsio.Published) -> None:
    data = published.path.read_bytes()
    assert published.sha256 == hashlib.sha256(data).hexdigest()
    assert published.size == len(data)
    assert list((published.path.parent / "scratch").iterdir()) == []


def test_a_disk_that_is_full_leaves_nothing(
    index: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(operation: str, path: Path) -> None:
        if operation == "write":
            raise OSError(28, os.strerror(28))

    monkeypatch.setattr(fsio, "checkpoint", full)
    with pytest.raises(StorageFull, match="is full"):
        publish_index(index, scratch=tmp_path, place=lambda name: tmp_path / name)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("place", [0, 4, 40, 5000, -1])
def test_a_changed_byte_never_reaches_faiss(published: fsio.Published, place: int) -> None:
    data = bytearray(published.path.read_bytes())
    data[place] ^= 1
    published.path.write_bytes(data)
    before = Loads.count
    with pytest.raises(IndexDamaged, match="digest is not that of what was written; it is rebuilt"):
        load(published)
    assert Loads.count == before


@pytest.mark.parametrize("change", [b"", b"x"])
def test_another_length_never_reaches_faiss(published: fsio.Published, change: bytes) -> None:
    data = published.path.read_bytes()
    published.path.write_bytes(data + change if change else data[:-1])
    before = Loads.count
    with pytest.raises(IndexDamaged, match=r"bytes instead of"):
        load(published)
    assert Loads.count == before


def test_a_missing_file_is_told(published: fsio.Published) -> None:
    published.path.unlink()
    with pytest.raises(IndexDamaged, match="it is missing"):
        load(published)


@pytest.mark.parametrize(
    ("changed", "reason"),
    [({"dim": 17}, "16 dimensions instead of 17"), ({"n": 1999}, "2000 vectors instead of 1999")],
)
def test_an_index_of_other_vectors_is_refused(
    published: fsio.Published, changed: dict[str, int], reason: str
) -> None:
    with pytest.raises(IndexDamaged, match=reason):
        load(published, **changed)


def test_an_index_of_another_metric_is_refused(tmp_path: Path) -> None:
    flat = faiss.IndexFlatL2(DIM)
    flat.add(unit_rows(N, 0))
    other = publish_index(flat, scratch=tmp_path, place=lambda name: tmp_path / name)
    with pytest.raises(IndexDamaged, match="does not compare by inner product"):
        load(other)


def test_a_file_that_holds_no_index_is_refused() -> None:
    with pytest.raises(IndexDamaged, match="it holds no index"):
        index_from_bytes(b"null", name="x", dim=DIM, n=N)


def test_a_small_index_of_8_bit_codes_is_no_bomb(tmp_path: Path) -> None:
    rows = Rows((unit_rows(400, 0),))
    published = publish_index(
        build_codes(rows, "IVF16,PQ4x8"), scratch=tmp_path, place=lambda name: tmp_path / name
    )
    assert load(published, n=400).ntotal == 400


@pytest.mark.parametrize("spec", ["RaBitQ", "PCA8,RaBitQ"])
def test_an_index_without_its_codes_is_refused(spec: str) -> None:
    index = build_codes(Rows((unit_rows(400, 0),)), spec)
    part = faiss.downcast_index(index.index) if spec.startswith("PCA") else index
    part.codes.resize(0)
    with pytest.raises(IndexDamaged, match="it holds other codes than it says"):
        index_from_bytes(faiss.serialize_index(index).tobytes(), name="x", dim=DIM, n=400)


@pytest.mark.parametrize("seed", range(20))
def test_mutants_past_the_digest_raise_or_load_in_bounds(index: Any, seed: int) -> None:
    data = bytearray(faiss.serialize_index(index).tobytes())
    random = np.random.default_rng(seed)
    for place in random.integers(0, 400, 4):
        data[place] = int(random.integers(0, 256))
    try:
        loaded = index_from_bytes(bytes(data), name="x", dim=DIM, n=N)
    except IndexDamaged:
        return
    assert (loaded.d, loaded.ntotal) == (DIM, N)


def test_the_limits_of_faiss_are_as_before_after_a_load(published: fsio.Published) -> None:
    usual = faiss.get_deserialization_vector_byte_limit()
    faiss.set_deserialization_vector_byte_limit(1 << 39)
    load(published)
    assert faiss.get_deserialization_vector_byte_limit() == 1 << 39
    faiss.set_deserialization_vector_byte_limit(usual)


def test_rows_find_themselves_by_the_codes_made_from_them(index: Any) -> None:
    codes = CodeIndex(index, IndexPlan("IVF16,PQ8x4fs", "", nprobe=8, candidates=100), N)
    SearchView(Rows((unit_rows(N, 0),)), None, codes).check_codes()


def test_codes_of_other_rows_are_noticed(index: Any) -> None:
    codes = CodeIndex(index, IndexPlan("IVF16,PQ8x4fs", "", nprobe=1, candidates=20), N)
    with pytest.raises(IndexDamaged, match="of 16 stored rows are not found by the index"):
        SearchView(Rows((unit_rows(N, 9),)), None, codes).check_codes()
