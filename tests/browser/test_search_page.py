"""The search page: how it is asked, what a hit tells, counts, terms, thumbs, mistakes."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Locator, Page, expect

import semsearch

PARTS = (
    "/c/reviews/search?q=soup&plus=key:r-2*0.5&minus=salty&mode=hybrid"
    "&where=source+%3D+'yelp'&diversity=0.4&collapse=0.95&k=20"
)


def cards(page: Page) -> Locator:
    return page.get_by_role("listitem")


def asked(page: Page) -> dict[str, list[str]]:
    """Return what stands in the address."""
    return parse_qs(urlsplit(page.url).query)


def pressed(page: Page, name: str) -> Locator:
    return page.get_by_role("button", name=name, exact=True, pressed=True)


def test_a_link_carries_the_whole_question(page: Page) -> None:
    page.goto(PARTS)
    expect(cards(page)).to_have_count(3)
    for name in ("Both", "fold repeats", "varied"):
        expect(pressed(page, name)).to_have_count(1)
    terms = page.get_by_role("group", name="Terms")
    expect(terms).to_contain_text("A wonderful bowl of tomato soup")
    expect(terms).to_contain_text("×0.5")
    expect(terms).to_contain_text("salty")
    expect(pressed(page, "yelp 4")).to_have_count(1)
    seen = cards(page).all_inner_texts()
    page.get_by_role("button", name="varied").click()
    expect(pressed(page, "varied")).to_have_count(0)
    page.go_back()
    expect(pressed(page, "varied")).to_have_count(1)
    page.reload()
    expect(cards(page)).to_have_count(3)
    assert cards(page).all_inner_texts() == seen


def test_words_and_meaning_are_told_apart(page: Page) -> None:
    page.goto("/c/reviews/search?q=soup")
    expect(cards(page)).to_have_count(10)
    page.get_by_role("button", name="Words", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text("best by words")
    expect(cards(page)).to_have_count(4)
    page.get_by_role("button", name="Both", exact=True).click()
    expect(cards(page).first.locator(".parts")).to_have_text(
        re.compile(r"^meaning 0\.\d\d · words \d+\.\d$")
    )
    page.get_by_role("searchbox").fill("xylophone")
    page.get_by_role("button", name="Words", exact=True).click()
    page.get_by_role("searchbox").press("Enter")
    expect(page.get_by_role("heading", name="Nothing matches")).to_be_visible()
    page.get_by_role("button", name="Search by meaning").click()
    expect(cards(page)).to_have_count(10)


def test_less_like_this_changes_the_list_and_can_be_taken_back(page: Page) -> None:
    page.goto("/c/reviews/search?q=soup&k=20")
    first = cards(page).first
    words = first.locator(".told").inner_text()
    first.get_by_role("button", name="Less like").click()
    expect(cards(page).filter(has_text=words)).to_have_count(0)
    [minus] = asked(page)["minus"]
    assert minus.startswith("key:")
    page.get_by_role("button", name="Weight 1; change to 2").click()
    expect(page.get_by_role("group", name="Terms")).to_contain_text("×2")
    assert asked(page)["minus"] == [f"{minus}*2"]
    page.get_by_role("button", name="Remove this term").click()
    expect(cards(page).first).to_contain_text(words)


def test_a_text_is_added_and_taken_away_by_hand(page: Page) -> None:
    page.goto("/c/reviews/search?like=r-1")
    page.get_by_role("button", name="Add what hits shall be unlike").click()
    page.keyboard.type("waiter")
    page.keyboard.press("Enter")
    expect(page.get_by_role("group", name="Terms")).to_contain_text("waiter")
    assert asked(page) == {"plus": ["key:r-1"], "minus": ["waiter"]}
    expect(page.get_by_role("button", name="Words", exact=True)).to_be_disabled()


def test_counts_narrow_and_widen(page: Page) -> None:
    page.goto("/c/reviews/search?q=film&k=20")
    expect(cards(page)).to_have_count(14)
    narrow = page.get_by_role("complementary", name="Narrow")
    narrow.get_by_role("button", name="imdb 4").click()
    expect(cards(page)).to_have_count(4)
    expect(page.get_by_label("Filter", exact=True)).to_have_value("source = 'imdb'")
    narrow.get_by_role("button", name="yelp 4").click()
    expect(page.get_by_label("Filter", exact=True)).to_have_value("source = 'yelp'")
    narrow.get_by_role("group", name="Narrow by stars").get_by_role("button", name="5 2").click()
    expect(page.get_by_label("Filter", exact=True)).to_have_value("source = 'yelp' and stars = 5")
    expect(cards(page)).to_have_count(2)
    narrow.get_by_role("button", name="yelp 2", pressed=True).click()
    expect(page.get_by_label("Filter", exact=True)).to_have_value("stars = 5")


def test_more_hits_follow_and_none_comes_twice(page: Page) -> None:
    page.goto("/c/reviews/search?q=soup&k=5")
    expect(cards(page)).to_have_count(5)
    for expected in (10, 14):
        page.get_by_role("button", name="Show more").click()
        expect(cards(page)).to_have_count(expected)
    expect(page.get_by_role("button", name="Show more")).to_have_count(0)
    keys = page.locator(".card .key").all_inner_texts()
    assert len(set(keys)) == 14
    assert asked(page)["k"] == ["14"]
    page.reload()
    expect(cards(page)).to_have_count(14)
    assert page.locator(".card .key").all_inner_texts() == keys


def test_the_passage_of_a_long_text_is_shown_in_place(page: Page) -> None:
    page.goto("/c/wordy/search?q=zebras+beside+the+river")
    manual = cards(page).filter(has_text="Zebras")
    passage = manual.locator(".passage")
    expect(passage).to_contain_text("Zebras <b>graze</b> beside the quiet river.")
    expect(passage.locator("mark").first).to_have_text("Zebras")
    assert len(manual.locator(".told").inner_text()) < 1000
    manual.get_by_role("button", name="show the whole text").click()
    assert len(manual.locator(".told").inner_text()) > 9000
    expect(passage.locator("mark").first).to_be_in_viewport()


def test_a_long_text_found_by_its_words_is_shown_where_they_stand(page: Page) -> None:
    page.goto("/c/wordy/search?q=zebra+river&mode=lexical")
    manual = cards(page).filter(has_text="Zebras")
    expect(manual.locator("mark")).to_have_text(["Zebras", "river"])
    assert len(manual.locator(".told").inner_text()) < 1000
    manual.get_by_role("button", name="why?").click()
    expect(manual.get_by_role("note")).to_contain_text("Has river 1 time")


def test_why_marks_the_words_that_carried_a_hit(page: Page) -> None:
    page.goto("/c/reviews/search?q=alert+soup")
    attack = cards(page).filter(has_text="<script>")
    attack.get_by_role("button", name="why?").click()
    expect(attack.get_by_role("note")).to_contain_text(re.compile(r"Carried by .*soup \d+ %"))
    assert "soup" in attack.locator("mark.carried").all_inner_texts()
    expect(attack.locator(".told")).to_contain_text("<script>alert('soup')</script>")


def test_a_thumb_is_stored_and_taken_back(page: Page, indexes: Path) -> None:
    page.goto("/c/reviews/search?q=leather")
    page.get_by_role("button", name="A good answer").first.click()
    expect(page.get_by_role("button", name="1 judged")).to_be_visible()
    with semsearch.open(indexes / "reviews") as stored:
        [(query, key, grade)] = stored.judgements("leather")
    assert (query, grade) == ("leather", 1)
    page.reload()
    up = page.get_by_role("button", name="A good answer", pressed=True)
    expect(up).to_have_count(1)
    expect(cards(page).filter(has=up)).to_contain_text(key)
    page.get_by_role("button", name="1 judged").click()
    expect(page.get_by_role("dialog", name="What your thumbs are for")).to_contain_text(
        "semsearch evaluate reviews"
    )
    page.keyboard.press("Escape")
    up.click()
    expect(page.get_by_role("button", name="1 judged")).to_have_count(0)


def test_repeats_stand_behind_their_hit(page: Page) -> None:
    page.goto("/c/photos/search?like=red+0.png")
    page.get_by_role("button", name="fold repeats").click()
    behind = page.get_by_role("button", name=re.compile(r"and \d+ nearly the same"))
    behind.first.click()
    expect(page.locator(".behind button").first).to_contain_text(".png")


def test_no_sure_hit_is_said_honestly(page: Page) -> None:
    page.goto("/c/reviews/search?q=xylophone&min_score=0.9")
    expect(page.get_by_role("heading", name="Nothing here is a sure hit")).to_be_visible()
    page.get_by_role("button", name="Show the nearest anyway").click()
    expect(cards(page)).to_have_count(10)
    page.get_by_role("button", name="only sure hits").click()
    expect(page.locator(".note")).to_contain_text("fewer than")


def test_a_mistake_in_the_filter_is_marked_at_its_place(page: Page) -> None:
    page.goto("/c/reviews/search?q=soup&where=stars+%3E+3+and+price+%3C+2")
    mistake = page.get_by_role("alert")
    expect(mistake.locator("mark")).to_have_text("price")
    expect(mistake).to_contain_text("stars")
    page.get_by_label("Filter", exact=True).fill("stars >")
    page.get_by_label("Filter", exact=True).press("Enter")
    expect(mistake.locator("mark")).to_have_text(">")


def test_the_most_unusual_need_no_question(page: Page) -> None:
    page.goto("/c/reviews/search")
    page.get_by_label("Order").select_option("unusual")
    expect(page.get_by_role("status")).to_contain_text("The 10 most unusual of 14 texts")


def test_what_stands_there_twice_is_listed(page: Page) -> None:
    page.goto("/c/photos/search")
    page.get_by_role("link", name="Duplicates").click()
    expect(page.get_by_role("status")).to_have_text("2 groups with 12 of 12 pictures")
    expect(page.get_by_role("region", name="6 of the same")).to_have_count(2)
    page.goto("/c/reviews/duplicates")
    expect(page.get_by_role("heading", name="Nothing stands here twice")).to_be_visible()


IN_PAGE = """async ([name, ...given]) => (await import('/static/where.js'))[name](...given)"""


def test_a_filter_is_taken_apart_where_it_joins_conditions(page: Page) -> None:
    page.goto("/c/reviews/search")
    for where, terms in (
        ("a = 'x and y' and b between 1 and 3", ["a = 'x and y'", "b between 1 and 3"]),
        ('(a = 1 or a = 2) and "and" = 3', ["(a = 1 or a = 2)", '"and" = 3']),
        ("a = 1 or a = 2 and b = 3", ["a = 1 or a = 2 and b = 3"]),
        ("a = 'it''s or not' AND b", ["a = 'it''s or not'", "b"]),
        ("", []),
    ):
        assert page.evaluate(IN_PAGE, ["termsOf", where]) == terms
    for where, narrowed in (
        ("stars = 10", "stars = 10 and stars = 1"),
        ("stars = 1", "stars = 1"),
        ("(a) or (b)", "((a) or (b)) and stars = 1"),
    ):
        assert page.evaluate(IN_PAGE, ["narrowed", where, ["stars = 1"]]) == narrowed


def test_a_count_of_a_day_a_month_or_a_year_asks_for_all_of_it(page: Page) -> None:
    page.goto("/c/reviews/search")
    for spelled, low, high in (
        ("2024-02-28", "2024-02-28", "2024-02-29"),
        ("2024-12", "2024-12-01", "2025-01-01"),
        ("2024", "2024-01-01", "2025-01-01"),
    ):
        asked = ["conditionsOfFacet", "day", "date", {"value": spelled}]
        assert page.evaluate(IN_PAGE, asked) == [f"day >= '{low}'", f"day < '{high}'"]
