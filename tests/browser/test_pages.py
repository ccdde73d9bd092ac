"""What a person sees and does: search, similar, filters, keys, clusters, the map, classes."""

from __future__ import annotations

import io
import re
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import ARGUMENTS, CHROMIUM

OUTPUT = Path(__file__).parent / "output"


def test_a_person_searches_and_presses_similar(page: Page) -> None:
    page.goto("/")
    expect(page.get_by_label("Collection")).to_have_value("reviews")
    box = page.get_by_role("searchbox", name="Search by meaning")
    box.fill("cold soup")
    box.press("Enter")
    cards = page.get_by_role("listitem")
    expect(cards).to_have_count(10)
    expect(cards.first).to_contain_text("The soup was cold")
    expect(cards.first.locator(".score .number")).to_have_text(re.compile(r"^0\.\d\d$"))
    expect(page.get_by_role("status")).to_contain_text("The 10 nearest of 14 texts")
    cards.first.get_by_role("button", name="Similar to").click()
    expect(page.get_by_role("region", name="Similar to")).to_contain_text("The soup was cold")
    expect(cards.filter(has_text="The soup was cold")).to_have_count(0)
    assert "like=r-1" in page.url
    OUTPUT.mkdir(exist_ok=True)
    page.screenshot(path=OUTPUT / "similar.png")


TYPE_AT_ONCE = """new MutationObserver((_, observer) => {
  const box = document.querySelector("[data-search]");
  if (!box) return;
  observer.disconnect();
  box.value = "cold soup";
  box.dispatchEvent(new Event("input", { bubbles: true }));
}).observe(document, { childList: true, subtree: true });"""


def test_what_is_typed_the_moment_the_box_appears_is_kept(page: Page) -> None:
    page.add_init_script(TYPE_AT_ONCE)
    page.goto("/")
    box = page.get_by_role("searchbox", name="Search by meaning")
    expect(box).to_have_value("cold soup")
    page.wait_for_timeout(300)
    expect(box).to_have_value("cold soup")
    box.press("Enter")
    expect(page.get_by_role("listitem").first).to_contain_text("The soup was cold")


def test_the_whole_view_stands_in_the_address(page: Page) -> None:
    page.goto("/c/reviews/search?q=soup&k=20&where=stars+%3C+3")
    cards = page.get_by_role("listitem")
    expect(cards).to_have_count(6)
    seen = cards.all_inner_texts()
    page.reload()
    expect(cards).to_have_count(6)
    assert cards.all_inner_texts() == seen
    expect(page.get_by_role("searchbox")).to_have_value("soup")
    expect(page.get_by_label("Filter", exact=True)).to_have_value("stars < 3")
    expect(page.get_by_label("nearest")).to_have_value("20")
    page.get_by_role("link", name="Clusters").click()
    page.go_back()
    expect(cards).to_have_count(6)


def test_a_chip_narrows_and_its_filter_can_be_removed(page: Page) -> None:
    page.goto("/c/reviews/search?q=film")
    page.get_by_role("button", name="source imdb").first.click()
    expect(page.get_by_role("listitem")).to_have_count(4)
    expect(page.get_by_label("Filter", exact=True)).to_have_value("source = 'imdb'")
    page.get_by_role("button", name="Remove the filter").click()
    expect(page.get_by_role("listitem")).to_have_count(10)


def test_a_chip_narrows_what_an_or_let_in(page: Page) -> None:
    page.goto("/c/reviews/search?q=film&where=stars+%3D+1+or+stars+%3D+2")
    page.get_by_role("button", name="source imdb").first.click()
    expect(page.get_by_label("Filter", exact=True)).to_have_value(
        "(stars = 1 or stars = 2) and source = 'imdb'"
    )
    expect(page.get_by_role("listitem")).to_have_count(2)


def test_a_list_has_a_chip_for_each_member_and_a_word_of_sql_is_quoted(page: Page) -> None:
    page.goto("/c/reviews/search?q=signs+of+addresses")
    page.get_by_role("button", name="tags it's").first.click()
    expect(page.get_by_label("Filter", exact=True)).to_have_value("'it''s' in tags")
    expect(page.get_by_role("listitem")).to_have_count(1)
    page.get_by_role("button", name="when 7").click()
    expect(page.get_by_label("Filter", exact=True)).to_have_value(
        "'it''s' in tags and \"when\" = 7"
    )
    expect(page.get_by_role("listitem")).to_have_count(1)


