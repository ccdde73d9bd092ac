"""The API of what is made from the vectors: clusters, the map and classes."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from typing import Any

from flask import Blueprint, Response, jsonify, request

from semsearch.collection import Classifier, Cluster, Clustering, Collection, Hit, Prediction
from semsearch.errors import ResultNotFound
from webui.answers import library, slips_told, spec
from webui.questions import hits_as_json, still_stored
from webui.schemas import (
    ClusterRequest,
    MembersQuery,
    PredictRequest,
    ResultQuery,
    TrainRequest,
)
from webui.security import needs_token

blueprint = Blueprint("results", __name__, url_prefix="/api/v1")

MEMBERS_SHOWN = 5  # of a cluster whose representatives are gone
MAP_TEXT_LENGTH = 140
MAP_TEXTS_UP_TO = 20_000  # points; above this the page asks for the text it needs


# -- clusters --


def _clustering_as_json(collection: Collection, clustering: Clustering) -> dict[str, Any]:
    clusters = [
        {
            "id": cluster.id,
            "name": cluster.name,
            "keywords": list(cluster.keywords),
            "size": cluster.size,
            "representatives": hits_as_json(_faces(collection, clustering, cluster)),
        }
        for cluster in clustering.clusters
    ]
    return {
        "name": clustering.name,
        "method": clustering.method,
        "n_clusters": clustering.n_clusters,
        "rows": len(clustering.keys),
        "outliers": int((clustering.labels == -1).sum()),
        "clusters": clusters,
    }


def _faces(collection: Collection, clustering: Clustering, cluster: Cluster) -> list[Hit]:
    """Return the representatives of a cluster, or a few members if all of those were deleted."""
    found = still_stored(collection, cluster.representatives)
    if found or not cluster.size:
        return found
    members = [
        key
        for key, label in zip(clustering.keys, clustering.labels, strict=True)
        if label == cluster.id
    ]
    return still_stored(collection, members[:MEMBERS_SHOWN])


@blueprint.get("/collections/<name>/clusters")
@spec.validate(tags=["clusters"])
def clusters(name: str, query: ResultQuery) -> Response:
    """Return a stored clustering."""
    collection = library().get(name)
    return jsonify(_clustering_as_json(collection, collection.clustering(query.name)))


@blueprint.post("/collections/<name>/clusters")
@needs_token
@spec.validate(tags=["clusters"])
def make_clusters(name: str, json: ClusterRequest) -> Response:
    """Group every item of the collection, and store the clustering."""
    start = time.perf_counter()
    with library().writing(name) as collection, slips_told():
        clustering = collection.cluster(json.n_clusters, seed=json.seed, name=json.name)
    answer = _clustering_as_json(collection, clustering)
    return jsonify(answer | {"seconds": round(time.perf_counter() - start, 3)})


@blueprint.get("/collections/<name>/clusters/<int:cluster>")
@spec.validate(tags=["clusters"])
def members(name: str, cluster: int, query: MembersQuery) -> Response:
    """Return a page of the members of a cluster, in the order of storing."""
    collection = library().get(name)
    clustering = collection.clustering(query.name)
    if cluster not in {each.id for each in clustering.clusters}:
        raise ResultNotFound(f"no cluster {cluster} in the clustering {query.name!r}")
    keys = [
        key
        for key, label in zip(clustering.keys, clustering.labels, strict=True)
        if label == cluster
    ]
    page = keys[query.offset : query.offset + query.limit]
    return jsonify({"total": len(keys), "hits": hits_as_json(still_stored(collection, page))})


# -- the map --


def _map_as_json(collection: Collection) -> dict[str, Any]:
    layout = collection.map()
    labels, names = _labels_of(collection, layout.keys)
    short = len(layout.keys) <= MAP_TEXTS_UP_TO
    hits = collection.get(layout.keys) if short else []
    return {
        "keys": list(layout.keys),
        "x": [round(float(x), 4) for x in layout.xy[:, 0]],
        "y": [round(float(y), 4) for y in layout.xy[:, 1]],
        "clusters": labels,
        "names": names,
        "texts": [_start_of(hit.text) for hit in hits] if short else None,
    }


def _start_of(text: str) -> str:
    """Return the start of a text, with an ellipsis where it was cut."""
    if len(text) <= MAP_TEXT_LENGTH:
        return text
    return text[: MAP_TEXT_LENGTH - 1].rstrip() + "…"


def _labels_of(collection: Collection, keys: Sequence[str]) -> tuple[list[int], dict[int, str]]:
    """Return the cluster of each key (-1 for none) and the clusters' names."""
    try:
        clustering = collection.clustering()
    except ResultNotFound:
        return [-1] * len(keys), {}
    known = dict(zip(clustering.keys, map(int, clustering.labels), strict=True))
    names = {cluster.id: cluster.name for cluster in clustering.clusters}
    return [known.get(key, -1) for key in keys], names


