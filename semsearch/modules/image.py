"""Pictures from anywhere made into one small square of plain RGB, or refused with a reason."""

from __future__ import annotations

import io
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

import numpy as np
import numpy.typing as npt
from PIL import Image, UnidentifiedImageError
from PIL.JpegImagePlugin import JpegImageFile

from semsearch.errors import ContentError
from semsearch.modules.module import Content
from semsearch.quiet import quiet_decoders

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "AVIF")
MAX_PIXELS = 25_000_000
MAX_JPEG_PIXELS = 200_000_000  # of one that is decoded at a smaller scale, line by line
START_OF_SCAN = 0xFFDA
WHITE_OF_16_BITS = 65_535

ORIENTATION_TAG = 0x0112
UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
QUARTER_TURNS = {UPRIGHT[number] for number in (5, 6, 7, 8)}

T = TypeVar("T")
Finish = Callable[[Image.Image, tuple[int, int]], T]
"""What is made of an open picture, given its (width, height) before it was decoded smaller."""

_loading = threading.Lock()


def prepare_image(content: Content, size: int) -> npt.NDArray[np.uint8]:
    """Return the middle square of a picture, upright, in RGB, shape (size, size, 3).

    The picture is scaled so that nothing is squashed and the ends of its long side are cut off.
    Of a moving picture the first frame counts. Safe in several threads at once.

    Raises:
        ContentError: not one of the formats we read, more than 25 million pixels once decoded (a
            JPEG may be decoded at a smaller scale), or damaged.
        TypeError: neither a path, bytes nor a PIL image.
    """
    return _finished(content, size, lambda image, _: _square(image, size))


def prepare_whole(content: Content, longest: int) -> tuple[npt.NDArray[np.uint8], tuple[int, int]]:
    """Return a whole picture, upright, in RGB, shape (h, w, 3), and its (height, width) at first.

    A long side of more than `longest` pixels is scaled down to that.

    Raises:
        ContentError, TypeError: as `prepare_image` does.
    """
    return _finished(content, longest, lambda image, size: _whole(image, size, longest))


def _finished(content: Content, size: int, finish: Finish[T]) -> T:
    source = content if isinstance(content, Image.Image) else _source(content)
    try:
        with quiet_decoders():
            if isinstance(source, Image.Image):
                return _from_image(source, finish)
            return _from_file(source, size, finish)
    except ContentError:
        raise
    except Image.DecompressionBombError as error:
        raise ContentError("the picture holds far too many pixels", _smaller()) from error
    except UnidentifiedImageError as error:
        known = ", ".join(name.lower() for name in FORMATS)
        raise ContentError("this is no picture that can be read", f"known are {known}") from error
    except Exception as error:  # a decoder fed with damaged bytes may raise anything
        if isinstance(error, OSError) and error.errno is not None:
            raise ContentError(
                f"the picture cannot be read ({error.strerror})", "check its permissions"
            ) from error
        raise ContentError(f"the picture is damaged ({error})", "save it anew") from error


def _from_file(source: Path | io.BytesIO, size: int, finish: Finish[T]) -> T:
    with _opened(source) as image:
        at_first = image.size
        if image.width * image.height > MAX_PIXELS:
            _check_size(image, MAX_JPEG_PIXELS if _is_decoded_in_passing(image) else MAX_PIXELS)
        # JPEG decodes at 1/2, 1/4 or 1/8 too: twice what is needed loses nothing that is kept.
        image.draft(None, (2 * size, 2 * size))
        _check_size(image)
        return finish(image, at_first)


def _opened(source: Path | io.BytesIO) -> Image.Image:
    try:
        return Image.open(source, formats=FORMATS)
    except Image.DecompressionBombError:
        # Pillow's limit, 179 million pixels, knows nothing of JPEG's smaller scales.
        if isinstance(source, io.BytesIO):
            source.seek(0)
        with suppress(SyntaxError):
            return JpegImageFile(source)
        raise


def _is_decoded_in_passing(image: Image.Image) -> bool:
    """Tell whether a picture is a JPEG of one scan: of others the decoder holds every pixel."""
    if not isinstance(image, JpegImageFile) or "progressive" in image.info or image.fp is None:
        return False
    with suppress(struct.error):  # the end, where something stands between two segments
        image.fp.seek(2)
        marker, length = struct.unpack(">HH", image.fp.read(4))
        while marker != START_OF_SCAN:
            image.fp.seek(length - 2, io.SEEK_CUR)
            marker, length = struct.unpack(">HH", image.fp.read(4))
        return image.fp.read(1) == bytes([image.layers])
    return False


