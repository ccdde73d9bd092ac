"""Every kind of picture becomes one plain square, or is refused with a reason."""

from __future__ import annotations

import io
import os
import struct
import subprocess
import sys
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps

from semsearch.errors import ContentError
from semsearch.modules import load_module
from semsearch.modules.image import prepare_image

RED, WHITE = (220, 20, 20), (255, 255, 255)
PNG = b"\x89PNG\r\n\x1a\n"
GREY, COLOUR, GREY_ALPHA, COLOUR_ALPHA, HAS_ALPHA = 0, 2, 4, 6, 4  # kinds of PNG
EXACT = {"WEBP": {"lossless": True}, "AVIF": {"quality": 100}, "JPEG": {"quality": 95}}


def as_bytes(image: Image.Image, form: str = "PNG", **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def plain(colour=RED, size=(300, 200)) -> Image.Image:
    return Image.new("RGB", size, colour)


def quarters() -> Image.Image:
    """A wide picture whose four quarters differ, so that every turn of it is told apart."""
    image = Image.new("RGB", (320, 240), "black")
    image.paste("red", (0, 0, 160, 120))
    image.paste("lime", (160, 0, 320, 120))
    image.paste("blue", (0, 120, 160, 240))
    return image


def assert_even(square, colour, tolerance=3) -> None:
    assert square.shape == (224, 224, 3) and square.dtype == np.uint8
    assert np.abs(square.astype(int) - np.array(colour)).max() <= tolerance


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "BMP", "GIF", "AVIF"])
def test_every_known_format_is_read_from_bytes(form: str) -> None:
    assert_even(prepare_image(as_bytes(plain(), form), 224), RED, tolerance=5)


def test_paths_bytes_and_pil_images_give_the_same(tmp_path: Path) -> None:
    path = tmp_path / "bild mit ü.png"
    path.write_bytes(as_bytes(quarters()))
    squares = [prepare_image(each, 224) for each in (path, str(path), path.read_bytes())]
    for square in squares:
        assert np.array_equal(square, prepare_image(quarters(), 224))


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "CMYK", "YCbCr", "HSV", "LAB", "I", "F"])
def test_every_mode_of_a_pil_image_becomes_three_bytes(mode: str) -> None:
    white = Image.new("L", (50, 40), 255)
    if mode in ("I", "F"):
        image = Image.new(mode, (50, 40), 65_535 if mode == "I" else 255.0)
    elif mode == "LAB":
        image = Image.new("LAB", (50, 40), (255, 128, 128))
    else:
        image = (white if mode in ("1", "L") else white.convert("RGB")).convert(mode)
    assert_even(prepare_image(image, 224), WHITE)


@pytest.mark.parametrize("form", ["PNG", "WEBP", "GIF", "AVIF"])
def test_what_is_see_through_stands_over_white(form: str) -> None:
    image = Image.new("RGBA", (64, 64), (0, 0, 0, 0))
    image.paste((*RED, 255), (0, 0, 64, 32))
    square = prepare_image(as_bytes(image, form, **EXACT.get(form, {})), 64)
    assert np.abs(square[10, 32].astype(int) - RED).max() <= 3
    assert square[54, 32].tolist() == [255, 255, 255]


@pytest.mark.parametrize("mode", ["LA", "PA", "P"])
def test_grey_and_palette_pictures_may_be_see_through_too(mode: str) -> None:
    if mode == "P":
        image = Image.new("P", (30, 30), 0)
        image.putpalette([0, 0, 0, 9, 9, 9])
        content: object = as_bytes(image, "PNG", transparency=0)
    else:
        content = Image.new("RGBA", (30, 30), (0, 0, 0, 0)).convert(mode)
    assert_even(prepare_image(content, 224), WHITE)  # type: ignore[arg-type]


def test_sixteen_bits_of_grey_keep_their_middle() -> None:
    deep = Image.fromarray(np.full((40, 50), 0x8000, np.uint16))
    assert_even(prepare_image(as_bytes(deep), 224), (128, 128, 128))


