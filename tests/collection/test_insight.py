"""Clusters, map and classes over the stored vectors."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import semsearch
from semsearch.errors import ResultNotFound

FOOD = ["r-1", "r-2", "r-3", "r-4"]
SHOES = ["r-5", "r-6", "r-7", "r-8"]


def test_a_clustering_groups_every_item_and_names_the_groups(
    collection: semsearch.Collection,
) -> None:
    clustering = collection.cluster(n_clusters=3)
    assert sorted(clustering.keys) == sorted(collection.vectors()[0])
    assert [cluster.size for cluster in clustering.clusters] == sorted(
        np.bincount(clustering.labels), reverse=True
    )
    shoes = clustering.clusters[clustering.labels[clustering.keys.index("r-5")]]
    assert "shoes" in shoes.keywords
    assert set(shoes.representatives) <= set(clustering.keys)


def test_a_stored_clustering_comes_back_equal(collection: semsearch.Collection) -> None:
    made = collection.cluster(n_clusters=3, seed=7)
    found = collection.clustering()
    assert found.as_dict() == made.as_dict()
    assert (found.method, found.seed) == (made.method, 7)
    assert collection.clusterings() == ["default"]


def test_a_deleted_item_leaves_its_cluster(collection: semsearch.Collection) -> None:
    before = collection.cluster(n_clusters=2)
    collection.delete(["r-1"])
    after = collection.clustering()
    assert "r-1" not in after.keys
    assert sum(cluster.size for cluster in after.clusters) == 11
    assert before.n_clusters == after.n_clusters


def test_items_stored_since_join_the_nearest_cluster(collection: semsearch.Collection) -> None:
    collection.cluster(n_clusters=3)
    collection.add([{"id": "new", "review": "These shoes fit"}], text="review", key="id")
    collection.add([{"id": "r-5", "review": "These shoes fit my feet"}], text="review", key="id")
    found = collection.clustering()
    labels = dict(zip(found.keys, found.labels.tolist(), strict=True))
    assert len(labels) == 13
    assert labels["new"] == labels["r-5"] == labels["r-7"]


def test_pictures_without_words_are_named_by_their_paths(tmp_path: Path) -> None:
    for colour in ("red", "blue"):
        (tmp_path / "photos" / f"{colour}s").mkdir(parents=True)
        for number in range(4):
            image = Image.new("RGB", (40, 40), colour)
            image.putpixel((number, number), (0, 255, 0))
            image.save(tmp_path / "photos" / f"{colour}s" / f"{number}.png")
    with semsearch.create(tmp_path / "c", module="colours") as made:
        made.add(tmp_path / "photos")
        names = {cluster.name for cluster in made.cluster(n_clusters=2).clusters}
    assert any("reds" in name for name in names)
    assert any("blues" in name for name in names)


def test_new_items_are_assigned_by_the_same_rule(collection: semsearch.Collection) -> None:
    clustering = collection.cluster(n_clusters=3)
    assert clustering.assign(clustering.keys).tolist() == clustering.labels.tolist()
    assert clustering.assign(collection).tolist() == clustering.labels.tolist()


def test_an_unknown_clustering_says_so(collection: semsearch.Collection) -> None:
    with pytest.raises(ResultNotFound, match="no clustering named 'x' .* there are: none yet"):
        collection.clustering("x")


@pytest.mark.parametrize("n", [0, -1, 13])
def test_an_impossible_number_of_clusters_is_refused(
    collection: semsearch.Collection, n: int
) -> None:
    with pytest.raises(ValueError, match="n_clusters"):
        collection.cluster(n_clusters=n)


def test_a_map_has_one_point_an_item(collection: semsearch.Collection) -> None:
    layout = collection.map()
    assert layout.keys == collection.vectors()[0]
    assert layout.xy.shape == (12, 2)
    assert layout.xy.dtype == np.float32
    assert np.array_equal(layout.xy, collection.map().xy)


def test_a_classifier_learns_from_texts_and_labels_every_item(
    collection: semsearch.Collection,
) -> None:
    examples = {
        "food": ["tomato soup", "the waiter was rude", "salty noodle soup"],
        "shoes": ["leather shoes", "the laces broke", "running shoes"],
    }
    classifier = collection.train("topic", examples)
    frame = classifier.predict()
    assert list(frame.columns) == ["key", "label", "probability"]
    labels = dict(zip(frame["key"], frame["label"], strict=True))
    assert labels["r-2"] == "food"
    assert labels["r-7"] == "shoes"
    assert set(classifier.labels) == {"food", "shoes"}


def test_a_classifier_learns_from_keys_and_predicts_texts_and_keys(
    collection: semsearch.Collection,
) -> None:
    classifier = collection.train("topic", {"food": FOOD, "shoes": SHOES}, keys=True)
    assert classifier.predictions(["tomato soup", "leather shoes"])[0].label == "food"
    assert [one.label for one in classifier.predictions(["r-6"], keys=True)] == ["shoes"]
    assert [one.key for one in classifier.predictions(["r-6", "r-1"])] == ["r-6", "r-1"]
    assert [one.key for one in classifier.predictions(["r-6", "soup"])] == ["1", "2"]
    assert [one.key for one in classifier.predictions(["r-6"], keys=False)] == ["1"]
    assert classifier.predictions([]) == []
    assert classifier.report.n_examples == 8
    low, high = classifier.report.accuracy_interval
    assert low <= classifier.report.accuracy <= high


def test_a_classifier_learns_from_a_dataframe(collection: semsearch.Collection) -> None:
    import pandas as pd

    table = pd.DataFrame({"key": FOOD + SHOES, "label": ["food"] * 4 + ["shoes"] * 4})
    classifier = collection.train("topic", table, keys=True)
    assert classifier.labels == ("food", "shoes")


def test_examples_without_a_label_are_left_out(collection: semsearch.Collection) -> None:
    import pandas as pd

    labels = ["food"] * 4 + ["shoes"] * 4 + [None, float("nan")]
    table = pd.DataFrame({"key": [*FOOD, *SHOES, "r-9", "r-10"], "label": labels})
    classifier = collection.train("topic", table, keys=True)
    assert classifier.labels == ("food", "shoes")
    assert classifier.report.n_examples == 8


def test_a_stored_classifier_predicts_the_same(collection: semsearch.Collection) -> None:
    made = collection.train("topic", {"food": FOOD, "shoes": SHOES}, keys=True)
    predictions = made.predictions()
    collection.close()
    with semsearch.open(collection.path, read_only=True) as again:
        found = again.classifier("topic")
        assert found.predictions() == predictions
        assert found.report.as_dict() == made.report.as_dict()
        assert again.classifiers() == ["topic"]


@pytest.mark.parametrize(
    ("examples", "error", "message"),
    [
        ({}, ValueError, "class"),
        ({"one": ["a", "b"]}, ValueError, "class"),
        ({"": ["a"], "b": ["c"]}, ValueError, "name"),
        (["a", "b"], TypeError, "examples must be a dict"),
        ({"good": "great", "bad": "awful"}, TypeError, "examples of 'good' must be a list"),
    ],
)
def test_examples_that_teach_nothing_are_refused(
    collection: semsearch.Collection, examples: object, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        collection.train("topic", examples)
    assert collection.classifiers() == []


def test_a_classifier_needs_a_name(collection: semsearch.Collection) -> None:
    with pytest.raises(ValueError, match="name of a classifier is empty"):
        collection.train("  ", {"a": ["x"], "b": ["y"]})
