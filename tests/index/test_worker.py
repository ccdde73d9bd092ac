"""An index is built by a process of its own, which tells what it did and leaves nothing behind."""

from __future__ import annotations

import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from semsearch import errors
from semsearch.errors import CollectionDamaged, IndexBuildFailed, IndexBuildStopped
from semsearch.index import (
    BuiltIndex,
    CodeIndex,
    IndexJob,
    Rows,
    SearchView,
    load_index,
    recall_at_k,
    run_worker,
)

N, DIM = 6000, 16


@pytest.fixture
def job(tmp_path: Path) -> IndexJob:
    random = np.random.default_rng(0)
    vectors = random.standard_normal((N, DIM)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    files = []
    for number, part in enumerate(np.split(vectors, [2500])):
        path = tmp_path / f"{number}.npy"
        np.save(path, part)
        files.append((path, len(part)))
    folder, scratch = tmp_path / "derived", tmp_path / "scratch"
    return IndexJob(tuple(files), DIM, folder, scratch, kind="IVF16,PQ8x4fs")


def mapped(job: IndexJob) -> Rows:
    return Rows(tuple(np.load(path, mmap_mode="r") for path, _ in job.files))


def test_the_index_that_a_worker_publishes_is_loaded_and_searched(job: IndexJob) -> None:
    told: list[tuple[int, int]] = []
    built = run_worker(replace(job, dead=(3, 4)), on_progress=lambda *done: told.append(done))
    assert told == [(2500, N), (N, N)]
    index = load_index(
        job.place(built.sha256), sha256=built.sha256, size=built.size, dim=DIM, n=built.n
    )
    view = SearchView(mapped(job), None, CodeIndex(index, built.plan, built.n))
    view.check_codes()
    assert built.plan.kind == built.plan.spec == "IVF16,PQ8x4fs"
    assert recall_at_k(view) == pytest.approx(built.plan.recall, abs=0.1)
    assert [path.name for path in job.folder.iterdir()] == [f"{built.sha256}.faiss"]
    assert list(job.scratch.iterdir()) == []


def test_a_collection_that_is_scanned_gets_no_file(job: IndexJob) -> None:
    built = run_worker(replace(job, kind="auto"))
    assert (built.sha256, built.size, built.n) == ("", 0, N)
    assert built.plan.is_exact
    assert "as that is quick" in built.plan.reason
    assert not job.folder.exists()


def test_a_worker_runs_no_module_of_the_folder_where_somebody_stands(
    job: IndexJob, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = tmp_path / "received"
    here.mkdir()
    (here / "numpy.py").write_text(f"open({str(tmp_path / 'was-run')!r}, 'w').close()")
    monkeypatch.chdir(here)
    run_worker(job)
    assert not (tmp_path / "was-run").exists()


def test_damaged_vectors_are_told_in_the_words_of_the_worker(job: IndexJob) -> None:
    job.files[0][0].write_bytes(b"no array")
    with pytest.raises(CollectionDamaged, match=r"the vectors '0.npy' cannot be read .* check"):
        run_worker(job)
    assert list(job.scratch.iterdir()) == []


def test_a_wrong_kind_is_refused_before_a_process_starts(job: IndexJob) -> None:
    with pytest.raises(ValueError, match=r"the index 'PQ5x4fs' cannot be built for vectors of 16"):
        run_worker(replace(job, kind="PQ5x4fs"))
    assert not job.scratch.exists()


def test_a_kind_for_which_there_are_too_few_rows_is_told(job: IndexJob) -> None:
    with pytest.raises(IndexBuildFailed, match=r"'IVF7000,Flat' cannot be built .* \(7000\)"):
        run_worker(replace(job, kind="IVF7000,Flat"))


def test_a_stopped_worker_leaves_nothing(job: IndexJob) -> None:
    stop = threading.Event()
    stop.set()
    with pytest.raises(IndexBuildStopped, match="was stopped"):
        run_worker(job, stop=stop)
    assert not job.folder.exists()


def test_a_worker_ends_when_the_parent_is_gone(job: IndexJob, tmp_path: Path) -> None:
    described = tmp_path / "job.json"
    described.write_text(replace(job, kind="HNSW64").as_json())
    job.scratch.mkdir()
    command = [sys.executable, "-m", "semsearch.index.worker", str(described), "--with-parent"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, cwd=Path(errors.__file__).parent.parent
    ) as process:
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(60) == 1
    assert not job.folder.exists()


def test_a_file_that_is_no_job_gives_one_line_and_exit_code_1(tmp_path: Path) -> None:
    described = tmp_path / "job.json"
    described.write_text("{}")
    run = subprocess.run(
        [sys.executable, "-m", "semsearch.index.worker", str(described)],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(errors.__file__).parent.parent,
    )
    assert run.returncode == 1
    assert run.stderr == "this is no job for building an index: KeyError('files')\n"


def test_a_job_and_its_result_come_back_from_json(job: IndexJob) -> None:
    assert IndexJob.from_json(replace(job, dead=(1, 2)).as_json()) == replace(job, dead=(1, 2))
    built = run_worker(replace(job, kind="exact"))
    assert BuiltIndex.from_dict(built.as_dict()) == built