def test_a_hit_without_a_shared_word_says_so(page: Page) -> None:
    page.goto("/c/reviews/search?q=soups&k=20")
    soup = page.get_by_role("listitem").filter(has_text="A wonderful bowl of tomato soup")
    expect(soup.locator("mark")).to_have_text("soup")
    expect(soup).not_to_contain_text("no word in common")
    laces = page.get_by_role("listitem").filter(has_text="The laces of the shoes")
    expect(laces).to_contain_text("no word in common")


def test_problems_are_told_with_their_remedy(page: Page) -> None:
    page.goto("/c/reviews/search?q=soup&where=price+%3E+3")
    expect(page.get_by_role("alert")).to_contain_text("price")
    expect(page.get_by_role("alert")).to_contain_text("stars")
    page.goto("/c/nothing/search")
    expect(page.get_by_role("alert")).to_contain_text("There are: photos, reviews, vacant, wordy")
    page.goto("/c/reviews/search?q=soup&where=stars+%3E+100")
    expect(page.get_by_role("heading", name="Nothing matches")).to_be_visible()


def test_stored_text_is_shown_and_never_run(page: Page) -> None:
    page.goto("/c/reviews/search?q=soup&k=20")
    attack = page.get_by_role("listitem").filter(has_text="<script>alert('soup')</script>")
    expect(attack).to_be_visible()
    attack.get_by_role("button", name="Similar to").click()
    expect(page.get_by_role("region", name="Similar to")).to_contain_text("<script>")
    page.goto("/c/reviews/search?like=a%2Fb%3Fc%3Dd%23e%26f")
    expect(page.get_by_role("region", name="Similar to")).to_contain_text("signs of addresses")


def test_the_keyboard_is_enough(page: Page) -> None:
    page.goto("/c/reviews/search?q=soup")
    expect(page.get_by_role("listitem")).to_have_count(10)
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_contain_text("next result")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).not_to_be_visible()
    page.keyboard.press("j")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("k")
    expect(page.get_by_role("listitem").first).to_be_focused()
    page.keyboard.press("s")
    expect(page.get_by_role("region", name="Similar to")).to_be_visible()
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.type("plot jks?/")
    expect(page.get_by_role("searchbox")).to_have_value("plot jks?/")


def test_pictures_are_searched_by_an_upload(page: Page) -> None:
    page.goto("/c/photos/search")
    expect(page.get_by_role("listitem")).to_have_count(12)
    file = io.BytesIO()
    Image.new("RGB", (30, 30), (10, 15, 220)).save(file, "PNG")
    page.get_by_label("Picture to search with").set_input_files(
        {"name": "mine.png", "mimeType": "image/png", "buffer": file.getvalue()}
    )
    expect(page.get_by_role("region", name="Similar to")).to_contain_text("mine.png")
    first = page.get_by_role("listitem").first
    expect(first).to_contain_text("blue")
    drawn = "image => image.complete && image.naturalWidth > 0"
    page.wait_for_function(f"({drawn})(document.querySelector('.tile img'))")


def group_in_two(page: Page) -> None:
    """Group the photos in two, and wait until that is stored."""
    page.goto("/c/photos/clusters")
    page.get_by_label("How many").fill("2")
    with page.expect_response(lambda answer: answer.request.method == "POST"):
        page.get_by_role("button", name=re.compile("Group")).click()


def strongest_colour(page: Page) -> int:
    """Return how far the most colourful pixel of the plot is from grey, 0 to 255."""
    shot = Image.open(io.BytesIO(page.locator("iframe").screenshot())).convert("RGB")
    return max(max(colour) - min(colour) for _, colour in shot.getcolors(1 << 24) or [])


def is_coloured(page: Page) -> bool:
    """Tell whether a point in the full colour of its group is seen; the buttons reach 105."""
    return strongest_colour(page) > 120


def test_clusters_are_made_and_opened(page: Page) -> None:
    group_in_two(page)
    cards = page.locator(".cluster")
    expect(cards).to_have_count(2)
    expect(page.get_by_role("alert")).to_have_count(0)
    expect(cards.first).to_contain_text("6 pictures, 50.0 %")
    cards.first.get_by_role("link").click()
    expect(page.get_by_role("listitem")).to_have_count(6)
    assert "cluster=" in page.url
    page.reload()
    expect(page.get_by_role("listitem")).to_have_count(6)


