"""`semsearch search` with all that a question may have, and how hits look."""

from __future__ import annotations

import json
from typing import Any

import pytest

from semsearch.cli.hits import print_hits
from semsearch.collection.records import Hit, Hits, Passage, WordWeight
from tests.cli.conftest import Run, refused


def found(run: Run, *words: str) -> Any:
    result = run("search", "reviews", *words, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def keys(hits: list[dict[str, Any]]) -> list[str]:
    return [hit["key"] for hit in hits]


def test_terms_stand_on_the_command_line(indexed: Run) -> None:
    assert keys(found(indexed, "soup", "-k", "1")) == ["b"]
    assert keys(found(indexed, "soup", "--minus", "tomato", "-k", "1")) == ["a"]
    assert keys(found(indexed, "--plus", "key:a", "--plus", "key:b*0.5", "-k", "9"))[0] in "cd"


def test_json_is_an_array_unless_more_is_asked_for(indexed: Run) -> None:
    assert isinstance(found(indexed, "soup"), list)
    page = found(indexed, "soup", "--page", "-k", "3")
    assert set(page) == {"hits", "after", "facets", "notes"}
    assert len(page["hits"]) == 3
    counted = found(indexed, "soup", "--facets", "stars")
    assert counted["facets"]["stars"]["values"][0] == {"value": 1, "count": 1}


def test_the_next_page_is_named_beside_the_result(indexed: Run) -> None:
    first = indexed("search", "reviews", "soup", "-k", "2")
    [line] = [line for line in first.stderr.splitlines() if "--after" in line]
    cursor = line.removeprefix("next page: --after ")
    assert "--after" not in first.stdout
    shown = keys(found(indexed, "soup", "-k", "2"))
    rest = keys(found(indexed, "soup", "-k", "2", "--after", cursor))
    assert sorted(shown + rest) == ["a", "b", "c", "d"]
    last = indexed("search", "reviews", "soup", "-k", "2", "--after", cursor)
    assert "--after" not in last.stderr


def test_the_most_unusual_need_no_query(indexed: Run) -> None:
    assert len(found(indexed, "--order", "unusual", "-k", "2")) == 2


def test_facets_are_shown_below_the_hits(indexed: Run) -> None:
    shown = indexed("search", "reviews", "soup", "-k", "1", "--facets", "stars").stdout
    assert shown.index("soup") < shown.index("stars\n") < shown.index("█  5")


@pytest.mark.parametrize(
    ("words", "phrase"),
    [
        ([], "give a QUERY"),
        (["soup", "--image", "a.png"], "either a QUERY or --image"),
        (["soup", "--mode", "psychic"], "psychic"),
        (["soup", "--min-score", "high"], "neither a number nor auto"),
        (["soup", "--plus", "key:"], "is empty"),
        (["soup", "--plus", "stew*0"], "above 0"),
        (["soup", "--order", "unusual"], "takes no question"),
        (["soup", "--diversity", "2"], "between 0 and 1"),
        (["soup", "--after", "x"], "no cursor"),
        (["soup", "--minus", "soup"], "cancel out"),
    ],
)
def test_a_wrong_question_is_wrong_usage(indexed: Run, words: list[str], phrase: str) -> None:
    result = indexed("search", "reviews", *words)
    assert result.exit_code == 2, result.output
    assert phrase in result.stderr
    assert "Traceback" not in result.stderr


def test_an_unknown_key_is_told(indexed: Run) -> None:
    assert "'none'" in refused(indexed("search", "reviews", "--plus", "key:none"), 1)


# -- how hits look


def printed(capsys: pytest.CaptureFixture[str], *hits: Hit) -> str:
    print_hits(hits)
    return capsys.readouterr().out


@pytest.fixture
def styled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")


def test_a_hit_says_how_much_its_score_means(capsys: pytest.CaptureFixture[str]) -> None:
    hit = Hit("k", 0.5, "text", {}, percentile=99.5, band="fair")
    assert printed(capsys, hit).splitlines()[0] == " 0.500 █████░░░░░  fair  above 99.5 %  k"


def test_scores_beyond_a_cosine_fill_the_bar(capsys: pytest.CaptureFixture[str]) -> None:
    assert "██████████  k" in printed(capsys, Hit("k", 12.5, "text", {}))


def test_the_best_score_of_words_fills_the_bar_and_others_their_share(
    capsys: pytest.CaptureFixture[str],
) -> None:
    shown = printed(capsys, Hit("k", 12.0, "text", {}), Hit("l", 6.0, "text", {}))
    assert "█████░░░░░  l" in shown
    assert "██████████  k" in shown


def test_a_field_that_repeats_the_key_is_not_shown(capsys: pytest.CaptureFixture[str]) -> None:
    shown = printed(capsys, Hit("a.txt", 0.5, "text", {"path": "a.txt", "format": "txt"}))
    assert "path=" not in shown
    assert "format=txt" in shown


def test_words_that_carried_the_match_are_named_where_nothing_is_bold(
    capsys: pytest.CaptureFixture[str],
) -> None:
    words = [WordWeight("cold", 0.6, 4, 8, False), WordWeight("soup", 1.0, 9, 13, True)]
    assert "carried by soup, cold\n" in printed(
        capsys, Hit("k", 0.5, "the cold soup", {}, words=words)
    )
    nothing = [WordWeight("the", -0.2, 0, 3, False)]
    assert "carried by no single word" in printed(capsys, Hit("k", 0.5, "the", {}, words=nothing))


def test_a_filter_that_nothing_passes_is_told(indexed: Run) -> None:
    found = indexed("search", "reviews", "soup", "--where", "stars > 99")
    assert found.stdout == "nothing found\n"
    assert "no item passes the filter" in found.stderr


def test_the_parts_of_a_score_stand_below(capsys: pytest.CaptureFixture[str]) -> None:
    hit = Hit("k", 0.5, "text", {}, parts={"semantic": 0.25, "lexical": 3.5})
    assert "semantic 0.250 · lexical 3.500" in printed(capsys, hit)


def test_what_is_folded_is_named_in_short(capsys: pytest.CaptureFixture[str]) -> None:
    hit = Hit("k", 0.5, "text", {}, folded=["a", "b", "c", "d", "e"])
    assert "all but the same: a, b, c and 2 more" in printed(capsys, hit)
    assert "same" not in printed(capsys, Hit("k", 0.5, "text", {}, folded=[]))


def test_of_a_long_text_the_passage_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    text = "Before it. The very passage. After it."
    hit = Hit("k", 0.5, text, {}, passage=Passage(11, 28, "The very passage."))
    assert "…The very passage.…" in printed(capsys, hit).splitlines()


def test_a_passage_at_the_border_has_no_dots_there(capsys: pytest.CaptureFixture[str]) -> None:
    hit = Hit("k", 0.5, "First. Second.", {}, passage=Passage(0, 6, "First."))
    assert "First.…" in printed(capsys, hit).splitlines()


@pytest.mark.usefixtures("styled")
def test_words_that_carried_the_match_are_bold(capsys: pytest.CaptureFixture[str]) -> None:
    text = "the\n soup was cold"
    words = [
        WordWeight("soup", 0.7, 5, 9),
        WordWeight("was", 0.01, 10, 13),
        WordWeight("cold", 0.1, 14, 18, is_in_query=True),
    ]
    shown = printed(capsys, Hit("k", 0.5, text, {}, words=words))
    assert "the  \x1b[1msoup\x1b[0m was \x1b[1mcold\x1b[0m" in shown


def test_a_long_text_is_shown_around_the_word_that_carried_most(
    capsys: pytest.CaptureFixture[str],
) -> None:
    text = "x " * 500 + "soup" + " y" * 500
    hit = Hit("k", 0.5, text, {}, words=[WordWeight("soup", 1.0, 1000, 1004)])
    line = printed(capsys, hit).splitlines()[1]
    assert line.startswith("…x x")
    assert line.endswith("y…")
    assert " soup " in line
    assert len(line) <= 302


def test_notes_and_the_next_page_are_no_results(capsys: pytest.CaptureFixture[str]) -> None:
    print_hits(Hits([Hit("k", 0.5, "t", {})], after="abc", notes=["a note"]))
    out, err = capsys.readouterr()
    assert (out.count("note"), out.count("abc")) == (0, 0)
    assert err.splitlines() == ["a note", "next page: --after abc"]
