"""One thread for a while, and the usual number afterwards, whoever trains beside whom."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
from threadpoolctl import threadpool_info

from semsearch.analysis import fit
from semsearch.analysis.threads import one_thread


def blas_threads() -> set[int]:
    return {
        library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"
    }


def test_one_thread_is_one_thread_and_ends() -> None:
    usual = blas_threads()
    with one_thread():
        assert blas_threads() == {1}

    assert blas_threads() == usual


def test_trainings_side_by_side_leave_the_usual_threads() -> None:
    usual = blas_threads()
    with ThreadPoolExecutor(4) as pool:
        heads = list(pool.map(lambda _: fit(np.eye(4), ["a", "a", "b", "b"]), range(8)))

    assert len({head.coefficients.tobytes() for head in heads}) == 1
    assert blas_threads() == usual
