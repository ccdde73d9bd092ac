"""What several tests share: a dozen reviews, and a collection of them without TensorFlow."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import semsearch

LONG = ("tensorflow", "browser", "faults")

REVIEWS = [
    {
        "id": "r-1",
        "review": "The soup was cold and the waiter was rude",
        "stars": 1,
        "source": "yelp",
    },
    {"id": "r-2", "review": "A wonderful bowl of tomato soup", "stars": 5, "source": "yelp"},
    {"id": "r-3", "review": "The noodle soup was too salty", "stars": 2, "source": "yelp"},
    {"id": "r-4", "review": "Friendly waiter and quick service", "stars": 5, "source": "yelp"},
    {"id": "r-5", "review": "These shoes fit my feet perfectly", "stars": 5, "source": "shop"},
    {
        "id": "r-6",
        "review": "The running shoes fell apart after a week",
        "stars": 1,
        "source": "shop",
    },
    {
        "id": "r-7",
        "review": "Comfortable leather shoes for the office",
        "stars": 4,
        "source": "shop",
    },
    {"id": "r-8", "review": "The laces of the shoes broke at once", "stars": 2, "source": "shop"},
    {"id": "r-9", "review": "A boring film with a weak plot", "stars": 2, "source": "imdb"},
    {
        "id": "r-10",
        "review": "The film had a clever plot and great actors",
        "stars": 5,
        "source": "imdb",
    },
    {"id": "r-11", "review": "Terrible acting ruined the film", "stars": 1, "source": "imdb"},
    {"id": "r-12", "review": "I cried at the end of this film", "stars": None, "source": "imdb"},
]


@pytest.hookimpl(tryfirst=True)  # xdist reads the groups in the same hook
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep each file that loads TensorFlow in one process, and all of the browser's in one.

    The long ones come first, so that no process is left alone with them at the end.
    """
    for item in items:
        if item.get_closest_marker("tensorflow") and not item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.xdist_group(item.path.stem))
    items.sort(key=lambda item: not any(item.get_closest_marker(mark) for mark in LONG))


@pytest.fixture(autouse=True)
def _modules_of_the_test(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Keep what tests fetch, pin and trust out of the user's own cache of modules.

    Slow tests use it: they fetch real weights, which is enough to do once.
    """
    if request.node.get_closest_marker("slow") is None:
        monkeypatch.setenv("SEMSEARCH_MODULES", str(tmp_path_factory.mktemp("modules")))


@pytest.fixture
def reviews() -> list[dict[str, object]]:
    return [dict(review) for review in REVIEWS]


@pytest.fixture
def collection(tmp_path: Path, reviews: list[dict[str, object]]) -> Iterator[semsearch.Collection]:
    with semsearch.create(tmp_path / "indexes" / "reviews", module="hashing") as made:
        made.add(reviews, text="review", key="id")
        yield made


@pytest.fixture
def indexes(collection: semsearch.Collection) -> Path:
    return collection.path.parent
