"""What the API tells of a collection's index and files."""

from __future__ import annotations

from flask.testing import FlaskClient

REVIEWS = "/api/v1/collections/reviews"


def test_a_collection_tells_how_it_is_searched_and_what_its_files_take(client: FlaskClient) -> None:
    told = client.get(REVIEWS).json
    assert (told["index"], told["recall"], told["tail_rows"]) == ("exact", 1.0, 12)
    assert told["index_reason"]
    assert told["bytes"] == sum(kind["bytes"] for kind in told["files"].values())
    assert told["files"]["segments"]["files"] == 1
