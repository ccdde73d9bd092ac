"""The app over real collections that need no TensorFlow: `hashing` texts and `colours` pictures."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image

import semsearch
from webui.app import create_app

TOKEN = "a-token-that-is-long-enough"
COLOURS = {"red": "#d02020", "rose": "#e03050", "blue": "#2030d0", "sky": "#3050e0"}


def picture(colour: str, size: int = 48) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (size, size), colour).save(file, "PNG")
    return file.getvalue()


@pytest.fixture
def pictures(indexes: Path, tmp_path: Path) -> Iterator[semsearch.Collection]:
    folder = tmp_path / "photos" / "deep"
    folder.mkdir(parents=True)
    for name, colour in COLOURS.items():
        (folder / f"{name}.png").write_bytes(picture(colour))
    with semsearch.create(indexes / "pictures", module="colours") as made:
        made.add(tmp_path / "photos")
        yield made


@pytest.fixture
def app(indexes: Path) -> Iterator[Flask]:
    made = create_app(indexes, token=TOKEN)
    yield made
    made.extensions["semsearch-library"].close()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def writer() -> dict[str, str]:
    """Headers that let a request write."""
    return {"X-Semsearch-Token": TOKEN}