def test_the_map_draws_every_point_and_a_group_is_chosen(page: Page) -> None:
    group_in_two(page)
    page.get_by_role("link", name="Map").click()
    plot = page.frame_locator("iframe")
    expect(plot.locator("canvas")).to_have_attribute("data-drawn", "12")
    for _ in range(50):  # what is drawn reaches the screen a frame or more later
        if is_coloured(page):
            break
        page.wait_for_timeout(100)
    assert is_coloured(page), "no coloured point is seen"
    page.get_by_role("list", name="Groups").get_by_role("button").first.click()
    expect(page.get_by_role("region", name="Chosen points")).to_contain_text("6 pictures chosen")
    page.wait_for_timeout(500)
    assert is_coloured(page), "the chosen points lost the colour of their group"


def test_classes_are_taught_measured_and_shown(page: Page) -> None:
    page.goto("/c/reviews/classes")
    expect(page.get_by_role("button", name="Train", exact=True)).to_be_disabled()
    page.get_by_label("Name").fill("topic")
    for number, label, examples in (
        (1, "food", ["soup", "cold soup", "the waiter", "a bowl of soup", "salty noodle soup"]),
        (2, "film", ["film", "weak plot", "great actors", "the end of the film", "bad acting"]),
    ):
        page.get_by_label(f"Label of class {number}").fill(label)
        page.get_by_label(f"Examples of class {number}").fill("\n".join(examples))
    page.get_by_role("button", name="Train", exact=True).click()
    report = page.get_by_role("region", name="How good it is")
    expect(report).to_contain_text(re.compile(r"\d+ %.*95 % interval", re.DOTALL))
    expect(report.get_by_role("table")).to_contain_text("film")
    expect(page.get_by_role("heading", name=re.compile("^food"))).to_be_visible()
    page.get_by_label("Try a text of your own").fill("tomato soup")
    page.get_by_role("button", name="Predict").click()
    expect(page.locator("output")).to_contain_text("food")
    page.reload()
    expect(report).to_be_visible()


def test_pictures_are_clicked_into_classes(page: Page) -> None:
    page.goto("/c/photos/classes")
    page.get_by_label("Name").fill("warmth")
    for number, label, colour in ((1, "warm", "red"), (2, "cool", "blue")):
        page.get_by_label(f"Label of class {number}").fill(label)
        expect(page.get_by_role("heading", name=f"Click pictures into {label}")).to_be_visible()
        for step in range(3):
            page.get_by_role("button", name=f"{colour} {step}.png", exact=True).click()
        examples = page.get_by_label(f"Examples of class {number}")
        expect(examples).to_have_value("\n".join(f"{colour} {step}.png" for step in range(3)))
    page.get_by_role("button", name="Train", exact=True).click()
    expect(page.get_by_role("heading", name=re.compile("^warm 6"))).to_be_visible()
    expect(page.get_by_role("heading", name=re.compile("^cool 6"))).to_be_visible()


def test_without_webgl_the_map_is_drawn_all_the_same(browser: Browser, server: str) -> None:
    plain = browser.browser_type.launch(
        executable_path=CHROMIUM, args=[*ARGUMENTS, "--disable-3d-apis"]
    )
    tab = plain.new_page(base_url=server, viewport={"width": 1280, "height": 860})
    group_in_two(tab)
    tab.goto("/c/photos/map")
    expect(tab.frame_locator("iframe").locator("canvas")).to_have_attribute("data-drawn", "12")
    assert is_coloured(tab)
    box = tab.locator("iframe").bounding_box()
    assert box is not None
    left, top = box["x"] + 20, box["y"] + 70
    tab.mouse.move(left, top)
    tab.mouse.down()
    for x, y in ((box["width"] - 40, 0), (box["width"] - 40, 500), (0, 500)):
        tab.mouse.move(left + x, top + y, steps=4)
    tab.mouse.up()
    expect(tab.get_by_role("region", name="Chosen points")).to_contain_text("chosen")
    plain.close()


