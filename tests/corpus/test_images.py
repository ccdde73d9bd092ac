"""Folders and zips of images: what is read, what is left alone, and what is told."""

from __future__ import annotations

import io
import os
import stat
from pathlib import Path
from zipfile import ZIP_BZIP2, ZIP_DEFLATED, ZIP_LZMA, ZIP_STORED, ZipFile, ZipInfo

import pandas as pd
import pytest
from PIL import Image

from semsearch.corpus import Item, Skipped, images, read_corpus, sample_path
from semsearch.errors import SourceError
from semsearch.modules.image import FORMATS


def picture(colour: str, kind: str = "PNG") -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (4, 3), colour).save(file, kind)
    return file.getvalue()


RED, BLUE = picture("red"), picture("blue", "JPEG")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two images, one of them in a folder inside, and things that are none."""
    root = tmp_path / "photos"
    (root / "sea").mkdir(parents=True)
    (root / ".cache").mkdir()
    (root / "red.png").write_bytes(RED)
    (root / "sea" / "blue.JPG").write_bytes(BLUE)
    (root / "readme.txt").write_text("no image")
    (root / ".hidden.png").write_bytes(RED)
    (root / ".cache" / "red.png").write_bytes(RED)
    return root


def zipped(folder: Path) -> Path:
    path = folder.with_suffix(".zip")
    with ZipFile(path, "w", ZIP_DEFLATED) as archive:
        for each in sorted(folder.rglob("*")):
            archive.write(each, each.relative_to(folder))
    return path


def entries(source: object, **columns: object) -> list[Item | Skipped]:
    return list(read_corpus(source, **columns).entries)


def reasons(source: object, **columns: object) -> list[str]:
    return [entry.reason for entry in entries(source, **columns) if isinstance(entry, Skipped)]


def complaint(source: object, **columns: object) -> str:
    with pytest.raises(SourceError) as caught:
        read_corpus(source, **columns)
    assert caught.value.remedy
    return str(caught.value)


@pytest.mark.parametrize("is_zip", [False, True])
def test_a_folder_and_its_zip_give_the_same_items(folder: Path, is_zip: bool) -> None:
    corpus = read_corpus(zipped(folder) if is_zip else folder)
    assert (corpus.name, corpus.modality, corpus.size, corpus.fields) == ("photos", "image", 2, ())
    assert list(corpus.entries) == [
        Item(1, "red.png", RED, "", {}),
        Item(2, "sea/blue.JPG", BLUE, "", {}),
    ]


@pytest.mark.parametrize("is_zip", [False, True])
def test_a_table_of_items_brings_keys_texts_and_fields(folder: Path, is_zip: bool) -> None:
    table = (
        "file,key,text,year,depth\n./sea/blue.JPG,the-sea,Deep water,1999,3.5\ngone.png,gone,,,\n"
    )
    (folder / "items.csv").write_text(table)
    corpus = read_corpus(zipped(folder) if is_zip else folder)
    assert (corpus.size, corpus.fields) == (3, ("year", "depth"))
    assert list(corpus.entries) == [
        Item(1, "the-sea", BLUE, "Deep water", {"year": 1999, "depth": 3.5}),
        Skipped(2, "gone", "the file 'gone.png' is not there"),
        Item(3, "red.png", RED, "", {"year": None, "depth": None}),
    ]


def test_a_table_of_items_may_be_json_lines_and_its_columns_chosen(folder: Path) -> None:
    (folder / "items.jsonl").write_text('{"file": "red.png", "nr": 7, "title": "Red"}\n')
    first = entries(folder, key="nr", text="title")[0]
    assert first == Item(1, "7", RED, "Red", {})
    assert [entry.fields["nr"] for entry in entries(folder)] == [7, None]


def test_a_table_of_items_that_is_a_link_is_not_read(folder: Path) -> None:
    (folder.parent / "secret.csv").write_text("file,code\nred.png,secret\n")
    (folder / "items.csv").symlink_to(folder.parent / "secret.csv")
    assert read_corpus(folder).fields == ()


def test_a_folder_of_images_has_no_column_of_them(folder: Path) -> None:
    with pytest.raises(ValueError, match="names a column of a table"):
        read_corpus(folder, image="photo")


def test_a_table_of_items_must_name_the_files(folder: Path) -> None:
    (folder / "items.csv").write_text("name\nred.png\n")
    assert "'items.csv' in" in complaint(folder)
    assert "has no column 'file'" in complaint(folder)


def test_a_table_may_name_images_beside_it(folder: Path) -> None:
    path = folder / "list.csv"
    path.write_text("photo,text,stars\nred.png,Red,4\nsea/blue.JPG,Blue,5\n,,\n")
    assert entries(path, image="photo") == [
        Item(1, "1", RED, "Red", {"stars": 4}),
        Item(2, "2", BLUE, "Blue", {"stars": 5}),
        Skipped(3, "3", "its image ('photo') is empty"),
    ]


def test_a_table_on_the_disk_cannot_name_files_outside_its_folder(folder: Path) -> None:
    (folder.parent / "secret.png").write_bytes(RED)
    (folder / "out").symlink_to(folder.parent)
    path = folder / "list.csv"
    path.write_text(f"photo\n../secret.png\n{folder.parent}/secret.png\nout/secret.png\n")
    assert all("leads out of the folder" in reason for reason in reasons(path, image="photo"))
    assert len(reasons(path, image="photo")) == 3


def test_rows_in_memory_may_name_any_file_or_hold_bytes(folder: Path) -> None:
    frame = pd.DataFrame({"photo": [str(folder / "red.png"), BLUE, b"no image"]})
    red, blue, broken = entries(frame, image="photo")
    assert (red.content, blue.content) == (RED, BLUE)
    assert broken == Skipped(3, "3", "the image is not a readable image (UnidentifiedImageError)")


def test_links_are_not_followed(folder: Path) -> None:
    (folder / "link.png").symlink_to(folder / "red.png")
    (folder / "sea" / "loop").symlink_to(folder)
    assert [entry.key for entry in entries(folder)] == ["link.png", "red.png", "sea/blue.JPG"]
    assert reasons(folder) == ["the file 'link.png' is a symbolic link, and links are not followed"]


def test_a_named_pipe_among_the_images_does_not_hang(folder: Path) -> None:
    os.mkfifo(folder / "pipe.png")
    assert reasons(folder) == ["the file 'pipe.png' is not a regular file"]


def test_a_file_over_the_cap_is_skipped_unread(folder: Path) -> None:
    with (folder / "huge.png").open("wb") as file:
        file.truncate(images.MAX_FILE + 1)
    assert reasons(folder) == ["the file 'huge.png' is larger than 100 MB"]
    archive = zipped(folder)
    assert reasons(archive) == ["the file 'huge.png' is larger than 100 MB"]


def test_what_only_looks_like_an_image_is_skipped(folder: Path) -> None:
    (folder / "empty.png").write_bytes(b"")
    (folder / "text.png").write_bytes(b"not pixels")
    assert reasons(folder) == [
        "the file 'empty.png' is empty",
        "the file 'text.png' is not a readable image (UnidentifiedImageError)",
    ]


def test_an_image_of_too_many_pixels_is_skipped(folder: Path) -> None:
    header = picture("red", "BMP")
    wide = header[:18] + (30_000).to_bytes(4, "little") + (30_000).to_bytes(4, "little")
    (folder / "bomb.bmp").write_bytes(wide + header[26:])
    assert reasons(folder) == ["the file 'bomb.bmp' has too many pixels"]


def test_a_jpeg_of_200_million_pixels_is_read_and_one_of_more_is_skipped(folder: Path) -> None:
    frame = BLUE.index(b"\xff\xc0")  # what is checked is the header alone
    for name, width in (("phone.jpg", 16_320), ("satellite.jpg", 65_000)):
        size = (12_240).to_bytes(2, "big") + width.to_bytes(2, "big")
        (folder / name).write_bytes(BLUE[: frame + 5] + size + BLUE[frame + 9 :])
    assert reasons(folder) == ["the file 'satellite.jpg' has too many pixels"]
    assert len(entries(folder)) == 4


def test_an_image_without_the_right_to_read_it_is_skipped(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> int:
        raise PermissionError(13, "Permission denied")  # root, who runs CI, is never refused

    monkeypatch.setattr(images.os, "open", refuse)
    assert reasons(folder) == [
        "the file 'red.png' cannot be opened (Permission denied)",
        "the file 'sea/blue.JPG' cannot be opened (Permission denied)",
    ]


def test_names_that_lead_out_of_a_zip_are_only_names(folder: Path) -> None:
    path = folder / "evil.zip"
    with ZipFile(path, "w") as archive:
        archive.writestr("../../out.png", RED)
        archive.writestr("/etc/out.png", RED)
    before = sorted(folder.parent.rglob("*"))
    assert [entry.key for entry in entries(path)] == ["../../out.png", "/etc/out.png"]
    assert sorted(folder.parent.rglob("*")) == before


def test_links_and_broken_members_of_a_zip_are_skipped(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    link = ZipInfo("link.png")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with ZipFile(path, "w") as archive:
        archive.writestr(link, "/etc/passwd")
        archive.writestr("red.png", RED)
    content = bytearray(path.read_bytes())
    content[content.index(RED) + 20] ^= 0xFF
    path.write_bytes(content)
    told = reasons(path)
    assert told[0] == "the file 'link.png' is a symbolic link, and links are not followed"
    assert told[1].startswith("the file 'red.png' cannot be read from the archive (Bad CRC-32")


def test_a_zip_bomb_is_never_read_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "bomb.zip"
    with ZipFile(path, "w") as archive:
        archive.writestr("zeros.png", bytes(10_000))
    content = bytearray(path.read_bytes())
    content[5_000] = 1  # whoever read it whole would find a wrong checksum
    path.write_bytes(content)
    assert "Bad CRC-32" in reasons(path)[0]
    monkeypatch.setattr(images, "MAX_FILE", 9_999)
    assert "larger than" in reasons(path)[0]


def test_a_folder_or_zip_without_images_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x")
    assert "there are no images in" in complaint(tmp_path)
    with ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("__MACOSX/._red.png", RED)
        archive.writestr("folder.png/", b"")
    assert "there are no images in" in complaint(tmp_path / "a.zip")


def test_a_zip_that_is_none_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with ZipFile(path, "w") as archive:
        archive.writestr("\u00fc.png", RED)
    whole = path.read_bytes()
    broken_name = whole.replace("\u00fc".encode(), b"\xfc ")
    for content in (RED, b"", whole[:-30], broken_name):
        path.write_bytes(content)
        assert "cannot be read as a zip archive" in complaint(path)


@pytest.mark.parametrize("content", [None, b"", RED], ids=["gone", "empty", "another"])
def test_a_zip_that_is_cut_or_gone_after_the_check_is_told(
    folder: Path, content: bytes | None
) -> None:
    path = zipped(folder)
    corpus = read_corpus(path)
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SourceError, match="cannot be read as a zip archive") as caught:
        list(corpus.entries)
    assert caught.value.remedy


def test_a_zip_that_is_exchanged_after_the_check_skips_what_it_has_not(folder: Path) -> None:
    path = zipped(folder)
    corpus = read_corpus(path)
    with ZipFile(path, "w") as archive:
        archive.writestr("\u00fc.png", RED)
        archive.writestr("other.png", BLUE)
    told = [entry.reason for entry in corpus.entries if isinstance(entry, Skipped)]
    assert len(told) == 2
    assert all("cannot be read from the archive" in reason for reason in told)


@pytest.mark.parametrize("method", [ZIP_STORED, ZIP_DEFLATED, ZIP_BZIP2, ZIP_LZMA])
def test_damaged_bytes_of_every_compression_skip_the_file(tmp_path: Path, method: int) -> None:
    path = tmp_path / "a.zip"
    with ZipFile(path, "w", method) as archive:
        archive.writestr("noise.bmp", picture("red", "BMP") + os.urandom(5000))
    whole = path.read_bytes()
    for place in (60, 200, 2000):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :])
        assert "cannot be read from the archive" in reasons(path)[0]


def test_images_are_read_one_at_a_time(folder: Path) -> None:
    corpus = read_corpus(folder)
    (folder / "sea" / "blue.JPG").unlink()
    assert next(corpus.entries).key == "red.png"
    assert next(corpus.entries) == Skipped(
        2, "sea/blue.JPG", "the file 'sea/blue.JPG' is not there"
    )


def test_the_samples_are_whole() -> None:
    reviews = read_corpus(sample_path("reviews"), text="review", key="id")
    assert (reviews.size, reviews.fields) == (3000, ("label", "source"))
    assert {type(entry) for entry in reviews.entries} == {Item}
    pictures = read_corpus(sample_path("pictures"))
    assert (pictures.size, pictures.fields) == (1000, ("group", "subgroup", "tags"))
    first = next(pictures.entries)
    assert (first.key, first.text) == ("grinning-face", "grinning face")


@pytest.mark.parametrize("is_zip", [False, True])
def test_avif_pictures_are_found_and_told_from_damaged_ones(folder: Path, is_zip: bool) -> None:
    avif = picture("green", "AVIF")
    (folder / "green.avif").write_bytes(avif)
    (folder / "grey.AVIF").write_bytes(avif[:40])
    source = zipped(folder) if is_zip else folder
    assert [entry.content for entry in entries(source) if isinstance(entry, Item)] == [
        avif,
        RED,
        BLUE,
    ]
    assert reasons(source) == [
        "the file 'grey.AVIF' is not a readable image (UnidentifiedImageError)"
    ]


def test_what_is_taken_for_an_image_is_what_image_modules_read() -> None:
    assert set(images.IMAGE_FORMATS) == set(FORMATS)
    suffixes = Image.registered_extensions()
    assert {suffixes[each] for each in images.IMAGE_SUFFIXES} == set(FORMATS)


def test_an_unknown_sample_is_told_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match="there are: reviews, pictures"):
        sample_path("shoes")