@pytest.mark.parametrize("kind", [GREY, COLOUR, GREY_ALPHA, COLOUR_ALPHA])
def test_pngs_of_sixteen_bits_keep_their_upper_eight(kind: int) -> None:
    pixel = {GREY: [0x40FF], COLOUR: [0x40FF, 0x8000, 0xC000]}.get(kind & ~HAS_ALPHA, [])
    alpha = [0xFFFF] if kind & HAS_ALPHA else []
    expected = [value >> 8 for value in pixel]
    assert_even(prepare_image(deep_png(kind, pixel + alpha), 224), (expected * 3)[:3], tolerance=0)


@pytest.mark.parametrize("kind", [GREY, COLOUR])
def test_the_see_through_colour_of_sixteen_bits_is_white(kind: int) -> None:
    pixel = [0x4080] * (3 if kind == COLOUR else 1)
    assert_even(prepare_image(deep_png(kind, pixel, see_through=pixel), 224), WHITE)
    other = [value + 0x0100 for value in pixel]
    assert_even(prepare_image(deep_png(kind, pixel, see_through=other), 224), [0x40] * 3)


def test_half_see_through_sixteen_bits_stand_over_white() -> None:
    square = prepare_image(deep_png(COLOUR_ALPHA, [0, 0, 0, 0x8000]), 224)
    assert_even(square, (127, 127, 127), tolerance=1)


def test_a_palette_may_make_its_colours_more_or_less_see_through() -> None:
    image = Image.new("P", (64, 64), 0)
    image.putpalette([0, 0, 0, *RED, 0, 0, 0])
    image.paste(1, (0, 0, 64, 20))
    image.paste(2, (0, 44, 64, 64))
    square = prepare_image(as_bytes(image, transparency=bytes([0, 255, 128])), 64)
    assert [square[row, 32].tolist() for row in (8, 32, 56)] == [list(RED), [255] * 3, [127] * 3]


@pytest.mark.parametrize("is_marked", [True, False])
def test_cmyk_jpegs_are_read_as_adobe_writes_them(is_marked: bool) -> None:
    data = as_bytes(plain().convert("CMYK"), "JPEG", quality=95)
    marker = data.index(b"\xff\xee\0\x0eAdobe")
    kept = data if is_marked else data[:marker] + data[marker + 16 :]
    assert_even(prepare_image(kept, 224), RED, tolerance=6)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "AVIF"])
