"""`cluster`, `train` and `predict`: groups and classes over the stored vectors."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import click
from rich.table import Table
from rich.text import Text

from semsearch import corpus
from semsearch.cli.options import json_option, name_argument, opened
from semsearch.cli.screen import (
    counted,
    notes,
    print_facts,
    print_json,
    results,
    shortened,
    working,
)
from semsearch.collection import Clustering, Collection, Prediction
from semsearch.corpus.values import as_text
from semsearch.errors import CollectionError, SourceError

SHOWN = 20


@click.command()
@name_argument
@click.option("-n", "n_clusters", type=int, help="How many clusters; measured when not given.")
@click.option("--method", default="auto", show_default=True, help="auto or kmeans.")
@click.option("--seed", default=0, show_default=True, help="The same seed, the same clusters.")
@json_option
@click.pass_context
def cluster(
    context: click.Context,
    *,
    name: str,
    n_clusters: int | None,
    method: str,
    seed: int,
    as_json: bool,
) -> None:
    """Group the items of NAME into clusters with names, and store the result."""
    collection = opened(context, name)
    if len(collection) == 0:  # nothing is wrong with the command line, so no ValueError
        raise CollectionError(
            f"the collection {name!r} holds no items to cluster",
            f"add some first: semsearch index {name} FILE",
        )
    with working(f"clustering {counted(len(collection), 'item')}"):
        clustering = collection.cluster(n_clusters, method, seed)
    if as_json:
        print_json(clustering.as_dict())
    else:
        _print_clustering(collection, clustering)
        if n_clusters is None:
            notes().print(
                "The number was chosen by measurement, as a suggestion: -n takes another."
            )


@click.command()
@name_argument
@click.argument("label_name")
@click.argument("labels", metavar="LABELS.csv")
@json_option
@click.pass_context
def train(
    context: click.Context, *, name: str, label_name: str, labels: str, as_json: bool
) -> None:
    """Train the classifier LABEL_NAME on examples and tell how well it does.

    LABELS.csv has the columns `label`, and `key` of stored items or `text`.
    """
    if not label_name.strip():
        raise click.UsageError("LABEL_NAME is empty; give a name such as 'sentiment'")
    collection = opened(context, name)
    column, examples = _read_examples(labels)
    n_examples = sum(map(len, examples.values()))
    with working(f"training {label_name} on {counted(n_examples, 'example')}"), _blamed_on(labels):
        classifier = collection.train(label_name, examples, keys=column == "key")
    report = classifier.report.as_dict()
    if as_json:
        print_json(report)
    else:
        _print_report(label_name, report)


@click.command()
@name_argument
@click.argument("label_name")
@click.argument("source", required=False, metavar="[FILE]")
@json_option
@click.pass_context
def predict(
    context: click.Context, *, name: str, label_name: str, source: str | None, as_json: bool
) -> None:
    """Predict labels for the rows of FILE (column `key` or `text`), or for all stored items.

    Where two labels are about as likely it says "(unsure)", and null in JSON.
    """
    collection = opened(context, name, read_only=True)
    classifier = collection.classifier(label_name)
    if source is None:
        found = classifier.predictions()
        texts = [hit.text for hit in collection.get([one.key for one in found[:SHOWN]])]
    else:
        column, contents = _read_contents(corpus.read_columns(source), source)
        found = classifier.predictions(contents, keys=column == "key")
        texts = contents
    if as_json:
        print_json([prediction._asdict() for prediction in found])
    else:
        _print_predictions(found, texts)


@contextmanager
def _blamed_on(path: str) -> Iterator[None]:
    """Tell a ValueError as a problem of a table: what the engine refuses was read from there.

    Elsewhere a ValueError is about the words of the command line and ends as wrong usage.
    """
    try:
        yield
    except ValueError as error:
        raise SourceError(f"the examples of {path!r} teach nothing: {error}") from error


def _read_examples(path: str) -> tuple[str, dict[str, list[str]]]:
    """Return the name of the column that was read, and its cells by label."""
    columns = corpus.read_columns(path)
    column, contents = _read_contents(columns, path)
    if "label" not in columns:
        raise SourceError(
            f"{path!r} has no column 'label'", f"it has: {', '.join(columns)}; rename one"
        )
    labels = [as_text(cell) for cell in columns["label"]]
    examples: dict[str, list[str]] = {}
    for content, label in zip(contents, labels, strict=True):
        if label.strip():
            examples.setdefault(label, []).append(content)
    without = sum(not label.strip() for label in labels)
    if without:
        notes().print(f"rows of {path!r} without a label, left out: {without:,} of {len(labels):,}")
    return column, examples


def _read_contents(columns: dict[str, list[corpus.Value]], path: str) -> tuple[str, list[str]]:
    """Return the column that tells what the rows are about, by name, and its cells as text."""
    name = next((name for name in ("key", "text") if name in columns), None)
    if name is None:
        raise SourceError(
            f"{path!r} has neither a column 'key' nor 'text'",
            f"it has: {', '.join(columns)}; rename one",
        )
    cells = [as_text(cell) for cell in columns[name]]
    for row, cell in enumerate(cells, 1):
        if not cell.strip():
            raise SourceError(f"row {row} of {path!r} has no {name}", "fill it in, or leave it out")
    return name, cells


def _print_clustering(collection: Collection, clustering: Clustering) -> None:
    console = results()
    for one in clustering.clusters:
        heading = Text(f"{one.id:>3}  {one.name}", style="bold")
        console.print(heading.append(f"  {counted(one.size, 'item')}", style="not bold dim"))
        for hit in collection.get(list(one.representatives[:3])):
            console.print(f"       {shortened(hit.text or hit.key, 100)}")
    console.print(
        f"{counted(clustering.n_clusters, 'cluster')} of {counted(len(clustering.keys), 'item')}"
    )


def _print_report(label_name: str, report: dict[str, Any]) -> None:
    lines = [("classifier", label_name), ("examples", f"{report['n_examples']:,}")]
    for figure, shown in (("accuracy", "accuracy"), ("macro_f1", "macro F1")):
        if report[figure] is not None:
            low, high = report[f"{figure}_interval"]
            lines.append((shown, f"{report[figure]:.3f}  (95 % interval {low:.3f} to {high:.3f})"))
    if report["n_folds"]:
        lines.append(("measured by", f"cross-validation in {report['n_folds']} parts"))
    if report["note"]:
        lines.append(("not measured" if not report["n_folds"] else "note", report["note"]))
    print_facts(lines, results())


def _print_predictions(found: Sequence[Prediction], texts: Sequence[str]) -> None:
    console = results()
    if not found:
        console.print("nothing to predict")
        return
    table = Table("key", "label", "probability", "text", box=None)
    for (key, label, probability), text in zip(found[:SHOWN], texts[:SHOWN], strict=True):
        table.add_row(key, label or "(unsure)", f"{probability:.3f}", shortened(text, 70))
    console.print(table)
    if len(found) > SHOWN:
        console.print(f"and {len(found) - SHOWN:,} more; --json prints them all")
    for label, n in Counter(one.label or "(unsure)" for one in found).most_common():
        console.print(f"{label}: {n:,}")
