"""The index of words is checked, mended, compacted, purged and backed up with the rows."""

from __future__ import annotations

from pathlib import Path

import pytest

from semsearch import fsio
from semsearch.errors import CollectionDamaged
from semsearch.store import Store, restore
from semsearch.store.database import open_writer
from tests.store.test_words import SOUPS, found, put_texts

SECRET = "qzxwvutsr"
"""A word that shares no beginning with another, so that its page spells it out."""


@pytest.fixture
def soups(store: Store) -> Store:
    put_texts(store, SOUPS)
    put_texts(store, {f"k{n}": f"filler number{n} soup" for n in range(50)})
    return store


def run_sql(store: Store, sql: str) -> None:
    connection = open_writer(store.folder.database)
    connection.execute(sql)
    connection.close()


def holds(store: Store, word: str) -> bool:
    files = [path for path in store.folder.path.rglob("*") if path.is_file()]
    return any(word.encode() in path.read_bytes() for path in files)


DAMAGE = {
    "a page of words": "UPDATE words_data SET block = zeroblob(length(block)) WHERE id > 10",
    "no length": "DELETE FROM words_docsize WHERE id = 2",
    "an item without its words": "DELETE FROM words WHERE rowid = 2",
    "words of nobody": "INSERT INTO words (rowid, text) VALUES (999, 'soup')",
    "words of a deleted item": "UPDATE item SET deleted_seq = 1 WHERE id = 2",
}


@pytest.mark.parametrize("sql", DAMAGE.values(), ids=DAMAGE.keys())
def test_a_wrong_index_of_words_is_found_and_made_again(soups: Store, sql: str) -> None:
    run_sql(soups, sql)
    [finding] = soups.check(full=True).findings
    assert (finding.level, finding.thing) == ("derived", "the index of words")
    assert soups.check(full=True, repair=True).repaired == 1
    assert soups.check(full=True).findings == ()
    assert set(found(soups, "shoes hot")) == {"a", "c"}
    assert (("b" in found(soups, "soup")), len(found(soups, "soup"))) == (
        (False, 51) if "deleted_seq" in sql else (True, 52)
    )


def test_a_search_in_damaged_words_says_what_to_do(soups: Store) -> None:
    run_sql(soups, "DELETE FROM words_docsize WHERE id = 2")
    with pytest.raises(CollectionDamaged, match="the index of words .* is damaged") as told:
        soups.word_scores("soup")
    assert "--repair" in told.value.remedy


def test_a_crash_that_leaves_damaged_words_is_mended_by_the_next_writer(soups: Store) -> None:
    run_sql(soups, DAMAGE["a page of words"])
    soups.folder.lock.write_text("dirty")
    with soups.writing():
        pass
    assert soups.check(full=True).findings == ()
    assert len(found(soups, "soup")) == 52


def test_words_of_purged_items_leave_the_disk(soups: Store) -> None:
    put_texts(soups, {"secret": f"The word is {SECRET}"})
    [secret] = soups.word_scores(SECRET).ids.tolist()
    assert holds(soups, SECRET)
    with soups.writing() as writer:
        writer.delete([secret], erase=True)
        writer.compact()
    assert not holds(soups, SECRET)
    assert len(found(soups, "soup")) == 52


def test_words_of_deleted_items_leave_their_index_when_it_is_compacted(soups: Store) -> None:
    put_texts(soups, {"plain": f"A {SECRET} soup"})
    with soups.writing() as writer:
        writer.delete([54])
        writer.compact()
        terms = list(writer._connection.execute("SELECT count(*) FROM words_data"))
    assert not holds(soups, SECRET)
    assert terms == [(3,)]  # one segment of one page, beside the two records that all have
    assert found(soups, SECRET) == []


def test_the_words_of_a_changed_text_leave_the_disk_with_compacting(soups: Store) -> None:
    put_texts(soups, {"plain": f"A {SECRET} soup"})
    run_sql(soups, "SELECT 1")
    with soups.writing() as writer:
        writer.delete([54], erase=True)
    put_texts(soups, {"plain": "A soup"})
    with soups.writing() as writer:
        writer.compact()
    assert not holds(soups, SECRET)
    assert "plain" in found(soups, "soup")


def test_a_restored_backup_finds_the_same_words(soups: Store, tmp_path: Path) -> None:
    soups.backup(tmp_path / "backup")
    restore(tmp_path / "backup", tmp_path / "restored")
    restored = Store(tmp_path / "restored")
    assert found(restored, "soup shoes") == found(soups, "soup shoes")


def test_words_and_rows_are_one_commit(soups: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def die(operation: str, path: Path) -> None:
        if operation == "fsync":
            raise KeyboardInterrupt

    before = found(soups, "soup")
    monkeypatch.setattr(fsio, "checkpoint", die)
    with pytest.raises(KeyboardInterrupt):
        put_texts(soups, {"late": "late soup"})
    monkeypatch.undo()
    assert found(Store(soups.folder.path), "soup") == before
    assert soups.check(full=True).level == "ok"
