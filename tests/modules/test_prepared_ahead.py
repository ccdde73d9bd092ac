"""Contents are prepared ahead: in order, a few at a time, each failure at its own place."""

from __future__ import annotations

import threading
import time
from contextlib import closing

import pytest

from semsearch.modules.ahead import attempts_ahead, prepared_ahead


def test_results_come_in_the_order_of_the_items_however_long_each_takes() -> None:
    def slow_at_first(item: int) -> int:
        time.sleep(0.02 if item % 3 == 0 else 0)
        return item * 10

    results = prepared_ahead(range(20), slow_at_first, workers=4)
    assert list(results) == [item * 10 for item in range(20)]


def test_items_behind_the_one_taken_are_prepared_meanwhile() -> None:
    begun = [threading.Event() for _ in range(4)]

    def begin(item: int) -> int:
        begun[item].set()
        return item

    with closing(prepared_ahead(range(4), begin, workers=2, window=3)) as results:
        assert next(results) == 0
        assert all(event.wait(5) for event in begun)


def test_no_more_than_the_window_is_read_ahead() -> None:
    read: list[int] = []

    def items():
        for item in range(100):
            read.append(item)
            yield item

    with closing(prepared_ahead(items(), str, workers=2, window=5)) as results:
        next(results)
        assert len(read) == 6
        next(results)
        assert len(read) == 7


def test_a_window_of_zero_prepares_one_after_the_other() -> None:
    assert list(prepared_ahead("abc", str.upper, workers=1, window=0)) == ["A", "B", "C"]


def test_a_failure_comes_at_its_place_after_all_before_it() -> None:
    taken: list[float] = []
    with pytest.raises(ZeroDivisionError):
        taken.extend(prepared_ahead([1, 2, 0, 4], lambda item: 4 / item))
    assert taken == [4, 2]


def test_of_attempts_one_that_fails_does_no_harm_to_the_others() -> None:
    told = []
    for item, attempt in attempts_ahead([1, 0, 4], lambda item: 4 / item):
        try:
            told.append((item, attempt.result()))
        except ZeroDivisionError:
            told.append((item, None))
    assert told == [(1, 4), (0, None), (4, 1)]


def test_when_the_items_cannot_be_read_on_those_before_come_first() -> None:
    def items():
        yield from "ab"
        raise OSError("the disk is gone")

    taken: list[str] = []
    with pytest.raises(OSError, match="the disk is gone"):
        for result in prepared_ahead(items(), str.upper):
            taken.append(result)
    assert taken == ["A", "B"]


def test_the_items_are_read_in_the_thread_of_the_taker() -> None:
    readers = set()

    def items():
        for item in range(10):
            readers.add(threading.current_thread())
            yield item

    list(prepared_ahead(items(), str))
    assert readers == {threading.current_thread()}


def test_closing_early_ends_the_threads_and_drops_what_nobody_has_begun() -> None:
    before = threading.active_count()
    prepared: list[int] = []

    def slow(item: int) -> int:
        time.sleep(0.01)
        prepared.append(item)
        return item

    results = prepared_ahead(range(1000), slow, workers=2, window=100)
    next(results)
    results.close()
    assert threading.active_count() == before
    assert len(prepared) < 10


def test_no_threads_are_left_after_a_failure() -> None:
    before = threading.active_count()
    with pytest.raises(ZeroDivisionError):
        list(prepared_ahead([1, 0, 2] * 50, lambda item: 1 / item))
    assert threading.active_count() == before


@pytest.mark.parametrize(("workers", "window"), [(0, 4), (2, -1)])
def test_too_few_workers_and_a_window_below_zero_are_slips(workers: int, window: int) -> None:
    with pytest.raises(ValueError, match="must"):
        prepared_ahead([1], str, workers=workers, window=window)
