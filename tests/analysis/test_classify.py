"""Classes from examples: equal to scikit-learn, honest intervals, clear refusals."""

from __future__ import annotations

import json

import numpy as np
import pytest

from semsearch.analysis import Head, Report, choose, cross_validate, fit, probabilities
from semsearch.vectors import Vectors, unit


def examples(counts: dict[str, int], spread: float = 0.5) -> tuple[Vectors, list[str]]:
    random = np.random.default_rng(0)
    centres = random.normal(size=(len(counts), 32))
    vectors = np.repeat(centres, list(counts.values()), axis=0)
    vectors += spread * random.normal(size=vectors.shape)
    return unit(vectors.astype(np.float32)), [name for name, n in counts.items() for _ in range(n)]


@pytest.mark.parametrize("counts", [{"a": 3, "b": 4}, {"a": 3, "b": 4, "c": 2}])
def test_probabilities_equal_those_of_scikit_learn(counts: dict[str, int]) -> None:
    from sklearn.linear_model import LogisticRegression

    vectors, labels = examples(counts)
    shares = probabilities(fit(vectors, labels), vectors)
    model = LogisticRegression(C=10, class_weight="balanced", max_iter=2000).fit(vectors, labels)

    assert (shares.dtype, shares.shape) == (np.float32, (len(labels), len(counts)))
    assert shares == pytest.approx(model.predict_proba(vectors), abs=1e-3)
    assert shares.sum(axis=1) == pytest.approx(1, abs=1e-6)


def test_a_head_tells_planted_classes_apart() -> None:
    vectors, labels = examples({"soup": 40, "shoes": 40, "ships": 10})
    head = fit(vectors[::2], labels[::2])

    assert head.labels == ("ships", "shoes", "soup")
    assert [label for label, _ in choose(head, probabilities(head, vectors))] == labels


def test_the_length_of_vectors_does_not_matter() -> None:
    vectors, labels = examples({"a": 8, "b": 8})
    head = fit(vectors * 7, labels)

    assert np.allclose(
        probabilities(head, vectors * 3), probabilities(fit(vectors, labels), vectors)
    )


def test_no_vectors_have_no_probabilities() -> None:
    vectors, labels = examples({"a": 3, "b": 3})
    head = fit(vectors, labels)
    shares = probabilities(head, vectors[:0])

    assert shares.shape == (0, 2)
    assert choose(head, shares) == []


def test_a_close_call_is_an_abstention() -> None:
    head = Head(("a", "b"), np.eye(2, dtype=np.float32), np.zeros(2, dtype=np.float32))
    shares = [[0.75, 0.25], [0.53125, 0.46875], [0.5, 0.5]]

    assert choose(head, shares) == [("a", 0.75), (None, 0.53125), (None, 0.5)]
    assert choose(head, shares, margin=0) == [("a", 0.75), ("a", 0.53125), ("a", 0.5)]


def test_choosing_checks_shape_and_margin() -> None:
    head = Head(("a", "b"), np.eye(2, dtype=np.float32), np.zeros(2, dtype=np.float32))

    with pytest.raises(ValueError, match="2 labels, but the probabilities have 3 columns"):
        choose(head, [[0.2, 0.3, 0.5]])
    with pytest.raises(ValueError, match="margin must be from 0 to 1, got 2"):
        choose(head, [[0.5, 0.5]], margin=2)


def test_a_head_with_arrays_of_another_shape_is_refused() -> None:
    with pytest.raises(ValueError, match="each label needs one row of both"):
        Head(("a", "b"), np.eye(3, dtype=np.float32), np.zeros(2, dtype=np.float32))


def test_the_report_counts_every_example_once() -> None:
    vectors, labels = examples({"a": 30, "b": 20, "c": 10}, spread=2.5)
    report = cross_validate(vectors, labels)

    assert (report.n_examples, report.n_folds, report.labels) == (60, 5, ("a", "b", "c"))
    assert [sum(row) for row in report.confusion] == [30, 20, 10]
    assert [entry["n"] for entry in report.per_class] == [30, 20, 10]
    assert report.accuracy == pytest.approx(np.trace(report.confusion) / 60)


