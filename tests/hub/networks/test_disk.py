"""DISK: a tiny one equals plain numpy, the real one PyTorch, and a shifted view is matched."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw

from semsearch.errors import ModuleError
from semsearch.modules.local_features import match
from semsearch.modules.networks import disk

pytestmark = [pytest.mark.tensorflow]

WIDTHS = (3, 4, 5, 6, 6)
DIM = 7


@pytest.fixture(scope="module")
def state() -> dict[str, np.ndarray]:
    """Random weights under the names of the file, a few channels wide."""
    random, arrays = np.random.default_rng(4), {}

    def add(name: str, channels: int, width: int) -> None:
        kernel = random.normal(0, 0.2, (width, channels, 5, 5))
        arrays[f"{name}.3.weight"] = kernel.astype(np.float32)
        arrays[f"{name}.3.bias"] = random.normal(0, 0.2, width).astype(np.float32)
        if name != "unet.path_down.0.1":
            arrays[f"{name}.1.weight"] = random.uniform(0, 0.5, channels).astype(np.float32)

    for number, width in enumerate(WIDTHS):
        add(f"unet.path_down.{number}.1", (3, *WIDTHS)[number], width)
    channels = WIDTHS[-1]
    for number, beside in enumerate(WIDTHS[-2::-1]):
        width = DIM + 1 if number == 3 else 5
        add(f"unet.path_up.{number}.conv", channels + beside, width)
        channels = width
    return arrays


def plain_dense(state: dict[str, np.ndarray], picture: np.ndarray) -> np.ndarray:
    """The network as it was published, in float64, on one picture (h, w, 3) from 0 to 1."""

    def run(x: np.ndarray, name: str) -> np.ndarray:
        if f"{name}.1.weight" in state:
            x = (x - x.mean((0, 1))) / np.sqrt(x.var((0, 1)) + 1e-5)
            x = np.where(x > 0, x, x * state[f"{name}.1.weight"])
        x = np.pad(x, ((2, 2), (2, 2), (0, 0)))
        windows = np.lib.stride_tricks.sliding_window_view(x, (5, 5), (0, 1))
        kernel = state[f"{name}.3.weight"].astype(np.float64)
        y = np.einsum("yxcij,ocij->yxo", windows, kernel, optimize=True)
        return y + state[f"{name}.3.bias"]

    def halved(x: np.ndarray) -> np.ndarray:
        height, width, channels = x.shape
        return x.reshape(height // 2, 2, width // 2, 2, channels).mean((1, 3))

    def doubled(x: np.ndarray) -> np.ndarray:
        for axis in (0, 1):
            before, after = (np.roll(x, by, axis) for by in (1, -1))
            first, last = (slice(None),) * axis + (0,), (slice(None),) * axis + (-1,)
            before[first], after[last] = x[first], x[last]
            pair = np.stack([0.25 * before + 0.75 * x, 0.75 * x + 0.25 * after], axis + 1)
            shape = [2 * side if at == axis else side for at, side in enumerate(x.shape)]
            x = pair.reshape(shape)
        return x

    maps = [run(picture, "unet.path_down.0.1")]
    for number in range(1, 5):
        maps.append(run(halved(maps[-1]), f"unet.path_down.{number}.1"))
    x = maps.pop()
    for number in range(4):
        x = run(np.concatenate([doubled(x), maps.pop()], 2), f"unet.path_up.{number}.conv")
    return x


def plain_features(state, picture: np.ndarray, n: int) -> tuple[np.ndarray, ...]:
    height, width = picture.shape[:2]
    framed = np.pad(picture / 255, ((0, -height % 16), (0, -width % 16), (0, 0)))
    dense = plain_dense(state, framed)[:height, :width]
    heat = dense[..., -1]
    around = np.pad(heat, 2, constant_values=-np.inf)
    windows = np.lib.stride_tricks.sliding_window_view(around, (5, 5))
    places = np.argwhere((heat == windows.max((2, 3))) & (heat > 0))
    scores = heat[tuple(places.T)]
    order = np.argsort(-scores)[:n]
    descriptors = dense[tuple(places[order].T)][:, :-1]
    lengths = np.linalg.norm(descriptors, axis=1, keepdims=True)
    return places[order], descriptors / lengths, scores[order]


@pytest.mark.parametrize(("size", "n"), [((32, 48), 1000), ((37, 21), 1000), ((37, 21), 5)])
def test_a_tiny_network_equals_plain_numpy(state, size: tuple[int, int], n: int) -> None:
    picture = np.random.default_rng(8).integers(0, 256, (*size, 3), np.uint8)
    found = disk.Network(state).detect(picture, n)
    locations, descriptors, scores = plain_features(state, picture, n)
    assert 5 <= len(scores) <= n
    assert found.locations.tolist() == locations.tolist()
    assert found.descriptors == pytest.approx(descriptors, abs=1e-4)
    assert found.scores == pytest.approx(scores, abs=1e-4)


@pytest.mark.parametrize("size", [(1, 1), (3, 70)])
def test_pictures_of_any_size_are_taken(state, size: tuple[int, int]) -> None:
    found = disk.Network(state).detect(np.full((*size, 3), 128, np.uint8), 10)
    assert found.locations.shape == (len(found.scores), 2)
    assert np.isfinite(found.descriptors).all()


@pytest.mark.parametrize(("lower", "is_any"), [(0.5, True), (100, False)])
def test_places_without_heat_are_no_features(state, lower: float, is_any: bool) -> None:
    picture = np.random.default_rng(8).integers(0, 256, (32, 48, 3), np.uint8)
    warm = disk.Network(state).detect(picture, 1000)
    name = "unet.path_up.3.conv.3.bias"
    bias = state[name] - np.float32(lower) * (np.arange(DIM + 1) == DIM)
    cold = disk.Network(state | {name: bias.astype(np.float32)}).detect(picture, 1000)
    expected = warm.scores[warm.scores > lower] - lower
    assert cold.scores == pytest.approx(expected, abs=1e-4)
    assert (0 < len(cold.scores) < len(warm.scores)) == is_any
    assert cold.locations.shape == (len(expected), 2)


@pytest.mark.parametrize("name", ["unet.path_down.0.1.3.bias", "unet.path_up.2.conv.1.weight"])
def test_weights_without_a_tensor_are_refused_by_its_name(state, name: str) -> None:
    rest = {each: array for each, array in state.items() if each != name}
    with pytest.raises(ModuleError, match=f"hold no tensor '{name}'"):
        disk.Network(rest)


@pytest.mark.slow
def test_the_real_network_equals_pytorch(patches, reference) -> None:
    picture = Image.fromarray(np.ascontiguousarray(patches(104)[0][:100, :88]))
    (found,) = disk.disk().local_features([picture])
    assert found.locations.tolist() == reference["disk locations"].tolist()
    assert found.descriptors[:10] == pytest.approx(reference["disk descriptors"], abs=1e-4)
    assert found.scores == pytest.approx(reference["disk scores"], abs=0.02)


@pytest.mark.slow
def test_a_shifted_and_darker_view_is_matched_place_by_place() -> None:
    random = np.random.default_rng(1)
    scene = Image.new("RGB", (300, 260), "grey")
    pen = ImageDraw.Draw(scene)
    for _ in range(120):
        left, top, side = random.integers(0, 280), random.integers(0, 240), random.integers(4, 40)
        colour = tuple(random.integers(0, 256, 3).tolist())
        pen.polygon([(left, top), (left + side, top + side // 2), (left, top + side)], fill=colour)
    darker = scene.crop((23, 11, 279, 235)).point(lambda value: value * 0.7)
    first, second = disk.disk().local_features([scene.crop((0, 0, 256, 224)), darker], 500)
    pairs = match(first, second)
    offsets = first.locations[pairs[:, 0]] - second.locations[pairs[:, 1]]
    assert len(pairs) > 100
    assert (np.abs(offsets - [11, 23]).max(1) <= 2).mean() > 0.9


@pytest.mark.slow
def test_the_card_tells_the_size_of_the_weights() -> None:
    assert sum(len(file.read()) for file in disk.WEIGHTS) == disk.CARD.size
