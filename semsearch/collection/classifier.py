"""Classifiers: a few examples turned into labels and probabilities for every item."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from semsearch import analysis
from semsearch.collection.checks import as_list
from semsearch.corpus import as_dataframe
from semsearch.errors import CollectionSwitched
from semsearch.store import Space, Store
from semsearch.vectors import Vectors

if TYPE_CHECKING:
    from pandas import DataFrame

KIND = "classifier"


class Prediction(NamedTuple):
    """What a classifier says of one item; label None where it abstains."""

    key: str
    label: str | None
    probability: float


class Home(Protocol):
    """What a classifier needs of the collection it belongs to."""

    def vectors(
        self, keys: Sequence[str] | None = None, *, space: Space | None = None
    ) -> tuple[list[str], Vectors]:
        """Return keys and their unit vectors (n, dim), those of `space` or none."""

    def known(self, keys: Sequence[Any]) -> set[str]:
        """Return those of `keys` under which an item is stored."""

    def encode(self, contents: Sequence[Any], *, space: Space | None = None) -> Vectors:
        """Return unit vectors (n, dim) of contents, by the module of `space`."""


@dataclass(frozen=True)
class Classifier:
    """A stored classifier; `report` tells what cross-validation measured on its examples."""

    name: str
    labels: tuple[str, ...]
    report: analysis.Report
    _head: analysis.Head = field(repr=False)
    _home: Home = field(repr=False)
    _space: Space = field(repr=False)

    def predictions(
        self, items: Sequence[Any] | None = None, *, keys: bool | None = None
    ) -> list[Prediction]:
        """Return a prediction for each text or image, for each key, or for every stored item.

        None stands for all stored items. `keys` says whether `items` are keys; left out, they are
        when every one of them is stored. The prediction of a text or image has the number of the
        item, from 1, as key.
        """
        items = None if items is None else as_list(items, "items")
        if keys is None and items is not None:
            known = self._home.known(items)
            keys = len(items) > 0 and all(isinstance(key, str) and key in known for key in items)
        if items is None or keys:
            names, vectors = self._stored(items)
        else:
            names = [str(number) for number in range(1, len(items) + 1)]
            vectors = self._home.encode(items, space=self._space)
        chosen = analysis.choose(self._head, analysis.probabilities(self._head, vectors))
        return [
            Prediction(key, label, probability)
            for key, (label, probability) in zip(names, chosen, strict=True)
        ]

    def predict(self, items: Sequence[Any] | None = None, *, keys: bool | None = None) -> DataFrame:
        """Return predictions as a DataFrame with the columns key, label and probability.

        `items` are texts or images, or keys of stored items; None stands for all stored items. The
        label is None where the best two classes are too close to call. See `predictions`.
        """
        found = self.predictions(items, keys=keys)
        columns = zip(*found, strict=True) if found else ([], [], [])
        names = Prediction._fields
        frame: DataFrame = as_dataframe(
            {name: list(column) for name, column in zip(names, columns, strict=True)}
        )
        return frame

    def _stored(self, keys: Sequence[str] | None) -> tuple[list[str], Vectors]:
        try:
            return self._home.vectors(keys, space=self._space)
        except CollectionSwitched as error:
            raise CollectionSwitched(
                f"the classifier {self.name!r} was trained on vectors of {self._space.handle!r},"
                f" and {error.problem}",
                "train it again",
            ) from error


def train_classifier(
    home: Home, store: Store, name: str, examples: Any, *, keys: bool, seed: int
) -> Classifier:
    """Fit a classifier to examples, cross-validate it, store it under `name`."""
    contents, labels = _flat(examples, keys)
    space = store.space
    vectors = home.vectors(contents, space=space)[1] if keys else home.encode(contents, space=space)
    head = analysis.fit(vectors, labels, seed)
    report = analysis.cross_validate(vectors, labels, seed)
    arrays = {"coefficients": head.coefficients, "intercepts": head.intercepts}
    detail = {"labels": list(head.labels), "report": report.as_dict(), "seed": seed}
    with store.writing() as writer:
        writer.save_result(KIND, name, arrays, detail, space.id)
    return Classifier(name, head.labels, report, head, home, space)


def load_classifier(home: Home, store: Store, name: str) -> Classifier:
    """Return a stored classifier."""
    space = store.space
    arrays, detail = store.load_result(KIND, name, space)
    head = analysis.Head(tuple(detail["labels"]), arrays["coefficients"], arrays["intercepts"])
    report = analysis.Report.from_dict(detail["report"])
    return Classifier(name, head.labels, report, head, home, space)


def _flat(examples: Any, keys: bool) -> tuple[list[Any], list[str]]:
    """Return contents and labels, both (n,), of a {label: contents} or of a DataFrame."""
    if isinstance(examples, Mapping):
        groups = {
            str(label): as_list(group, f"the examples of {label!r}")
            for label, group in examples.items()
        }
        contents = [content for group in groups.values() for content in group]
        return contents, [label for label, group in groups.items() for _ in group]
    column = "key" if keys else "text"
    try:
        rows = zip(examples[column], examples["label"], strict=True)
        known = [(content, str(label)) for content, label in rows if _is_known(label)]
    except (KeyError, TypeError) as error:
        raise TypeError(
            f"examples must be a dict of label -> list, or a table with the columns {column!r}"
            f" and 'label', got {type(examples).__name__}"
        ) from error
    return [content for content, _ in known], [label for _, label in known]


def _is_known(label: Any) -> bool:
    """Say whether a cell holds a label: None and NaN, which no value equals, hold none."""
    return label is not None and label == label  # noqa: PLR0124 - NaN is not equal to itself
