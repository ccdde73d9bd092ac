"""The demo as a newcomer meets it: real reviews, real pictures, real modules, a real browser.

`make pictures` runs this file with SEMSEARCH_PICTURES set to docs/images: the pictures of the
README are what this test saw.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from semsearch.cli.main import main
from tests.browser.conftest import served

FOLDER = Path(os.environ.get("SEMSEARCH_PICTURES") or Path(__file__).parent / "output")

POSITIVE = (
    "I love it, it works perfectly",
    "Delicious food and a friendly waiter",
    "One of the best films I have seen",
    "Great value, highly recommended",
    "Excellent sound and a comfortable fit",
    "A moving story, beautifully played",
)
NEGATIVE = (
    "It broke after two days",
    "The food was cold and tasteless",
    "A boring film with terrible acting",
    "A waste of money, do not buy it",
    "Rude service and a long wait",
    "The battery does not hold a charge",
)

pytestmark = [pytest.mark.tensorflow]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    indexes = tmp_path_factory.mktemp("demo") / "indexes"
    done = CliRunner().invoke(main, ["--indexes", str(indexes), "demo", "--no-serve"])
    assert done.exit_code == 0, done.output
    with served(indexes) as address:
        yield address


@pytest.fixture
def tab(browser: Browser, demo: str) -> Iterator[Page]:
    context = browser.new_context(base_url=demo, viewport={"width": 1280, "height": 860})
    context.set_default_timeout(30_000)
    yield context.new_page()
    context.close()


def keep(tab: Page, name: str) -> None:
    """Keep what the tab shows as a small PNG."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    path = FOLDER / f"{name}.png"
    tab.screenshot(path=path)
    with Image.open(path) as shot:
        shot.convert("RGB").quantize(256).save(path, optimize=True)


def test_a_query_finds_reviews_that_share_no_word_with_it(tab: Page) -> None:
    tab.goto("/")
    box = tab.get_by_role("searchbox", name="Search by meaning")
    box.fill("the acoustics are superb")
    box.press("Enter")
    cards = tab.get_by_role("listitem")
    expect(cards).to_have_count(10)
    strange = cards.filter(has_text="no word in common")
    expect(strange).to_have_count(10)
    expect(tab.get_by_role("main")).to_contain_text("sound quality is excellent")
    keep(tab, "search")
    cards.first.get_by_role("button", name="Similar to").click()
    expect(tab.get_by_role("region", name="Similar to")).to_be_visible()
    expect(cards.first.locator(".score .number")).to_have_text(re.compile(r"^0\.\d\d$"))


def test_a_question_is_refined_narrowed_and_explained(tab: Page) -> None:
    tab.goto("/c/reviews/search?q=battery+life+is+short&mode=hybrid&minus=charger")
    narrow = tab.get_by_role("complementary", name="Narrow")
    narrow.get_by_role("button", name="negative").click()
    expect(narrow.get_by_role("button", name="negative", pressed=True)).to_have_count(1)
    expect(tab.get_by_role("listitem").filter(has_text="negative")).to_have_count(10)
    tab.get_by_role("button", name="why?").first.click()
    expect(tab.get_by_role("note")).to_contain_text("Carried by")
    expect(tab.locator(".band").first).to_have_text(re.compile("strong|fair"))
    keep(tab, "asking")


def test_a_question_in_german_finds_reviews_in_english(tab: Page) -> None:
    tab.goto("/c/reviews/search?q=die+Kopfhörer+klingen+wunderbar")
    expect(tab.get_by_role("main")).to_contain_text("Nice headphones for the price")


def test_pictures_are_found_by_one_of_their_own(tab: Page) -> None:
    tab.goto("/c/pictures/search?like=red-apple&k=20")
    expect(tab.get_by_role("listitem")).to_have_count(20)
    expect(tab.get_by_role("main")).to_contain_text("peach")
    tab.wait_for_load_state("networkidle")
    keep(tab, "pictures")


def test_reviews_are_grouped_and_named(tab: Page) -> None:
    tab.goto("/c/reviews/clusters")
    tab.get_by_label("How many").fill("9")
    tab.get_by_role("button", name=re.compile("Group")).click()
    expect(tab.locator(".cluster")).to_have_count(9)
    expect(tab.get_by_role("main")).to_contain_text("phone")
    expect(tab.get_by_role("main")).to_contain_text("food")
    tab.mouse.move(0, 0)
    keep(tab, "clusters")


def test_pictures_lie_on_a_map(tab: Page) -> None:
    tab.goto("/c/pictures/clusters")
    tab.get_by_label("How many").fill("12")
    with tab.expect_response(lambda answer: answer.request.method == "POST"):
        tab.get_by_role("button", name=re.compile("Group")).click()
    tab.goto("/c/pictures/map")
    drawn = tab.frame_locator("iframe").locator("canvas")
    expect(drawn).to_have_attribute("data-drawn", "1000")
    tab.wait_for_timeout(500)  # what is drawn reaches the screen a frame or more later
    keep(tab, "map")


def test_a_few_examples_become_classes(tab: Page) -> None:
    tab.goto("/c/reviews/classes")
    tab.get_by_label("Name").fill("sentiment")
    for number, label, examples in ((1, "positive", POSITIVE), (2, "negative", NEGATIVE)):
        tab.get_by_label(f"Label of class {number}").fill(label)
        tab.get_by_label(f"Examples of class {number}").fill("\n".join(examples))
    tab.get_by_role("button", name="Train", exact=True).click()
    report = tab.get_by_role("region", name="How good it is")
    expect(report).to_contain_text(re.compile(r"\d+ %.*95 % interval", re.DOTALL))
    tab.get_by_label("Try a text of your own").fill("The waiter forgot our drinks twice")
    tab.get_by_role("button", name="Predict").click()
    expect(tab.locator("output")).to_contain_text("negative")
    keep(tab, "classes")
