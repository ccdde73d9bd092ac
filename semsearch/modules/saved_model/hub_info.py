"""What a module in TensorFlow 1's hub format has attached to its graph: the size of its pictures.

The two messages are read by hand: the package that defined them no longer brings them.
"""

from __future__ import annotations

from collections.abc import Iterator

from semsearch.modules.saved_model.graph import MetaGraph

COLLECTION = "hub_module_attachments"
IMAGE_INFO = b"image_module_info"
KEY, VALUE = 1, 2
IMAGE_SIZE = 1
HEIGHT, WIDTH = 1, 2
VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
WIDTHS = {FIXED64: 8, FIXED32: 4}
LONGEST = 10
"""Bytes of a number in a protobuf, at most."""

Value = int | bytes


def attached_image_size(graph: MetaGraph) -> int | None:
    """Return the side of the square that a module says it wants, None where it says nothing."""
    for packed in (
        graph.proto.collection_def[COLLECTION].bytes_list.value
        if (COLLECTION in graph.proto.collection_def)
        else ()
    ):
        attachment = _message(packed)
        info = attachment.get(VALUE)
        if attachment.get(KEY) == IMAGE_INFO and isinstance(info, bytes):
            size = _message(info).get(IMAGE_SIZE)
            sides = _message(size) if isinstance(size, bytes) else {}
            height, width = sides.get(HEIGHT), sides.get(WIDTH)
            if isinstance(height, int) and height == width and height > 0:
                return height
    return None


def _message(data: bytes) -> dict[int, Value]:
    """Return the fields of a message by number; what cannot be read says nothing."""
    try:
        return dict(_fields(data))
    except (IndexError, ValueError):
        return {}


def _fields(data: bytes) -> Iterator[tuple[int, Value]]:
    at = 0
    while at < len(data):
        tag, at = _number(data, at)
        kind = tag & 7
        if kind == VARINT:
            value, at = _number(data, at)
            yield tag >> 3, value
        elif kind == BYTES:
            length, at = _number(data, at)
            yield tag >> 3, data[at : at + length]
            at += length
        elif kind in WIDTHS:
            at += WIDTHS[kind]
        else:
            raise ValueError("no such kind of field")


def _number(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for place in range(LONGEST):
        value |= (data[at + place] & 0x7F) << (7 * place)
        if data[at + place] < 0x80:  # noqa: PLR2004 - the bit that says: more follows
            return value, at + place + 1
    raise ValueError("the number does not end")
