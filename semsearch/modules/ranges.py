"""The self-test of an image module's pixels: would its neighbours be better, were they read anew?

A wrong range or order of channels raises no error: the network sees pictures too pale, too dark or
in strange colours, and its vectors tell less. Seen on two overlapping views of the same pictures:
under the right reading the views of one picture find each other more often.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from PIL import Image

from semsearch.errors import ModuleError
from semsearch.modules.handles.handle import parse_handle
from semsearch.modules.pictures import Square
from semsearch.vectors import Vectors

FEWEST = 20
SEEN = 0.6
"""Share of the side that a view keeps; the two are cut from opposite corners, and a fifth of the
side is common to both."""
STANDARD_ERRORS = 3.0
"""A difference counts beyond this many: five readings are compared with the declared one."""
TIE = 1e-6

Floats = npt.NDArray[np.float64]
EncodeSquares = Callable[[Sequence[Square]], Vectors]


@dataclass(frozen=True)
class PixelReading:
    """The values of black and white, and the order of the channels: "rgb" or "bgr"."""

    black: float
    white: float
    channels: str = "rgb"

    def __str__(self) -> str:
        order = self.channels.upper()
        return f"black as {self.black:g}, white as {self.white:g} and {order}"

    @property
    def options(self) -> str:
        """What says so in a handle, after the `#`."""
        return f"pixels={self.black:g},{self.white:g}&channels={self.channels}"


READINGS = tuple(
    PixelReading(black, white, channels)
    for black, white in ((0, 1), (-1, 1), (0, 255))
    for channels in ("rgb", "bgr")
)


@dataclass(frozen=True)
class RangeResult:
    """How well two views of a picture find each other among all pictures under one reading.

    `recall` is the share of those found first, `reciprocal_rank` the mean of 1/rank. `problem`
    tells why there are no vectors under this reading, which counts as never finding anything.
    `reciprocal_ranks` (n,) are those of the pictures.
    """

    reading: PixelReading
    recall: float
    reciprocal_rank: float
    is_declared: bool
    problem: str = ""
    reciprocal_ranks: Floats = field(default_factory=lambda: np.zeros(0), repr=False, compare=False)


def with_reading(handle: str, reading: PixelReading) -> str:
    """Return `handle` with options for this reading in place of those it may have.

    Raises:
        ModuleError: the handle cannot be taken apart.
    """
    parsed = parse_handle(handle)
    kept = {
        name: value for name, value in parsed.options.items() if name not in ("pixels", "channels")
    }
    others = "".join(f"&{name}={value}" for name, value in kept.items())
    return f"{parsed.source}#{reading.options}{others}"


def pixel_trial(
    encode_as: Callable[[PixelReading], EncodeSquares],
    squares: Sequence[Square],
    declared: PixelReading,
) -> list[RangeResult]:
    """Return the results of all readings, the best first; between equals, the declared one.

    `encode_as` gives for a reading what turns prepared squares into unit vectors, for example

        lambda reading: load_module(with_reading(handle, reading)).encode_prepared

    `squares` are prepared pictures of different things, at least 20 if `pixel_verdict` is to say
    anything; `declared` is the reading that the module has now.

    Raises:
        ModuleError: the module cannot be had under one of the readings.
        ValueError: fewer than two pictures.
    """
    if len(squares) < 2:  # noqa: PLR2004 - one alone finds itself
        raise ValueError(f"at least two pictures are compared, got {len(squares)}")
    first = [_view(square, is_second=False) for square in squares]
    second = [_view(square, is_second=True) for square in squares]
    results = [
        _tried(encode_as(reading), reading, first, second, is_declared=reading == declared)
        for reading in dict.fromkeys((declared, *READINGS))
    ]
    return sorted(results, key=lambda result: -result.reciprocal_rank)


def pixel_verdict(results: Sequence[RangeResult]) -> str:
    """Return one sentence: whether another reading gives better neighbours, and how to ask for it.

    It names another reading only where the difference is beyond chance, see `STANDARD_ERRORS`.
    """
    declared = next(result for result in results if result.is_declared)
    n = max(len(result.reciprocal_ranks) for result in results)
    if n < FEWEST:
        return f"{n} pictures are too few to tell how the pixels are to be read; take {FEWEST}."
    best = _in_declared_order(results, declared)
    if _is_better(best, declared):
        return (
            f"Neighbours get better with {best.reading}: two views of a picture find each other"
            f" first for {best.recall:.0%} of {n} pictures, with the declared {declared.reading}"
            f" {declared.problem or f'for {declared.recall:.0%}'}; try the handle with"
            f" '#{best.reading.options}'."
        )
    if declared.problem:
        return f"The trial tells nothing: with {declared.reading} {declared.problem}."
    alike = "; ".join(_not_worse(results, declared))
    return (
        f"No other reading is better than the declared {declared.reading}: two views of a picture"
        f" find each other first for {declared.recall:.0%} of {n} pictures"
        + (f" (the trial cannot tell it from {alike})." if alike else ".")
    )


def _view(square: Square, *, is_second: bool) -> Square:
    """Return one corner of a picture at its full size, that of the second view mirrored."""
    size = len(square)
    kept = max(1, round(SEEN * size))
    image = Image.fromarray(square[-kept:, -kept:][:, ::-1] if is_second else square[:kept, :kept])
    return np.asarray(image.resize((size, size), Image.Resampling.BICUBIC))


def _tried(
    encode: EncodeSquares,
    reading: PixelReading,
    first: Sequence[Square],
    second: Sequence[Square],
    *,
    is_declared: bool,
) -> RangeResult:
    try:
        scores = encode(first) @ encode(second).T
    except (ModuleError, ValueError) as error:  # vectors of zeros, or that are not finite
        return RangeResult(
            reading, 0, 0, is_declared, f"there are no vectors ({error})", np.zeros(len(first))
        )
    inverse = 1 / _ranks(scores)
    return RangeResult(
        reading,
        recall=float((inverse == 1).mean()),
        reciprocal_rank=float(inverse.mean()),
        is_declared=is_declared,
        reciprocal_ranks=inverse,
    )


def _ranks(scores: Vectors) -> Floats:
    """Return at which place each row finds its own column, shape (n,); ties share their places."""
    own = np.diagonal(scores)[:, None]
    before = (scores > own + TIE).sum(axis=1)
    level = (np.abs(scores - own) <= TIE).sum(axis=1)
    return np.asarray(1 + before + (level - 1) / 2, np.float64)


def _in_declared_order(results: Sequence[RangeResult], declared: RangeResult) -> RangeResult:
    """Return the best result, or its like in the declared order of channels if no worse."""
    best = results[0]
    for like in results:
        same_range = (like.reading.black, like.reading.white) == (
            best.reading.black,
            best.reading.white,
        )
        is_declared_order = like.reading.channels == declared.reading.channels
        if same_range and is_declared_order and not like.problem and not _is_better(best, like):
            return like
    return best


def _is_better(one: RangeResult, other: RangeResult) -> bool:
    """Tell whether the pictures, compared one by one, speak for `one` beyond chance."""
    gain = one.reciprocal_ranks - other.reciprocal_ranks
    error = gain.std(ddof=1) / np.sqrt(len(gain))
    return bool(gain.mean() > max(TIE, STANDARD_ERRORS * error))


def _not_worse(results: Sequence[RangeResult], declared: RangeResult) -> Iterator[str]:
    for result in results:
        if not result.is_declared and not _is_better(declared, result):
            yield str(result.reading)
