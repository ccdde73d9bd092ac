"""Keywords: planted words come out, grammar does not, in any script."""

from __future__ import annotations

import pytest

from semsearch.analysis import cluster_name, keywords
from semsearch.analysis.words import terms

SOUP = ["the soup was cold", "a cold soup and bread", "soup of the day", "we had the bread soup"]
SHOES = ["the shoes are tight", "my shoes were tight", "shoes for the rain", "rain in my shoes"]


def test_each_cluster_gets_the_words_that_tell_it_from_the_other() -> None:
    found = keywords(SOUP + SHOES, [0] * 4 + [1] * 4)

    assert found[0][:3] == ("soup", "bread", "cold")
    assert found[1][:3] == ("shoes", "rain", "tight")


def test_no_more_terms_than_asked_for() -> None:
    assert keywords(SOUP + SHOES, [0] * 4 + [1] * 4, n_terms=1) == [("soup",), ("shoes",)]


def test_words_of_one_text_are_left_out_of_a_larger_cluster() -> None:
    texts = ["soup hot", "soup cold", "soup salty", "soup green", "soup red"]

    assert keywords(texts, [0] * 5) == [("soup",)]


def test_a_larger_cluster_of_different_words_still_has_some() -> None:
    assert keywords(["ant", "bee", "cat", "dog", "elk"], [0] * 5, n_terms=2) == [("ant", "bee")]


def test_only_one_of_phone_and_phones_is_shown() -> None:
    texts = ["phone battery", "phone phones", "phones battery", "batteries phone", "phone"]

    assert keywords(texts, [0] * 5) == [("phone", "battery")]


def test_short_names_of_pictures_work() -> None:
    names = ["grinning face", "face with tears of joy", "winking face", "red apple", "green apple"]

    assert [words[0] for words in keywords(names, [0, 0, 0, 1, 1])] == ["face", "apple"]


def test_words_that_are_everywhere_are_left_out_in_any_language() -> None:
    soup = [f"die suppe ist {taste} und die suppe dampft" for taste in ("warm", "kalt", "rot")] * 4
    shoes = [f"die schuhe sind {fit} und die schuhe glänzen" for fit in ("eng", "weit", "neu")] * 4
    found = keywords(soup + shoes, [0] * 12 + [1] * 12)

    assert found[0][0] == "suppe"
    assert found[1][0] == "schuhe"
    assert not {"die", "und"} & {*found[0], *found[1]}


def test_chinese_gives_pairs_of_letters() -> None:
    texts = ["面条很好吃", "我爱吃面条", "鞋子很漂亮", "新的鞋子"]

    assert [words[0] for words in keywords(texts, [0, 0, 1, 1])] == ["面条", "鞋子"]


def test_outliers_count_in_no_cluster() -> None:
    assert keywords(["soup", "shoes", "soup"], [0, -1, 0]) == [("soup",)]


@pytest.mark.parametrize(
    ("texts", "labels", "expected"),
    [
        ([], [], []),
        (["", "  "], [0, 1], [(), ()]),
        (["the and of", "12 345 !!"], [0, 0], [()]),
        (["soup"], [-1], []),
        (["soup"], [2], [(), (), ("soup",)]),
        (["\ud800 soup\x00"], [0], [("soup",)]),
    ],
)
def test_degenerate_texts(
    texts: list[str], labels: list[int], expected: list[tuple[str, ...]]
) -> None:
    assert keywords(texts, labels) == expected


def test_each_text_needs_a_label() -> None:
    with pytest.raises(ValueError, match="each text needs one label: got 2 texts"):
        keywords(["a", "b"], [0])
    with pytest.raises(ValueError, match="n_terms must be 1 or more"):
        keywords(["a"], [0], n_terms=0)


def test_a_name_is_the_first_three_terms() -> None:
    assert cluster_name(("soup", "bread", "cold", "salt")) == "soup, bread, cold"
    assert cluster_name(("soup",)) == "soup"
    assert cluster_name(()) == "unnamed"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The phone’s L'Été, it's 5G!", ["the", "phone", "l'été", "it"]),
        ("Über-große Straße", ["über", "große", "straße"]),
        ("cafe\u0301", ["café"]),
        ("हिन्दी में", ["हिन्दी", "में"]),
        ("寿司 猫 sushi", ["寿司", "猫", "sushi"]),
        ("ฉันกิน", ["ฉัน", "นกิ", "กิน"]),
        ("می\u200cخواهم", ["می\u200cخواهم"]),
        ("😀 👍🏽", []),
    ],
)
def test_terms_of_many_scripts(text: str, expected: list[str]) -> None:
    assert terms(text) == expected
