"""Text tables in other encodings than UTF-8: found out, told, and overridden by name."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import semsearch
from semsearch.corpus import Corpus, Item, read_corpus, text_files
from semsearch.errors import SourceError

RUSSIAN = "Отель был грязный и шумный и завтрак вкусный"
CASES = [
    ("cp1251", RUSSIAN),
    ("koi8-r", RUSSIAN),
    ("cp932", "日本語のテキストはここにあります"),
    ("gb18030", "今天天气很好，我们去公园散步"),
    ("cp949", "호텔은 깨끗했고 아침 식사는 맛있었습니다"),
    ("cp1252", "The café’s crème brûlée was cold, “déjà vu” and naïve jalapeño"),
    ("utf-16", RUSSIAN),
    ("utf-16-le", "The soup was cold, né"),
    ("utf-16-be", "The soup was cold, né"),
    ("utf-32", RUSSIAN),
]


def table(suffix: str, texts: list[str]) -> str:
    if suffix == ".jsonl":
        return "".join(json.dumps({"text": each}, ensure_ascii=False) + "\n" for each in texts)
    if suffix == ".json":
        return json.dumps([{"text": each} for each in texts], ensure_ascii=False)
    return "text\n" + "".join(f'"{each}"\n' for each in texts)


def write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def texts_of(corpus: Corpus) -> list[str]:
    return [each.text for each in corpus.entries if isinstance(each, Item) and each.text]


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".json", ".jsonl"])
@pytest.mark.parametrize(("encoding", "text"), CASES)
def test_a_table_in_another_encoding_is_read_as_it_was_written(
    tmp_path: Path, suffix: str, encoding: str, text: str
) -> None:
    texts = [f"{text} {number}" for number in range(40)]
    found = read_corpus(write(tmp_path / f"a{suffix}", table(suffix, texts).encode(encoding)))
    assert texts_of(found) == texts
    (note,) = found.notes
    assert encoding.split("-", maxsplit=1)[0] in note.lower()


def test_a_guess_is_told_with_words_to_judge_it_by(tmp_path: Path) -> None:
    content = table(".csv", ["crème brûlée", "plain", "déjà vu"] * 9).encode("cp1252")
    (note,) = read_corpus(write(tmp_path / "a.csv", content)).notes
    assert note == (
        "it is no UTF-8; read as cp1252, a guess (it holds crème, brûlée, déjà):"
        " --encoding names another"
    )


def test_a_single_odd_letter_far_down_is_found(tmp_path: Path) -> None:
    content = b"text\n" + b"plain soup\n" * 300_000 + b"caf\xe9\n"
    *_, last = texts_of(read_corpus(write(tmp_path / "a.csv", content)))
    assert last == "café"


def test_the_encoding_that_is_named_is_taken(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "text\nсуп\n".encode("koi8-r"))
    found = read_corpus(path, encoding="KOI8-R")
    assert (texts_of(found), found.notes) == (["суп"], ())


@pytest.mark.parametrize("name", ["utf-16", "utf-16-le", "UTF_16"])
def test_a_mark_is_no_part_of_the_header_where_its_encoding_is_named(
    tmp_path: Path, name: str
) -> None:
    path = write(tmp_path / "a.csv", b"\xff\xfe" + "text\nсуп\n".encode("utf-16-le"))
    assert read_corpus(path, encoding=name).text_columns == ("text",)


def test_plain_utf8_has_no_note(tmp_path: Path) -> None:
    assert read_corpus(write(tmp_path / "a.csv", "text\ncafé\n".encode("utf-8-sig"))).notes == ()


def test_a_table_of_utf8_with_a_broken_place_is_refused_with_the_place(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "text\ncafé\ncafé\n".encode() + b"caf\xe9\n")
    with pytest.raises(SourceError, match="is not UTF-8: byte 20, in line 4, is 0xe9"):
        read_corpus(path)


def test_a_file_that_ends_within_a_character_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="byte 6, in line 2"):
        read_corpus(write(tmp_path / "a.csv", b"text\na\xe2\x82"))


def test_a_wrong_byte_after_many_blocks_is_told_where(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text_files, "BLOCK", 7)
    path = write(tmp_path / "a.csv", b"text\n" + "суп\n".encode("cp1251") * 9 + b"\x98\n")
    with pytest.raises(SourceError, match="is not CP1251: byte 41, in line 11, is 0x98"):
        read_corpus(path, encoding="cp1251")


def test_adding_tells_which_encoding_was_taken(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", table(".csv", [RUSSIAN] * 9).encode("cp1251"))
    collection = semsearch.create(tmp_path / "c", module="hashing")
    assert "read as cp1251" in " ".join(collection.add(path).notes)
    assert collection.add(path, encoding="cp1251").notes == []


@pytest.mark.parametrize("name", ["nope", "rot13", "idna"])
def test_an_encoding_that_is_none_of_texts_is_a_slip(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match=f"there is no encoding '{name}'; try 'cp1252'"):
        read_corpus(write(tmp_path / "a.csv", b"text\nsoup\n"), encoding=name)


def test_an_encoding_is_only_named_for_text_tables(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="encoding= names the encoding of a csv"):
        read_corpus(tmp_path, encoding="cp1252")


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("cp1250", "Příliš žluťoučký kůň úpěl ďábelské ódy, řekl děda"),
        ("cp1254", "Güneş doğdu ve çocuklar sokağa çıktı, şarkı söylüyorlar"),
        ("cp1252", "Größe über alles, schöne Füße"),
        ("cp1252", "Señor, ¿dónde está la niña?"),
        ("cp1252", "Un café à côté de l’hôtel, déjà vu"),
        ("cp1252", "Smørrebrød på Østerbro er værd at vente på"),
    ],
)
def test_languages_of_latin_letters_are_told_apart(
    tmp_path: Path, encoding: str, text: str
) -> None:
    assert texts_of(read_corpus(write(tmp_path / "a.tsv", f"text\n{text}\n".encode(encoding)))) == [
        text
    ]
