"""Small pictures of large ones, for result cards."""

from __future__ import annotations

import io

from PIL import Image, ImageOps

FORMAT = "WEBP"
QUALITY = 82


def thumbnail(data: bytes, size: int) -> bytes:
    """Return a webp whose longer side is at most `size` pixels, upright, without metadata."""
    with Image.open(io.BytesIO(data)) as image:
        image.draft("RGB", (size, size))
        upright = ImageOps.exif_transpose(image)
        small = upright.convert(
            "RGBA" if "A" in upright.getbands() or "transparency" in upright.info else "RGB"
        )
    small.thumbnail((size, size))
    out = io.BytesIO()
    small.save(out, FORMAT, quality=QUALITY)
    return out.getvalue()
