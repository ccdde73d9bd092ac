"""A real browser on a real server: chromium driven by Playwright, waitress in a thread."""

from __future__ import annotations

import io
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright

import semsearch
from tests.conftest import REVIEWS
from webui.app import create_app
from webui.server import listen

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
VENDOR = Path(__file__).parents[2] / "webui" / "static" / "vendor" / "preact.js"

expect.set_options(timeout=30_000)  # TensorFlow may be at work beside

GREETINGS = [  # a text that is an attack on the page, and one that is only odd
    {
        "id": "<img src=x onerror=alert(1)>",
        "review": "<script>alert('soup')</script> soup & \u202e",
    },
    {
        "id": "a/b?c=d#e&f",
        "review": "A key may hold signs of addresses",
        "tags": ["odd", "it's"],
        "when": 7,
    },
]

LONG = [  # a key, a field and a text that are wider or longer than a card
    {
        "id": "k" * 90,
        "review": "soup",
        "title": "a title that goes on and on " * 9,
        "code": "c" * 99,
    },
    {"id": "lines", "review": "A line about soup\n" * 14, "title": "short", "code": "c"},
    {
        "id": "manual",
        "review": "The engine of the boat needs oil. " * 150
        + "\n\nZebras <b>graze</b> beside the quiet river.\n\n"
        + "The anchor of the boat is heavy. " * 150,
    },
]


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test here, and let one process have them all: they share a browser."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.xdist_group("browser"))


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("no chromium; get it with: apt-get install chromium")
    if not VENDOR.is_file():
        pytest.skip("no library files; get them with: pip install -e .")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield launched
        launched.close()


def _picture(red: int, green: int, blue: int) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (64, 64), (red, green, blue)).save(file, "PNG")
    return file.getvalue()


@pytest.fixture(scope="session")
def indexes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Texts and pictures, nothing at all, long items; no module here needs TensorFlow."""
    folder = tmp_path_factory.mktemp("browser")
    with semsearch.create(folder / "indexes" / "reviews", module="hashing") as made:
        made.add([*REVIEWS, *GREETINGS], text="review", key="id")
    photos = folder / "photos"
    photos.mkdir()
    for step in range(6):
        (photos / f"red {step}.png").write_bytes(_picture(200 + 8 * step, 10, 10 + 3 * step))
        (photos / f"blue {step}.png").write_bytes(_picture(10, 10 + 3 * step, 200 + 8 * step))
    with semsearch.create(folder / "indexes" / "photos", module="colours") as made:
        made.add(photos)
    semsearch.create(folder / "indexes" / "vacant", module="hashing").close()
    with semsearch.create(folder / "indexes" / "wordy", module="hashing") as made:
        made.add(LONG, text="review", key="id")
    return folder / "indexes"


@contextmanager
def served(indexes: Path) -> Iterator[str]:
    """Serve the collections of a folder at an address, from a thread."""
    app = create_app(indexes, token=None)
    running = listen(app, "127.0.0.1", 0)
    thread = threading.Thread(target=running.run, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{running.effective_port}"
    running.task_dispatcher.shutdown()
    running.close()
    thread.join(timeout=5)
    app.extensions["semsearch-library"].close()


@pytest.fixture(scope="session")
def server(indexes: Path) -> Iterator[str]:
    with served(indexes) as address:
        yield address


@pytest.fixture
def page(browser: Browser, server: str) -> Iterator[Page]:
    """A fresh tab; the test fails when the page throws, or breaks its own policy."""
    context = browser.new_context(base_url=server, viewport={"width": 1280, "height": 860})
    context.set_default_timeout(10_000)
    tab = context.new_page()
    complaints: list[str] = []
    tab.on("pageerror", lambda error: complaints.append(str(error)))
    tab.on("dialog", lambda dialog: (complaints.append(dialog.message), dialog.dismiss()))
    tab.on("console", lambda message: _note(message, complaints))
    yield tab
    context.close()
    assert complaints == []


def _note(message: Any, complaints: list[str]) -> None:
    if message.type == "error" and "Content Security Policy" in message.text:
        complaints.append(message.text)