@blueprint.get("/collections/<name>/map")
@spec.validate(tags=["map"])
def collection_map(name: str) -> Response:
    """Return a place in the plane for every item, with its cluster and the start of its text."""
    version, layout = library().made(name, "map", _map_as_json)
    answer = jsonify(layout)
    answer.set_etag(str(version))
    answer.headers["Cache-Control"] = "private, no-cache"
    answer.make_conditional(request)
    return answer


# -- classes --


def _classifier_as_json(classifier: Classifier) -> dict[str, Any]:
    report = classifier.report
    return {
        "name": classifier.name,
        "labels": list(classifier.labels),
        "report": report.as_dict() if report is not None else None,
    }


@blueprint.get("/collections/<name>/classifiers")
@spec.validate(tags=["classes"])
def classifiers(name: str) -> Response:
    """List the stored classifiers with the report of each."""
    collection = library().get(name)
    found = [_classifier_as_json(collection.classifier(each)) for each in collection.classifiers()]
    return jsonify({"classifiers": found})


@blueprint.post("/collections/<name>/classifiers")
@needs_token
@spec.validate(tags=["classes"])
def train(name: str, json: TrainRequest) -> Response:
    """Learn labels from a few examples of each, measure it, and store the classifier."""
    start = time.perf_counter()
    with library().writing(name) as collection, slips_told():
        classifier = collection.train(json.name, json.examples, keys=json.keys, seed=json.seed)
    answer = _classifier_as_json(classifier)
    return jsonify(answer | {"seconds": round(time.perf_counter() - start, 3)})


def _foremost(predictions: Sequence[Prediction], k: int) -> list[Prediction]:
    """Return the k surest of each label, then the k least sure of those left open."""
    by_label: dict[str | None, list[Prediction]] = {}
    for prediction in sorted(predictions, key=lambda each: -each.probability):
        by_label.setdefault(prediction.label, []).append(prediction)
    undecided = by_label.pop(None, [])
    return [each for label in sorted(by_label, key=str) for each in by_label[label][:k]] + (
        undecided[-k:][::-1]
    )


def _predictions(classifier: Classifier, json: PredictRequest) -> list[Prediction]:
    if json.texts is not None:
        return list(classifier.predictions(json.texts, keys=False))
    if json.keys is not None:
        return list(classifier.predictions(json.keys, keys=True))
    return list(classifier.predictions())


def _predictions_as_json(
    collection: Collection, json: PredictRequest, predictions: Sequence[Prediction]
) -> list[dict[str, Any]]:
    if json.texts is not None:
        known = [{"text": text, "fields": {}} for text in json.texts]
    else:
        known = hits_as_json(collection.get([each.key for each in predictions]))
    return [
        item
        | {"key": each.key, "label": each.label, "probability": round(float(each.probability), 4)}
        for each, item in zip(predictions, known, strict=True)
    ]


@blueprint.post("/collections/<name>/classifiers/<label>/predict")
@spec.validate(tags=["classes"])
def predict(name: str, label: str, json: PredictRequest) -> Response:
    """Predict labels; a label of null means that the classifier abstains."""
    collection = library().get(name)
    start = time.perf_counter()
    with slips_told():
        predictions = _predictions(collection.classifier(label), json)
    counts = Counter(each.label for each in predictions)
    abstained = counts.pop(None, 0)
    if json.texts is None and json.keys is None:
        predictions = _foremost(predictions, json.k)
    return jsonify(
        {
            "predictions": _predictions_as_json(collection, json, predictions),
            "counts": dict(counts),
            "abstained": abstained,
            "seconds": round(time.perf_counter() - start, 4),
        }
    )
