"""What a handle gave is written down at first use, and trust is in the content."""

from __future__ import annotations

import pytest

from semsearch.errors import ModuleError


@pytest.fixture
def soup(tmp_path, make_module):
    return make_module(tmp_path / "soup")


def change(folder) -> None:
    (folder / "assets" / "words.txt").write_bytes(b"shoes\n")


def only_pin(cache):
    (pin,) = (cache / "pins").iterdir()
    return pin


def test_a_folder_that_changed_is_refused_by_name_with_both_digests(soup, find) -> None:
    old = find(soup).digest
    change(soup)
    with pytest.raises(ModuleError, match=f"was {old} and is now ") as info:
        find(soup)
    new = info.value.problem.rsplit(maxsplit=1)[-1]
    assert len(new) == 64 and new != old
    assert str(soup) in info.value.problem
    assert f"semsearch modules add --update {str(soup)!r}" in info.value.remedy
    assert find(soup, update=True).digest == new == find(soup).digest


def test_the_pin_belongs_to_the_place_and_not_to_how_it_is_written(soup, find, monkeypatch) -> None:
    find(soup)
    change(soup)
    monkeypatch.chdir(soup.parent)
    with pytest.raises(ModuleError, match="is not what it was"):
        find("soup#layer=3")


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"digest": 3}', '{"digest": "ab"}', "\xff", "[" * 200_000]
)
def test_a_pin_that_cannot_be_read_is_refused_and_not_written_anew(text, soup, find, cache) -> None:
    find(soup)
    only_pin(cache).write_bytes(text.encode("latin-1"))
    for _ in range(2):
        with pytest.raises(ModuleError, match="at its first use cannot be read") as info:
            find(soup)
    assert str(only_pin(cache)) in info.value.problem
    assert find(soup, update=True).digest == find(soup).digest


def test_nothing_is_trusted_until_the_user_says_so_and_then_it_is_remembered(soup, find) -> None:
    assert not find(soup).is_trusted
    assert find(soup, trust=True).is_trusted
    assert find(soup).is_trusted


def test_trust_goes_with_the_content_wherever_it_lies(soup, find, tmp_path, tar_gz) -> None:
    find(soup, trust=True)
    (tmp_path / "packed.tgz").write_bytes(tar_gz(top="inner/"))
    assert find(tmp_path / "packed.tgz").is_trusted


def test_changed_content_is_not_trusted_any_more(soup, find) -> None:
    find(soup, trust=True)
    change(soup)
    assert not find(soup, update=True).is_trusted


def test_a_damaged_note_of_trust_means_no_trust(soup, find, cache) -> None:
    find(soup, trust=True)
    (note,) = (cache / "trust").iterdir()
    for damaged in (note.read_bytes()[:10], b"[" * 200_000):
        note.write_bytes(damaged)
        assert not find(soup).is_trusted
    assert find(soup, trust=True).is_trusted