def _from_image(image: Image.Image, finish: Finish[T]) -> T:
    _check_size(image)
    # It may stand in a list twice, and two threads that load one image read half of it each.
    with _loading:
        return finish(image, image.size)


def _source(content: Content) -> Path | io.BytesIO:
    if isinstance(content, bytes):
        return io.BytesIO(content)
    if not isinstance(content, str | Path):
        raise TypeError(f"a picture is a path, bytes or a PIL image, not {type(content).__name__}")
    path = Path(content)
    # A named pipe or a device would be read for ever.
    if not path.is_file():
        raise ContentError(f"there is no picture file {str(path)!r}", "check the path")
    return path


def _check_size(image: Image.Image, limit: int = MAX_PIXELS) -> None:
    pixels = image.width * image.height
    if not pixels:
        raise ContentError("the picture is empty", "leave it out")
    if pixels > limit:
        raise ContentError(
            f"the picture has {image.width} x {image.height} = {pixels / 1e6:.1f} million pixels",
            _smaller(limit),
        )


def _smaller(limit: int = MAX_PIXELS) -> str:
    return f"make it smaller than {limit // 1_000_000} million"


def _square(image: Image.Image, size: int) -> npt.NDArray[np.uint8]:
    turn = UPRIGHT.get(_orientation(image))
    middle = _middle(_as_rgb(image), size)
    return np.asarray(middle.transpose(turn) if turn is not None else middle)


def _whole(
    image: Image.Image, at_first: tuple[int, int], longest: int
) -> tuple[npt.NDArray[np.uint8], tuple[int, int]]:
    turn = UPRIGHT.get(_orientation(image))
    scale = min(1.0, longest / max(at_first))
    width, height = (max(1, round(side * scale)) for side in at_first)
    picture = _as_rgb(image).resize((width, height), Image.Resampling.BICUBIC)
    upright = picture if turn is None else picture.transpose(turn)
    # A quarter turn swaps the sides, and PIL's (width, height) is its (height, width) then.
    is_quarter = turn in QUARTER_TURNS
    return np.asarray(upright), at_first if is_quarter else (at_first[1], at_first[0])


def _orientation(image: Image.Image) -> int:
    try:
        return int(image.getexif().get(ORIENTATION_TAG, 1))
    except Exception:  # damaged EXIF says nothing about the pixels, which may be whole
        return 1


def _middle(image: Image.Image, size: int) -> Image.Image:
    # The whole short side: the usual crop to 7/8 of it found fewer of 1,000 photographs and 538
    # drawings by their nearest neighbours (0.885 against 0.889, and 0.766 against 0.787).
    side = min(image.size)
    left, top = (image.width - side) / 2, (image.height - side) / 2
    box = (left, top, left + side, top + side)
    return image.resize((size, size), Image.Resampling.BICUBIC, box=box)


def _as_rgb(image: Image.Image) -> Image.Image:
    """Return the first frame in RGB, what is see-through over white."""
    if image.mode == "I" or image.mode.startswith("I;16"):
        return _from_16_bits(image)
    if image.has_transparency_data:
        coloured = _with_8_bit_key(image).convert("RGBA")
        paper = Image.new("RGB", image.size, "white")
        paper.paste(coloured, mask=coloured)
        return paper
    return image if image.mode == "RGB" else image.convert("RGB")


def _from_16_bits(image: Image.Image) -> Image.Image:
    # Pillow's own conversion cuts every value above 255 off, which turns most pictures white.
    values = np.asarray(image).astype(np.int64).clip(0, WHITE_OF_16_BITS)
    if "transparency" in image.info:
        values[values == image.info["transparency"]] = WHITE_OF_16_BITS
    return Image.fromarray((values >> 8).astype(np.uint8)).convert("RGB")


def _with_8_bit_key(image: Image.Image) -> Image.Image:
    """Return the picture with a see-through colour that fits its pixels.

    Pillow keeps the upper 8 of a PNG's 16 bits, but all of those of its see-through colour.
    """
    key = image.info.get("transparency")
    if image.mode != "RGB" or not isinstance(key, tuple) or max(key) <= 255:  # noqa: PLR2004
        return image
    fitting = image.copy()
    fitting.info["transparency"] = tuple(value >> 8 for value in key)
    return fitting