def test_the_exif_orientation_is_followed(form: str, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = as_bytes(quarters(), form, exif=exif, **EXACT.get(form, {}))
    expected = ImageOps.exif_transpose(Image.open(io.BytesIO(stored)))
    difference = prepare_image(stored, 64).astype(int) - prepare_image(expected, 64)
    assert np.abs(difference).mean() < 2


def test_damaged_exif_does_not_cost_the_picture() -> None:
    data = as_bytes(plain(), "JPEG", exif=b"Exif\0\0II*\0\xff\xff\xff\x7f garbage", quality=95)
    assert_even(prepare_image(data, 224), RED, tolerance=5)


@pytest.mark.parametrize("size", [(600, 200), (200, 600)])
def test_the_middle_is_cut_out_and_nothing_is_squashed(size: tuple[int, int]) -> None:
    image = Image.new("RGB", size, "black")
    left, top = (size[0] - 200) // 2, (size[1] - 200) // 2
    image.paste(RED, (left, top, left + 200, top + 200))
    square = prepare_image(image, 224)
    assert np.abs(square[3:-3, 3:-3].astype(int) - RED).max() <= 3  # scaling blends the edge


@pytest.mark.parametrize("size", [(1, 1), (1, 5000), (5000, 1), (3, 2)])
def test_tiny_and_thin_pictures_are_scaled_without_a_big_step_between(size) -> None:
    assert_even(prepare_image(plain(size=size), 224), RED)


def test_only_the_first_frame_of_a_moving_picture_counts() -> None:
    frames = {"save_all": True, "append_images": [plain("blue")]}
    for form in ("GIF", "WEBP", "AVIF", "PNG"):
        assert_even(prepare_image(as_bytes(plain(), form, **frames), 224), RED, tolerance=6)


def test_one_pil_image_may_be_read_by_many_threads_at_once() -> None:
    stored = as_bytes(quarters(), "PNG")
    expected = prepare_image(stored, 64)
    for _ in range(20):
        image = Image.open(io.BytesIO(stored))
        with ThreadPoolExecutor(8) as pool:
            squares = list(pool.map(lambda same: prepare_image(same, 64), [image] * 8))
        assert all(np.array_equal(square, expected) for square in squares)


def test_a_pil_image_of_the_caller_is_left_as_it_was() -> None:
    image = Image.open(io.BytesIO(as_bytes(plain(size=(2000, 1500)), "JPEG")))
    prepare_image(image, 64)
    assert image.size == (2000, 1500)


def test_too_many_pixels_are_refused_by_the_header_alone() -> None:
    with pytest.raises(ContentError, match=r"6000 x 5000 = 30\.0 million pixels.*than 25 million"):
        prepare_image(png_header(6000, 5000), 224)


def test_an_avif_of_too_many_pixels_is_refused_before_it_is_decoded() -> None:
    data = bytearray(as_bytes(plain(size=(64, 64)), "AVIF"))
    width = data.index(b"ispe") + 8
    for side in (6000, 10_000, 16_000):
        data[width : width + 8] = struct.pack(">II", side, side)
        with pytest.raises(ContentError, match="pixels"):
            prepare_image(bytes(data), 224)


@pytest.mark.parametrize("side", [10_000, 20_000, 65_000])
def test_a_pixel_bomb_is_refused(side: int) -> None:
    with pytest.raises(ContentError, match="pixels"):
        prepare_image(png_header(side, side), 224)


@pytest.mark.parametrize("size", [(8000, 6000), (16_320, 12_240)])
def test_a_big_jpeg_is_decoded_small_and_read(size: tuple[int, int], tmp_path: Path) -> None:
    path = tmp_path / "phone.jpg"
    Image.new("L", size, 100).save(path)
    for content in (path, path.read_bytes()):
        assert_even(prepare_image(content, 224), (100, 100, 100))


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="asks Linux for the peak")
def test_a_big_jpeg_takes_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "phone.jpg"
    Image.new("L", (8000, 6000), 100).save(path)
    code = """
import re, sys
from pathlib import Path
from semsearch.modules.image import prepare_image
def peak():
    return int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
before = peak()
prepare_image(sys.argv[1], 224)
print(peak() - before)
"""
    done = subprocess.run(
        [sys.executable, "-c", code, path], check=True, capture_output=True, text=True
    )
    assert int(done.stdout) < 30_000  # kB; its pixels alone would be 48,000


def test_a_big_jpeg_that_cannot_be_decoded_small_is_refused() -> None:
    panorama = as_bytes(Image.new("L", (60_000, 800), 100), "JPEG")
    progressive = as_bytes(Image.new("L", (8000, 6000), 100), "JPEG", progressive=True)
    for content in (panorama, progressive):
        with pytest.raises(ContentError, match=r"48\.0 million pixels; .*than 25 million"):
            prepare_image(content, 224)


def test_a_jpeg_of_several_scans_is_not_taken_for_one_that_is_decoded_in_passing() -> None:
    data = as_bytes(plain(size=(8000, 6000)), "JPEG")
    scan = data.index(b"\xff\xda\0\x0c\3")
    first = b"\xff\xda\0\x08\1" + data[scan + 5 : scan + 7] + b"\0\x3f\0"  # only the luminance
    with pytest.raises(ContentError, match=r"48\.0 million pixels"):
        prepare_image(data[:scan] + first + data[scan + 14 :], 224)


def test_a_jpeg_with_filling_between_its_segments_is_read() -> None:
    data = as_bytes(plain(), "JPEG", quality=95)
    table = data.index(b"\xff\xdb")
    assert_even(prepare_image(data[:table] + b"\xff" + data[table:], 224), RED, tolerance=5)


