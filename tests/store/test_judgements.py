"""Judgements in the store: one opinion on an answer to a query, durable, and gone when asked."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from semsearch.errors import CollectionDamaged
from semsearch.store import Judgement, Store, restore
from semsearch.store.database import open_writer
from tests.store.rows import keys, put


def judge(store: Store, query: str, key: str, grade: int | None) -> None:
    with store.writing() as writer:
        writer.judge(query, key, grade)


def test_judgements_come_back_in_the_order_in_which_they_were_given(store: Store) -> None:
    judge(store, "soup", "b", 1)
    judge(store, "shoes", "a", 0)
    judge(store, "soup", "a", 3)
    assert store.judgements() == [
        Judgement("soup", "b", 1),
        Judgement("shoes", "a", 0),
        Judgement("soup", "a", 3),
    ]
    assert store.judgements("soup") == [Judgement("soup", "b", 1), Judgement("soup", "a", 3)]


def test_a_second_opinion_replaces_the_first(store: Store) -> None:
    judge(store, "soup", "a", 1)
    judge(store, "soup", "a", 0)
    assert store.judgements() == [Judgement("soup", "a", 0)]


def test_an_opinion_is_taken_back(store: Store) -> None:
    judge(store, "soup", "a", 1)
    judge(store, "soup", "a", None)
    judge(store, "soup", "never judged", None)
    assert store.judgements() == []


def test_each_judgement_is_a_committed_change_that_another_store_sees(store: Store) -> None:
    with closing(Store(store.folder.path)) as other:
        before = other.version
        judge(store, "soup", "a", 1)
        assert other.judgements() == [Judgement("soup", "a", 1)]
        assert other.version == before + 1


def test_judgements_are_in_a_backup(store: Store, tmp_path: Path) -> None:
    put(store, "a")
    judge(store, "soup", "a", 2)
    store.backup(tmp_path / "saved")
    restore(tmp_path / "saved", tmp_path / "again")
    with closing(Store(tmp_path / "again")) as again:
        assert again.judgements() == [Judgement("soup", "a", 2)]


def test_judgements_of_a_deleted_item_stay_until_it_is_erased(store: Store) -> None:
    put(store, "a", "b")
    judge(store, "soup", "a", 1)
    judge(store, "soup", "b", 1)
    ids = dict(zip(keys(store), store.snapshot().ids.tolist(), strict=True))
    with store.writing() as writer:
        writer.delete([ids["a"]])
        writer.compact()
    assert len(store.judgements()) == 2
    with store.writing() as writer:
        writer.delete([ids["b"]], erase=True)
        writer.compact()
    assert store.judgements() == [Judgement("soup", "a", 1)]


def test_an_item_that_was_replaced_keeps_its_judgements_when_another_is_erased(
    store: Store,
) -> None:
    put(store, "a", "b")
    judge(store, "soup", "a", 1)
    first, second = store.snapshot().ids.tolist()
    with store.writing() as writer:
        writer.delete([first])
    put(store, "a", seed=1)
    with store.writing() as writer:
        writer.delete([second], erase=True)
        writer.compact()
    assert store.judgements() == [Judgement("soup", "a", 1)]


@pytest.mark.parametrize("row", [("soup", "a", "good"), ("soup", b"a", 1), ("soup", "a", 10**9)])
def test_a_judgement_that_nobody_can_have_given_is_told_as_damage(
    store: Store, row: tuple[object, ...]
) -> None:
    with closing(open_writer(store.folder.database)) as connection:
        connection.execute(
            "INSERT INTO judgement (query, key, grade, seq) VALUES (?, ?, ?, 1)", row
        )
    with pytest.raises(CollectionDamaged, match="a judgement that is none"):
        store.judgements()
