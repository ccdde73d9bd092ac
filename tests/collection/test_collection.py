"""What a user holds: adding, finding and deleting by their own keys."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest

import semsearch
from semsearch.collection import growing_collection
from semsearch.errors import (
    CollectionError,
    CollectionExists,
    CollectionLocked,
    KeyNotFound,
    QueryError,
    SourceError,
)


def keys(collection: semsearch.Collection) -> list[str]:
    return sorted(collection.vectors()[0])


def test_adding_reports_every_row(collection: semsearch.Collection) -> None:
    report = collection.add(
        [{"id": "r-13", "review": "Fresh bread"}, {"id": "r-14", "review": "  "}],
        text="review",
        key="id",
    )
    assert (report.added, report.updated, report.unchanged) == (1, 0, 0)
    assert [(row.row, row.key) for row in report.skipped] == [(2, "r-14")]
    assert len(collection) == 13


def test_the_same_rows_again_are_unchanged(
    collection: semsearch.Collection, reviews: list[dict[str, object]]
) -> None:
    report = collection.add(reviews, text="review", key="id")
    assert (report.added, report.updated, report.unchanged) == (0, 0, 12)


def test_an_updated_row_is_found_by_its_new_text_only(collection: semsearch.Collection) -> None:
    collection.add([{"id": "r-2", "review": "An umbrella for windy days"}], text="review", key="id")
    assert collection.search("umbrella for windy days", k=1)[0].key == "r-2"
    assert "r-2" not in [hit.key for hit in collection.search("bowl of tomato soup", k=3)]
    assert len(collection) == 12


def test_a_changed_field_is_seen_by_filters(collection: semsearch.Collection) -> None:
    row = {"id": "r-12", "review": "I cried at the end of this film", "stars": 3, "source": "imdb"}
    collection.add([row], text="review", key="id")
    assert [hit.key for hit in collection.search("film", where="stars = 3")] == ["r-12"]


def test_search_finds_the_nearest_first(collection: semsearch.Collection) -> None:
    hits = collection.search("tomato soup", k=3)
    assert hits[0].key == "r-2"
    assert hits[0].text == "A wonderful bowl of tomato soup"
    assert hits[0].fields == {"stars": 5, "source": "yelp"}
    scores = [hit.score for hit in hits]
    assert scores == sorted(scores, reverse=True)
    assert all(-1 <= score <= 1 for score in scores)


def test_a_filter_narrows_before_the_nearest_are_chosen(collection: semsearch.Collection) -> None:
    hits = collection.search("tomato soup", k=10, where="stars <= 2 and source in ('shop', 'imdb')")
    assert {hit.key for hit in hits} == {"r-6", "r-8", "r-9", "r-11"}


def test_search_many_gives_one_list_a_query(collection: semsearch.Collection) -> None:
    lists = collection.search_many(["tomato soup", "leather shoes"], k=2)
    assert [hits[0].key for hits in lists] == ["r-2", "r-7"]
    assert lists[0] == collection.search("tomato soup", k=2)


def test_similar_leaves_out_the_item_itself(collection: semsearch.Collection) -> None:
    hits = collection.similar("r-6", k=12)
    assert len(hits) == 11
    assert "r-6" not in [hit.key for hit in hits]


def test_neighbors_gives_ids_that_keys_turns_into_keys(collection: semsearch.Collection) -> None:
    names, vectors = collection.vectors(["r-5", "r-9"])
    ids, scores = collection.neighbors(vectors * 3, k=14)
    assert ids.shape == scores.shape == (2, 14)
    assert ids.dtype == np.int64
    assert collection.keys(ids[:, 0]) == names
    assert ids[:, 12:].tolist() == [[-1, -1]] * 2
    assert collection.keys([-1]) == [None]
    assert collection.keys() == [f"r-{n}" for n in range(1, 13)]


def test_vectors_have_unit_length_and_stand_in_the_order_of_keys(
    collection: semsearch.Collection,
) -> None:
    names, vectors = collection.vectors(["r-9", "r-1"])
    assert names == ["r-9", "r-1"]
    assert np.linalg.norm(vectors, axis=1) == pytest.approx([1, 1])
    assert vectors[1] == pytest.approx(collection.vectors()[1][0])


def test_deleted_items_are_not_found(collection: semsearch.Collection) -> None:
    assert collection.delete(["r-2"]) == 1
    assert collection.delete(where="source = 'imdb'") == 4
    assert len(collection) == 7
    assert "r-2" not in [hit.key for hit in collection.search("tomato soup", k=12)]
    with pytest.raises(KeyNotFound, match="'r-2'"):
        collection.similar("r-2")


def test_deleting_an_unknown_key_deletes_nothing(collection: semsearch.Collection) -> None:
    with pytest.raises(KeyNotFound, match="'r-99'"):
        collection.delete(["r-1", "r-99"])
    assert len(collection) == 12


def test_a_deleted_key_may_come_back(collection: semsearch.Collection) -> None:
    collection.delete(["r-1"])
    report = collection.add([{"id": "r-1", "review": "Back again"}], text="review", key="id")
    assert report.added == 1
    assert collection.get(["r-1"])[0].text == "Back again"


def test_everything_is_there_after_opening_again(collection: semsearch.Collection) -> None:
    hits = collection.search("tomato soup")
    collection.close()
    with semsearch.open(collection.path, read_only=True) as again:
        assert again.search("tomato soup") == hits


def test_rows_without_keys_of_two_sources_do_not_replace_each_other(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("text\nred\nblue\n")
    (tmp_path / "b.csv").write_text("text\ngreen\n")
    with semsearch.create(tmp_path / "colours", module="hashing") as collection:
        collection.add(tmp_path / "a.csv")
        collection.add(tmp_path / "b.csv")
        again = collection.add(tmp_path / "a.csv")
        assert keys(collection) == ["1", "2", "b:1"]
        assert again.unchanged == 2


def test_files_of_one_name_in_two_folders_do_not_replace_each_other(tmp_path: Path) -> None:
    for month in ("may", "june"):
        (tmp_path / month).mkdir()
        (tmp_path / month / "export.csv").write_text(f"text\nfrom {month}\n")
    with semsearch.create(tmp_path / "c", module="hashing") as collection:
        for month in ("may", "june", "may"):
            collection.add(tmp_path / month / "export.csv")
        assert keys(collection) == ["1", "export:1"]


def test_rows_from_memory_never_replace_earlier_ones(tmp_path: Path) -> None:
    with semsearch.create(tmp_path / "c", module="hashing") as collection:
        assert collection.add(["one", "two"]).added == 2
        assert collection.add(["three"]).added == 1
        assert keys(collection) == ["1", "2", "3"]
        report = collection.add(["two", "one", "one", "four"])
        assert (report.added, report.updated, report.unchanged) == (2, 0, 2)
        assert sorted(hit.text for hit in collection.get(keys(collection))) == [
            *("four", "one", "one", "three", "two")
        ]


def test_rows_without_keys_do_not_replace_rows_with_keys(tmp_path: Path) -> None:
    with semsearch.create(tmp_path / "c", module="hashing") as collection:
        collection.add([{"id": n, "t": f"text {n}"} for n in (1, 2, 3)], text="t", key="id")
        collection.add(["x", "y"])
        assert keys(collection) == ["1", "2", "3", "rows:1", "rows:2"]
        assert collection.add(["y", "x"]).unchanged == 2


def test_a_single_text_where_a_list_belongs_is_refused(collection: semsearch.Collection) -> None:
    for ask in (collection.delete, collection.get, collection.vectors, collection.search_many):
        with pytest.raises(TypeError, match="must be a list, got the single 'r-1'"):
            ask("r-1")
    with pytest.raises(TypeError, match="must be a list"):
        collection.encode("soup")
    assert len(collection) == 12


def test_vectors_and_keys_go_together(collection: semsearch.Collection) -> None:
    with pytest.raises(ValueError, match=r"with key=: add\(\[\{'id': 'a'"):
        collection.add(["a"], keys=["x"])
    with pytest.raises(ValueError, match="go together"):
        collection.add(vectors=np.ones((1, 256)))
    with pytest.raises(ValueError, match="not both"):
        collection.add(["a"], vectors=np.ones((1, 256)), keys=["x"])


def test_a_key_named_twice_is_deleted_and_counted_once(collection: semsearch.Collection) -> None:
    assert collection.delete(["r-1", "r-1"]) == 1


def test_a_flag_that_begins_without_a_value_can_be_asked_for(tmp_path: Path) -> None:
    rows = [{"t": "a", "n": None, "b": None}, {"t": "b", "n": 3, "b": True}]
    with semsearch.create(tmp_path / "c", module="hashing") as collection:
        collection.add(rows, text="t")
        assert collection.fields == {"b": "boolean", "n": "number"}
        assert [hit.text for hit in collection.search("a", where="b and n > 2")] == ["b"]


def test_a_failed_creator_leaves_the_collection_of_another_alone(tmp_path: Path) -> None:
    with (
        ExitStack() as held,
        pytest.raises(CollectionLocked),
        growing_collection(tmp_path, "c", "text", "hashing") as first,
    ):
        other = held.enter_context(semsearch.open(tmp_path / "c"))
        held.enter_context(other._store.writing())
        first.add(["a"])
    with semsearch.open(tmp_path / "c") as other:
        assert other.add(["b"]).added == 1


def test_a_collection_opened_by_a_relative_path_has_a_name(
    collection: semsearch.Collection, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(collection.path)
    with semsearch.open(".") as here:
        assert here.name == "reviews"
        monkeypatch.chdir(tmp_path)
        assert len(here) == 12


def test_stopping_at_a_bad_row_stores_nothing(collection: semsearch.Collection) -> None:
    rows = [{"id": "new", "review": "good"}, {"id": "bad", "review": ""}]
    with pytest.raises(
        SourceError, match=r"row 2 \(key 'bad'\) cannot be stored: .*on_error='skip'"
    ):
        collection.add(rows, text="review", key="id", on_error="stop")
    assert len(collection) == 12


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"id": "", "review": "fine"}, "empty"),
        ({"id": "k" * 1001, "review": "fine"}, "longer than 1000"),
        ({"id": "x", "review": "w" * 20_000_001}, "20,000,000"),
    ],
)
def test_a_row_that_cannot_be_stored_is_skipped_with_its_reason(
    collection: semsearch.Collection, row: dict[str, str], reason: str
) -> None:
    report = collection.add([row, {"id": "fine", "review": "fine"}], text="review", key="id")
    assert report.added == 1
    assert reason in report.skipped[0].reason


def test_half_a_character_is_stored_as_a_replacement(collection: semsearch.Collection) -> None:
    row = {"id": "x\ud800", "review": "broken \ud800 text", "source": "\udfff"}
    assert collection.add([row], text="review", key="id").added == 1
    [hit] = collection.get(["x\ufffd"])
    assert (hit.text, hit.fields["source"]) == ("broken \ufffd text", "\ufffd")


def test_a_key_twice_in_one_source_is_stored_once_and_told(
    collection: semsearch.Collection,
) -> None:
    rows = [{"id": "n", "review": "first"}, {"id": "n", "review": "second"}]
    report = collection.add(rows, text="review", key="id")
    assert report.added == 1
    assert "row 1" in report.skipped[0].reason
    assert collection.get(["n"])[0].text == "first"


@pytest.mark.parametrize("k", [0, -1, 10**9])
def test_k_out_of_range_says_the_range(collection: semsearch.Collection, k: int) -> None:
    for ask in (
        lambda: collection.search("soup", k=k),
        lambda: collection.similar("r-1", k=k),
        lambda: collection.neighbors(np.ones((1, 256)), k=k),
    ):
        with pytest.raises(ValueError, match=f"k must lie between 1 and 10000, got {k}"):
            ask()


def test_k_that_is_no_number_is_a_type_error(collection: semsearch.Collection) -> None:
    with pytest.raises(TypeError, match="whole number"):
        collection.search("soup", k="10")  # type: ignore[arg-type]


def test_a_filter_on_an_unknown_field_names_the_known_ones(
    collection: semsearch.Collection,
) -> None:
    with pytest.raises(QueryError, match=r"unknown field 'star', .* there are: stars, source"):
        collection.search("soup", where="star = 1")


def test_a_filter_is_read_before_the_query_is_encoded(
    collection: semsearch.Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: object) -> None:
        raise AssertionError("the module was asked")

    monkeypatch.setattr(semsearch.Module, "encode_prepared", never)
    with pytest.raises(QueryError):
        collection.search("soup", where="star = 1")
    assert collection.search("soup", where="stars > 100") == []


@pytest.mark.parametrize("text", ["", "   "])
def test_an_empty_query_is_refused(collection: semsearch.Collection, text: str) -> None:
    with pytest.raises(ValueError, match="the query is empty"):
        collection.search(text)


def test_a_mode_that_does_not_exist_is_refused(collection: semsearch.Collection) -> None:
    with pytest.raises(ValueError, match="the mode 'psychic' does not exist"):
        collection.search("soup", mode="psychic")


def test_a_text_collection_refuses_an_image(collection: semsearch.Collection) -> None:
    with pytest.raises(CollectionError, match="reads texts, not images"):
        collection.search(image=b"not even looked at")


def test_creating_over_a_collection_is_refused(collection: semsearch.Collection) -> None:
    with pytest.raises(CollectionExists, match="open it, or choose another name"):
        semsearch.create(collection.path, module="hashing")


def test_an_unknown_module_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(semsearch.SemsearchError, match="no module 'hasing'"):
        semsearch.create(tmp_path / "x", module="hasing")
    assert list(tmp_path.iterdir()) == []


def test_another_module_than_the_one_that_made_the_vectors_is_refused(
    collection: semsearch.Collection,
) -> None:
    import apsw

    collection.close()
    connection = apsw.Connection(str(collection.path / "store.db"))
    connection.execute("UPDATE space SET digest = 'of an older version'")
    connection.close()
    with (
        semsearch.open(collection.path) as again,
        pytest.raises(semsearch.SemsearchError, match="was made by 'hashing' with the digest"),
    ):
        again.search("soup")


def test_info_tells_what_there_is(collection: semsearch.Collection) -> None:
    info = collection.info()
    assert info["rows"] == 12
    assert info["fields"] == {"source": "text", "stars": "number"}
    assert info["modality"] == "text"
    assert info["module"]["name"] == "hashing"
    assert info["dim"] == 256
    assert info["path"] == str(collection.path)
    assert info["bytes"] > 12 * 256 * 4


def test_to_pandas_gives_key_text_and_fields(collection: semsearch.Collection) -> None:
    frame = collection.to_pandas()
    assert list(frame.columns) == ["key", "text", "source", "stars"]
    assert frame["key"].tolist() == [f"r-{n}" for n in range(1, 13)]


def test_many_threads_may_search_while_rows_are_added(collection: semsearch.Collection) -> None:
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(collection.search, "tomato soup", k=1) for _ in range(100)]
        for number in range(20):
            collection.add(
                [{"id": f"n-{number}", "review": "a pair of gloves"}], text="review", key="id"
            )
        assert {search.result()[0].key for search in asked} == {"r-2"}
    assert len(collection) == 32
