"""An mbox is parted into its mails, each under a key that stays."""

from __future__ import annotations

from pathlib import Path

import pytest

from semsearch.corpus import Item, Skipped, read_corpus
from semsearch.corpus.documents import limits
from tests.corpus.documents import making


def entries(path: Path, content: bytes) -> list[Item | Skipped]:
    path.write_bytes(content)
    return list(read_corpus(path).entries)


def test_mails_are_known_by_their_own_ids(tmp_path: Path) -> None:
    one, two = making.mail(name="<1@x>"), making.mail(name="<2@x>")
    nameless = making.mail().replace(b"Message-ID: <1@example.org>\n", b"")
    found = entries(tmp_path / "a.mbox", making.mbox(one, two, nameless, one))
    assert [entry.key for entry in found] == [
        "a.mbox#1@x", "a.mbox#2@x", "a.mbox#3", "a.mbox#1@x (2)",
    ]  # fmt: skip
    assert all(isinstance(entry, Item) for entry in found)


def test_lines_that_begin_with_from_do_not_part_a_mail(tmp_path: Path) -> None:
    mail = making.mail("It began.\n\nFrom here on it rained.\n\nFrom Ann at 10:30 on.\n")
    [found] = entries(tmp_path / "a.mbox", making.mbox(mail))
    assert isinstance(found, Item)
    assert found.text.endswith("From here on it rained.\n\nFrom Ann at 10:30 on.")


def test_an_unquoted_from_without_a_time_does_not_part_a_mail(tmp_path: Path) -> None:
    content = making.mbox(making.mail("It began.\n\nXrom here on it rained.\n"))
    [found] = entries(tmp_path / "a.mbox", content.replace(b"Xrom", b"From"))
    assert isinstance(found, Item)
    assert found.text.endswith("From here on it rained.")


def test_windows_line_ends_part_mails_too(tmp_path: Path) -> None:
    content = making.mbox(making.mail(name="<1@x>"), making.mail(name="<2@x>"))
    found = entries(tmp_path / "a.mbox", content.replace(b"\n", b"\r\n"))
    assert [entry.key for entry in found] == ["a.mbox#1@x", "a.mbox#2@x"]


def test_a_mail_that_is_too_large_is_told_and_the_others_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MAX_FILE", 1000)
    large = making.mail("soup " * 300, name="<2@x>")
    found = entries(tmp_path / "a.mbox", making.mbox(making.mail(name="<1@x>"), large))
    assert [entry.key for entry in found] == ["a.mbox#1@x", "a.mbox#2"]
    assert found[1] == Skipped(2, "a.mbox#2", "the file 'a.mbox#2' is larger than 100 MB")


def test_zeros_in_a_mail_are_left_out(tmp_path: Path) -> None:
    content = making.mbox(making.mail("cold Xsoup\n"))
    [found] = entries(tmp_path / "a.mbox", content.replace(b"X", b"\0"))
    assert isinstance(found, Item)
    assert found.text == "Soup\n\ncold soup"
