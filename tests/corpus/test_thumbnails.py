"""Thumbnails: small, upright, and as bright as their pictures."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from semsearch.corpus import thumbnail


def as_bytes(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def thumb(data: bytes, size: int = 64) -> Image.Image:
    return Image.open(io.BytesIO(thumbnail(data, size)))


@pytest.mark.parametrize("level", [0, 0x4000, 0x8000, 0xFFFF])
@pytest.mark.parametrize("options", [{}, {"transparency": 7}])
def test_sixteen_bits_of_grey_keep_their_brightness(level: int, options: dict[str, int]) -> None:
    deep = Image.fromarray(np.full((40, 50), level, np.uint16))
    small = thumb(as_bytes(deep, **options))
    assert (small.format, small.size) == ("WEBP", (50, 40))
    assert np.asarray(small.convert("L")).mean() == pytest.approx(level / 257, abs=2)


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "CMYK"])
def test_every_mode_keeps_its_brightness(mode: str) -> None:
    grey = Image.new("RGB", (50, 40), (255, 255, 255)).convert(mode)
    data = as_bytes(grey, "JPEG" if mode == "CMYK" else "PNG")
    assert np.asarray(thumb(data).convert("L")).mean() > 250


def test_what_is_see_through_stays_so() -> None:
    small = thumb(as_bytes(Image.new("RGBA", (50, 40), (200, 0, 0, 0))))
    assert small.mode == "RGBA"
    assert np.asarray(small)[..., 3].max() == 0


@pytest.mark.parametrize("mode", ["L", "I;16"])
def test_a_thumbnail_is_upright_and_fits_the_size(mode: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    sideways = Image.fromarray(np.zeros((40, 200), np.uint16 if mode == "I;16" else np.uint8))
    assert thumb(as_bytes(sideways, exif=exif)).size == (13, 64)


def test_the_thumbnail_of_a_big_jpeg_is_made_without_a_warning() -> None:
    for size in ((12_000, 9_000), (16_320, 12_240)):
        small = thumb(as_bytes(Image.new("L", size, 100), "JPEG"))
        assert small.size == (64, 48)
        assert np.asarray(small.convert("L")).mean() == pytest.approx(100, abs=3)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="asks Linux for the peak")
def test_the_thumbnail_of_a_big_jpeg_takes_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "phone.jpg"
    Image.new("L", (8000, 6000), 100).save(path)
    code = """
import re, sys
from pathlib import Path
from semsearch.corpus import thumbnail
def peak():
    return int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
before = peak()
thumbnail(Path(sys.argv[1]).read_bytes(), 256)
print(peak() - before)
"""
    done = subprocess.run(
        [sys.executable, "-c", code, path], check=True, capture_output=True, text=True
    )
    assert int(done.stdout) < 30_000  # kB; its pixels alone would be 48,000
