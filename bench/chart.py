"""Small charts of growth as SVG, drawn by hand: panels side by side, both scales logarithmic."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

COLOURS = ("#1f6fb2", "#c8541b", "#2f7d4f", "#7a4fa3")
INK, FAINT, LINEAR = "#24292f", "#d8dee4", "#8c959f"
WIDTH, HEIGHT = 250, 240
LEFT, RIGHT, TOP, BOTTOM = 46, 92, 40, 44
APART = 14
"""Pixels between two names at the end of their lines."""


@dataclass(frozen=True)
class Line:
    """One measure: its name and a value for each size; a value that is not above 0 is not drawn."""

    name: str
    values: Sequence[float]


@dataclass(frozen=True)
class Panel:
    """Lines of one unit."""

    title: str
    lines: Sequence[Line]


@dataclass(frozen=True)
class Scales:
    """Where a size and a value stand in a panel, in pixels."""

    sizes: tuple[float, float]
    values: tuple[float, float]

    def x(self, size: float) -> float:
        """Return the pixel from the left."""
        return LEFT + WIDTH * _share(size, *self.sizes)

    def y(self, value: float) -> float:
        """Return the pixel from the top."""
        return TOP + HEIGHT * (1 - _share(value, *self.values))


def chart(axis: str, sizes: Sequence[int], panels: Sequence[Panel]) -> str:
    """Return an SVG with one panel beside the other over the same sizes."""
    step = LEFT + WIDTH + RIGHT
    parts = [
        f'<g transform="translate({at * step} 0)">{_panel(axis, sizes, panel)}</g>'
        for at, panel in enumerate(panels)
    ]
    width, height = step * len(panels), TOP + HEIGHT + BOTTOM
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}"'
        f' width="{width}" height="{height}" font-family="sans-serif" font-size="11"'
        f' fill="{INK}">\n<rect width="100%" height="100%" fill="#ffffff"/>\n'
        + "\n".join(parts)
        + "\n</svg>\n"
    )


def _panel(axis: str, sizes: Sequence[int], panel: Panel) -> str:
    lines = [line for line in panel.lines if line.values[-1] > 0]
    values = [value for line in lines for value in line.values if value > 0]
    scales = Scales((sizes[0], sizes[-1]), (_power(min(values)), _power(max(values), up=True)))
    ends = [(scales.y(line.values[-1]), at) for at, line in enumerate(lines)]
    places = _apart(ends)
    return "\n".join(
        [
            _text(LEFT, TOP - 18, panel.title, "start", "600"),
            *_grid(axis, sizes, scales),
            _linear(sizes, scales),
            *(_line(sizes, line, scales, COLOURS[at], places[at]) for at, line in enumerate(lines)),
        ]
    )


def _grid(axis: str, sizes: Sequence[int], scales: Scales) -> list[str]:
    low, high = (round(math.log10(value)) for value in scales.values)
    parts = []
    for power in range(low, high + 1):
        y = scales.y(10.0**power)
        parts.append(_path([(LEFT, y), (LEFT + WIDTH, y)], FAINT))
        parts.append(_text(LEFT - 6, y + 4, f"{10.0**power:,.10g}", "end"))
    for size in sizes:
        parts.append(_text(scales.x(size), TOP + HEIGHT + 17, f"{size:,}", "middle"))
    parts.append(_text(LEFT + WIDTH / 2, TOP + HEIGHT + 34, axis, "middle"))
    return parts


def _linear(sizes: Sequence[int], scales: Scales) -> str:
    """Return the dashed line that what grows in proportion runs beside."""
    low, high = scales.values
    last = min(sizes[-1], sizes[0] * high / low)
    ends = [(sizes[0], low), (last, low * last / sizes[0])]
    line = [(scales.x(size), scales.y(value)) for size, value in ends]
    x, y = line[0][0] + 34, line[0][1] - 34 * (line[0][1] - line[1][1]) / (line[1][0] - line[0][0])
    return _path(line, LINEAR, "4 4") + f'<g fill="{LINEAR}">{_text(x + 6, y + 12, "linear")}</g>'


def _line(sizes: Sequence[int], line: Line, scales: Scales, colour: str, place: float) -> str:
    points = [
        (scales.x(size), scales.y(value))
        for size, value in zip(sizes, line.values, strict=True)
        if value > 0
    ]
    dots = "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5"/>' for x, y in points)
    name = _text(LEFT + WIDTH + 9, place + 4, line.name)
    return f'{_path(points, colour, width=2)}<g fill="{colour}">{dots}{name}</g>'


def _path(
    points: Sequence[tuple[float, float]], colour: str, dashes: str = "none", width: float = 1
) -> str:
    course = "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
    return (
        f'<path d="M{course}" fill="none" stroke="{colour}" stroke-width="{width}"'
        f' stroke-dasharray="{dashes}"/>'
    )


def _text(x: float, y: float, words: str, anchor: str = "start", weight: str = "400") -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-weight="{weight}">'
        f"{escape(words)}</text>"
    )


def _apart(ends: Sequence[tuple[float, int]]) -> dict[int, float]:
    """Return a place for each name, moved down where it would stand on the one above."""
    places: dict[int, float] = {}
    last = -math.inf
    for y, at in sorted(ends):
        last = max(y, last + APART)
        places[at] = last
    return places


def _power(value: float, *, up: bool = False) -> float:
    """Return the power of ten at or beyond a value."""
    exponent = math.log10(value)
    return 10.0 ** (math.ceil(exponent) if up else math.floor(exponent))


def _share(value: float, low: float, high: float) -> float:
    return math.log10(value / low) / math.log10(high / low)
