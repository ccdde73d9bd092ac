"""A collection of images: a folder in, thumbnails out, searched by image."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from PIL import Image

import semsearch
from semsearch.errors import CollectionDamaged, CollectionError, ContentError, KeyNotFound


def picture(colour: str, size: tuple[int, int] = (120, 80)) -> Image.Image:
    return Image.new("RGB", size, colour)


def as_bytes(image: Image.Image, kind: str = "PNG") -> bytes:
    file = io.BytesIO()
    image.save(file, kind)
    return file.getvalue()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "photos"
    (path / "warm").mkdir(parents=True)
    picture("red").save(path / "warm" / "red.png")
    picture("orange").save(path / "warm" / "orange.jpg")
    picture("blue", (600, 300)).save(path / "blue.png")
    (path / "notes.txt").write_text("not an image")
    (path / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 broken")
    return path


@pytest.fixture
def photos(tmp_path: Path, folder: Path) -> semsearch.Collection:
    made = semsearch.create(tmp_path / "indexes" / "photos", module="colours")
    made.add(folder)
    return made


def test_the_key_of_a_picture_is_its_path_and_broken_ones_are_skipped(
    tmp_path: Path, folder: Path
) -> None:
    with semsearch.create(tmp_path / "c", module="colours") as made:
        report = made.add(folder)
        assert sorted(made.vectors()[0]) == ["blue.png", "warm/orange.jpg", "warm/red.png"]
        assert [row.key for row in report.skipped] == ["broken.jpg"]


def test_a_picture_is_searched_by_path_bytes_or_image(
    photos: semsearch.Collection, folder: Path
) -> None:
    red = picture("#f00808")
    for question in (folder / "warm" / "red.png", as_bytes(red), red):
        assert photos.search(image=question, k=1)[0].key == "warm/red.png"


def test_similar_pictures_are_near(photos: semsearch.Collection) -> None:
    assert [hit.key for hit in photos.similar("warm/red.png")] == ["warm/orange.jpg", "blue.png"]


def test_the_same_folder_again_is_unchanged(photos: semsearch.Collection, folder: Path) -> None:
    report = photos.add(folder)
    assert (report.added, report.updated, report.unchanged) == (0, 0, 3)


def test_a_changed_picture_is_updated(photos: semsearch.Collection, folder: Path) -> None:
    picture("green").save(folder / "blue.png")
    report = photos.add(folder)
    assert (report.added, report.updated, report.unchanged) == (0, 1, 2)
    assert photos.image("blue.png") == (folder / "blue.png").read_bytes()


def test_a_second_folder_does_not_replace_files_of_the_same_path(
    photos: semsearch.Collection, tmp_path: Path
) -> None:
    other = tmp_path / "holiday"
    other.mkdir()
    picture("white").save(other / "blue.png")
    assert photos.add(other).added == 1
    assert len(photos) == 4
    assert photos.get(["holiday:blue.png"])[0].key == "holiday:blue.png"


def test_the_original_bytes_are_kept(photos: semsearch.Collection, folder: Path) -> None:
    original = (folder / "warm" / "orange.jpg").read_bytes()
    (folder / "warm" / "orange.jpg").unlink()
    assert photos.image("warm/orange.jpg") == original


def test_a_thumbnail_is_a_small_webp_that_can_be_made_again(photos: semsearch.Collection) -> None:
    first = photos.thumbnail("blue.png", 64)
    with Image.open(io.BytesIO(first)) as small:
        assert (small.format, small.size) == ("WEBP", (64, 32))
    for kept in (photos.path / "derived" / "thumbnails").iterdir():
        kept.unlink()
    assert photos.thumbnail("blue.png", 64) == first


def test_a_read_only_collection_makes_thumbnails_without_keeping_them(
    photos: semsearch.Collection,
) -> None:
    with semsearch.open(photos.path, read_only=True) as reader:
        assert reader.thumbnail("blue.png", 32)
    assert not (photos.path / "derived" / "thumbnails").exists()


def test_a_zip_with_a_table_brings_texts_keys_and_fields(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "set.zip", "w") as archive:
        archive.writestr("a.png", as_bytes(picture("red")))
        archive.writestr("b.png", as_bytes(picture("blue")))
        archive.writestr(
            "items.csv", "file,key,text,group\na.png,A,red one,warm\nb.png,B,blue one,cold\n"
        )
    with semsearch.create(tmp_path / "c", module="colours") as made:
        made.add(tmp_path / "set.zip")
        [hit] = made.search(image=picture("red"), k=5, where="\"group\" = 'warm'")
        assert (hit.key, hit.text, hit.fields) == ("A", "red one", {"group": "warm"})


def test_pictures_are_classified_by_key_path_or_image(
    photos: semsearch.Collection, folder: Path
) -> None:
    examples = {"warm": ["warm/red.png", "warm/orange.jpg"], "cold": ["blue.png"]}
    classifier = photos.train("warmth", examples, keys=True)
    found = classifier.predictions([picture("#f00808"), str(folder / "blue.png")])
    assert [(one.key, one.label) for one in found] == [("1", "warm"), ("2", "cold")]
    assert classifier.predictions(["blue.png"])[0].key == "blue.png"


def test_a_query_that_is_no_image_is_told(photos: semsearch.Collection) -> None:
    with pytest.raises(ContentError):
        photos.search(image=b"not an image")


def test_a_picture_collection_refuses_a_text(photos: semsearch.Collection) -> None:
    with pytest.raises(CollectionError, match="reads images, not texts"):
        photos.search("a red thing")


def test_texts_do_not_go_into_a_collection_of_pictures(photos: semsearch.Collection) -> None:
    with pytest.raises(CollectionError, match="holds texts, and the collection 'photos' images"):
        photos.add(["a text"])


def test_an_item_without_a_picture_says_so(collection: semsearch.Collection) -> None:
    with pytest.raises(CollectionError, match="has no image"):
        collection.thumbnail("r-1")
    with pytest.raises(KeyNotFound):
        collection.image("nothing")


def test_a_lost_original_is_told_with_the_remedy(photos: semsearch.Collection) -> None:
    for blob in (photos.path / "blobs").rglob("*"):
        if blob.is_file():
            blob.unlink()
    with pytest.raises(CollectionDamaged, match="add its image again"):
        photos.image("blue.png")