def test_the_lasso_chooses_what_it_is_drawn_around(page: Page) -> None:
    page.goto("/c/photos/map")
    expect(page.frame_locator("iframe").locator("canvas")).to_have_attribute("data-drawn", "12")
    page.get_by_role("button", name="Lasso").click()
    box = page.locator("iframe").bounding_box()
    assert box is not None
    left, top = box["x"] + 20, box["y"] + 70
    right, bottom = box["x"] + box["width"] - 20, box["y"] + box["height"] - 20
    corners = [(left, top), (right, top), (right, bottom), (left, bottom), (left, top + 5)]
    page.mouse.move(left - 5, top - 5)
    page.wait_for_timeout(300)  # the plot takes up its new mode
    page.mouse.move(left, top)
    page.mouse.down()
    for x, y in corners:
        page.mouse.move(x, y, steps=8)
        page.wait_for_timeout(60)  # the lasso takes a point every few milliseconds
    page.mouse.up()
    expect(page.get_by_role("region", name="Chosen points")).to_contain_text("12 pictures chosen")


def test_a_narrow_window_needs_no_sideways_scrolling(page: Page) -> None:
    page.set_viewport_size({"width": 400, "height": 800})
    for path in ("search?q=soup", "search", "clusters", "map", "classes", "duplicates"):
        for name in ("reviews", "photos", "wordy"):
            page.goto(f"/c/{name}/{path}")
            page.wait_for_load_state("networkidle")
            widths = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
            assert widths[0] <= widths[1], (name, path)
            cut = page.evaluate(
                "[...document.querySelectorAll('.card *')].filter((each) => "
                "each.getBoundingClientRect().right > each.closest('.card')"
                ".getBoundingClientRect().right && !each.closest('.chip > *')).length"
            )
            assert cut == 0, (name, path)


def test_a_long_text_is_cut_after_lines_and_opened(page: Page) -> None:
    page.goto("/c/wordy/search?q=soup")
    card = page.get_by_role("listitem").filter(has_text="A line about soup")
    told = card.locator(".told")
    lines = "each => each.clientHeight / parseFloat(getComputedStyle(each).lineHeight)"
    assert round(told.evaluate(lines), 1) == 8
    card.get_by_role("button", name="more", exact=True).click()
    assert told.evaluate(lines) > 8
    card.get_by_role("button", name="less", exact=True).click()
    assert round(told.evaluate(lines), 1) == 8
    short = page.get_by_role("listitem").filter(has_text="k" * 90)
    expect(short.get_by_role("button", name="more", exact=True)).to_have_count(0)
    expect(short.locator(".key")).to_have_text("k" * 90)


def test_an_empty_collection_says_how_to_fill_it(page: Page) -> None:
    for path in ("search", "search?q=soup", "map"):
        page.goto(f"/c/vacant/{path}")
        expect(page.get_by_role("heading", name="This collection is empty")).to_be_visible()
        expect(page.locator("pre")).to_have_text("semsearch index vacant FILE")


def test_similar_empties_the_box(page: Page) -> None:
    page.goto("/c/reviews/search")
    box = page.get_by_role("searchbox")
    box.fill("cold soup")
    box.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("nearest")
    page.get_by_role("button", name="Similar to").first.click()
    expect(page.get_by_role("region", name="Similar to")).to_be_visible()
    expect(box).to_have_value("")
    page.go_back()
    expect(box).to_have_value("cold soup")


def test_a_file_that_is_no_picture_is_refused_with_a_remedy(page: Page) -> None:
    page.goto("/c/photos/search")
    page.get_by_label("Picture to search with").set_input_files(
        {"name": "notes.txt", "mimeType": "text/plain", "buffer": b"soup"}
    )
    expect(page.get_by_role("alert")).to_contain_text("notes.txt")
    expect(page.get_by_role("alert")).to_contain_text("PNG")
    page.get_by_role("button", name="Similar to").first.click()
    expect(page.get_by_role("alert")).to_have_count(0)


def test_the_theme_is_changed_and_remembered(page: Page) -> None:
    page.emulate_media(color_scheme="light")
    page.goto("/c/reviews/search")
    light = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    page.get_by_role("button", name="Switch to dark colours").click()
    page.reload()
    expect(page.get_by_role("button", name="Switch to light colours")).to_be_visible()
    assert page.evaluate("getComputedStyle(document.documentElement).backgroundColor") != light