def test_figures_equal_those_of_scikit_learn() -> None:
    from sklearn.metrics import f1_score, precision_score, recall_score

    vectors, labels = examples({"a": 30, "b": 20, "c": 10}, spread=2.5)
    report = cross_validate(vectors, labels)
    confusion = np.array(report.confusion)
    cells = np.indices(confusion.shape).reshape(2, -1)
    truth, predicted = np.repeat(cells, confusion.ravel(), axis=1)

    assert report.macro_f1 == pytest.approx(f1_score(truth, predicted, average="macro"))
    for name, score in {
        "precision": precision_score,
        "recall": recall_score,
        "f1": f1_score,
    }.items():
        ours = [entry[name] for entry in report.per_class]
        assert ours == pytest.approx(score(truth, predicted, average=None))


def test_intervals_contain_their_estimates_and_repeat() -> None:
    vectors, labels = examples({"a": 30, "b": 20, "c": 10}, spread=2.5)
    report = cross_validate(vectors, labels)

    assert report == cross_validate(vectors, labels)
    for estimate, interval in (
        (report.accuracy, report.accuracy_interval),
        (report.macro_f1, report.macro_f1_interval),
    ):
        assert estimate is not None and interval is not None
        assert 0 <= interval[0] < estimate < interval[1] <= 1


def test_random_labels_are_found_out() -> None:
    random = np.random.default_rng(4)
    report = cross_validate(random.normal(size=(100, 16)), random.choice(["a", "b"], 100).tolist())

    assert report.accuracy_interval is not None
    assert report.accuracy_interval[0] < 0.5


def test_a_perfect_result_of_few_examples_is_put_in_proportion() -> None:
    report = cross_validate(*examples({"a": 6, "b": 6}, spread=0.1))

    assert (report.accuracy, report.accuracy_interval) == (1.0, (1.0, 1.0))
    assert "as low as 0.75" in report.note


def test_folds_are_as_many_as_the_smallest_class_has_examples() -> None:
    assert cross_validate(*examples({"a": 9, "b": 3})).n_folds == 3


def test_a_class_with_one_example_is_left_unmeasured() -> None:
    report = cross_validate(*examples({"a": 9, "b": 1}))

    assert (report.accuracy, report.macro_f1_interval, report.n_folds) == (None, None, 0)
    assert report.note == "the class 'b' has one example; give a second one to measure"
    assert "NaN" not in json.dumps(report.as_dict())


@pytest.mark.parametrize("counts", [{"a": 9, "b": 1}, {"a": 9, "b": 8}])
def test_a_report_survives_json(counts: dict[str, int]) -> None:
    report = cross_validate(*examples(counts))

    assert Report.from_dict(json.loads(json.dumps(report.as_dict()))) == report


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([], "no examples; give some"),
        (["a", "a", "a"], "all 3 examples are of the class 'a'"),
        (["a", "b", ""], "a class is named ''"),
        (["a", "b", " "], "a class is named ' '"),
        (["a", "b"], "got 3 vectors and 2 labels"),
    ],
)
def test_bad_examples_are_refused(labels: list[str], message: str) -> None:
    for learn in (fit, cross_validate):
        with pytest.raises(ValueError, match=message):
            learn(np.eye(3), labels)


def test_a_label_that_is_not_text_is_refused() -> None:
    with pytest.raises(TypeError, match="a label must be text, got 1; write it as '1'"):
        fit(np.eye(2), [0 + 1, 2])  # type: ignore[list-item]


def test_vectors_of_another_width_or_length_zero_are_refused() -> None:
    head = fit(*examples({"a": 3, "b": 3}))

    with pytest.raises(ValueError, match="32 wide"):
        probabilities(head, np.eye(3))
    with pytest.raises(ValueError, match="vector 1 is zero"):
        probabilities(head, np.eye(2, 32) * [[1], [0]])