def test_a_jpeg_beyond_200_million_pixels_is_refused_by_the_header_alone() -> None:
    data = bytearray(as_bytes(plain(size=(16, 16)), "JPEG"))
    frame = data.index(b"\xff\xc0")
    for width in (20_000, 65_000):
        data[frame + 5 : frame + 9] = struct.pack(">HH", 11_000, width)
        with pytest.raises(ContentError, match=r"million pixels; .*than 200 million"):
            prepare_image(bytes(data), 224)


def png_header(width: int, height: int) -> bytes:
    """A PNG that promises many pixels and holds none."""

    return (
        PNG
        + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, COLOUR, 0, 0, 0))
        + (chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b""))
    )


def deep_png(kind: int, pixel: list[int], see_through: list[int] | None = None) -> bytes:
    """A PNG of 16 bits a channel, all pixels the same; Pillow writes only those of grey."""
    row = b"\0" + struct.pack(f">{len(pixel)}H", *pixel) * 40
    key = b"" if see_through is None else struct.pack(f">{len(see_through)}H", *see_through)
    return b"".join(
        [
            PNG,
            chunk(b"IHDR", struct.pack(">IIBBBBB", 40, 30, 16, kind, 0, 0, 0)),
            chunk(b"tRNS", key) if key else b"",
            chunk(b"IDAT", zlib.compress(row * 30)),
            chunk(b"IEND", b""),
        ]
    )


def chunk(name: bytes, data: bytes) -> bytes:
    checksum = zlib.crc32(name + data)
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", checksum)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "AVIF"])
def test_a_picture_cut_short_is_refused(form: str) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (120, 160, 3), np.uint8)
    data = as_bytes(Image.fromarray(noise), form)
    for kept in (len(data) // 2, len(data) // 10, 12):
        with pytest.raises(ContentError):
            prepare_image(data[:kept], 224)


@pytest.mark.parametrize("data", [b"", b"soup", b"%PDF-1.7\n", b"<svg/>", b"\xff\xd8\xff"])
def test_what_is_no_picture_is_refused(data: bytes) -> None:
    with pytest.raises(ContentError, match="no picture that can be read; known are jpeg, png"):
        prepare_image(data, 224)


def test_other_formats_that_pillow_knows_are_refused() -> None:
    for form in ("TIFF", "PPM", "ICO", "EPS"):
        with pytest.raises(ContentError, match="known are"):
            prepare_image(as_bytes(plain(size=(64, 64)), form), 224)


def test_paths_that_are_no_files_are_refused(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.jpg"
    os.mkfifo(pipe)
    for path in (tmp_path, tmp_path / "missing.jpg", pipe):
        with pytest.raises(ContentError, match="no picture file"):
            prepare_image(path, 224)


@pytest.mark.parametrize("content", [None, 5, [1, 2], np.zeros((4, 4, 3))])
def test_what_is_neither_path_nor_bytes_nor_image_is_a_slip(content) -> None:
    with pytest.raises(TypeError, match="a picture is"):
        prepare_image(content, 224)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_flipped_bytes_give_a_picture_or_a_reason_never_another_error(data) -> None:
    form = data.draw(st.sampled_from(["JPEG", "PNG", "WEBP", "GIF", "BMP", "AVIF"]))
    damaged = bytearray(as_bytes(quarters(), form))
    for _ in range(data.draw(st.integers(1, 8))):
        place = data.draw(st.integers(0, len(damaged) - 1))
        damaged[place] = data.draw(st.integers(0, 255))
    try:
        square = load_module("colours").prepare(bytes(damaged))
    except ContentError:
        return
    assert square.shape == (32, 32, 3)


def test_a_picture_that_may_not_be_read_is_told_apart_from_a_damaged_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "soup.png"
    Image.new("RGB", (8, 8)).save(path)

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("builtins.open", refuse)
    with pytest.raises(ContentError, match="cannot be read .Permission denied.; check its perm"):
        prepare_image(path, 8)
