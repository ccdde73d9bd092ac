"""Local features: places are those of the picture given, and matches are each other's nearest."""

from __future__ import annotations

import threading
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from semsearch.errors import ContentError, ModuleError
from semsearch.modules.card import ModuleCard
from semsearch.modules.image import prepare_whole
from semsearch.modules.local_features import LocalFeatures, LocalModule, match
from semsearch.modules.networks.colours import CARD

LONGEST = 40
ORIENTATION = 0x0112


def card() -> ModuleCard:
    return replace(CARD, name="brightest", modality="local-features", dim=3)


def brightest(picture: np.ndarray, max_features: int) -> LocalFeatures:
    """The brightest pixels, described by their colours."""
    heat = picture.astype(np.float32).sum(2)
    order = np.argsort(-heat, axis=None, kind="stable")[:max_features]
    places = np.stack(np.unravel_index(order, heat.shape), 1)
    colours = picture[tuple(places.T)].astype(np.float32) + 1
    return LocalFeatures(
        places.astype(np.float32),
        colours / np.linalg.norm(colours, axis=1, keepdims=True),
        heat.reshape(-1)[order],
    )


@pytest.fixture
def module() -> LocalModule:
    return LocalModule(card(), lambda: brightest, LONGEST)


def with_white(size: tuple[int, int], box: tuple[int, int, int, int]) -> Image.Image:
    image = Image.new("RGB", size, "black")
    image.paste("white", box)
    return image


def features(*descriptors: tuple[float, ...]) -> LocalFeatures:
    array = np.array(descriptors, np.float32).reshape(len(descriptors), -1)
    zeros = np.zeros((len(descriptors), 2), np.float32)
    return LocalFeatures(zeros, array, zeros[:, 0])


def test_a_small_picture_is_looked_at_pixel_by_pixel(module) -> None:
    (found,) = module.local_features([with_white((30, 20), (7, 4, 8, 5))], max_features=1)
    assert found.locations.tolist() == [[4.0, 7.0]]
    assert found.locations.dtype == found.scores.dtype == np.float32


def test_places_in_a_large_picture_are_those_of_the_picture_given(module) -> None:
    # Eight pixels become one, whose middle lies between the fourth and the fifth.
    picture = with_white((320, 160), (80, 40, 88, 48))
    (found,) = module.local_features([picture], max_features=1)
    assert found.locations.tolist() == [[43.5, 83.5]]


def test_places_in_a_turned_picture_are_those_of_the_upright_one(module, tmp_path) -> None:
    picture = with_white((30, 20), (7, 4, 8, 5))
    exif = Image.Exif()
    exif[ORIENTATION] = 6  # shown turned by a quarter, clockwise
    picture.save(tmp_path / "turned.png", exif=exif)
    (found,) = module.local_features([tmp_path / "turned.png"], max_features=1)
    assert found.locations.tolist() == [[7.0, 15.0]]


def test_as_many_features_come_as_were_asked_for(module) -> None:
    pictures = [with_white((10, 5), (0, 0, 3, 3)), with_white((2, 2), (0, 0, 1, 1))]
    assert [len(each.scores) for each in module.local_features(pictures, 8)] == [8, 4]


def test_a_picture_that_cannot_be_read_is_named_by_its_position(module) -> None:
    with pytest.raises(ContentError, match="picture 1: this is no picture"):
        module.local_features([with_white((3, 3), (0, 0, 1, 1)), b"soup"])


def test_slips_of_the_caller_are_told(module) -> None:
    with pytest.raises(TypeError, match="list of pictures"):
        module.local_features("one.png")
    with pytest.raises(ValueError, match="max_features must be 1 or more, got 0"):
        module.local_features([], max_features=0)


@pytest.mark.parametrize("method", ["encode", "encode_prepared", "prepare"])
def test_there_is_no_single_vector_for_a_picture(module, method: str) -> None:
    with pytest.raises(ModuleError, match="'brightest' gives many vectors a picture"):
        getattr(module, method)([])


def test_many_threads_build_the_network_once() -> None:
    built = []
    module = LocalModule(card(), lambda: built.append(1) or brightest, LONGEST)
    picture = with_white((9, 9), (1, 1, 2, 2))
    threads = [threading.Thread(target=module.local_features, args=([picture],)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert built == [1]


def test_matches_are_each_others_nearest() -> None:
    first = features((1, 0, 0), (0, 1, 0), (0.6, 0.8, 0))
    second = features((0, 1, 0), (0, 0, 1), (1, 0, 0))
    assert match(first, second).tolist() == [[0, 2], [1, 0]]


def test_without_features_there_are_no_matches() -> None:
    some, none = features((1, 0, 0)), replace(features((1, 0, 0)), scores=np.empty(0))
    assert match(some, none).shape == match(none, some).shape == (0, 2)


@pytest.mark.parametrize("size", [(600, 200), (200, 600), (41, 1), (1, 41)])
def test_a_whole_picture_keeps_its_shape_within_its_bound(size: tuple[int, int]) -> None:
    array, (height, width) = prepare_whole(Image.new("L", size), LONGEST)
    assert (width, height) == size
    assert max(array.shape[:2]) == LONGEST
    assert array.shape[2] == 3


def test_a_jpeg_decoded_at_a_smaller_scale_still_tells_its_full_size(tmp_path) -> None:
    Image.new("RGB", (1601, 803), "red").save(tmp_path / "large.jpg")
    array, size = prepare_whole(tmp_path / "large.jpg", LONGEST)
    assert size == (803, 1601)
    assert array.shape == (20, 40, 3)
