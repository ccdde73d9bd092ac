"""Small pictures of large ones, for result cards."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image, ImageOps

from semsearch.corpus.images import open_image

FORMAT = "WEBP"
QUALITY = 82


def thumbnail(data: bytes, size: int) -> bytes:
    """Return a webp whose longer side is at most `size` pixels, upright, without metadata."""
    with open_image(data) as image:
        image.draft("RGB", (size, size))
        upright = ImageOps.exif_transpose(image)
        if upright.mode.startswith("I"):  # 16 bits of grey; Pillow cuts off what is above 255
            upright = Image.fromarray((np.asarray(upright) >> 8).astype(np.uint8))
        small = upright.convert(
            "RGBA" if "A" in upright.getbands() or "transparency" in upright.info else "RGB"
        )
    small.thumbnail((size, size))
    out = io.BytesIO()
    small.save(out, FORMAT, quality=QUALITY)
    return out.getvalue()
