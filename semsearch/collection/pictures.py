"""Thumbnails of stored images: made when first asked for, kept where anything may be deleted."""

from __future__ import annotations

from contextlib import suppress

from semsearch import corpus, fsio
from semsearch.errors import StorageFull
from semsearch.store import Store


def cached_thumbnail(store: Store, blob: str, size: int) -> bytes:
    """Return a webp of the stored image `blob`, its longer side at most `size` pixels."""
    path = store.folder.derived / "thumbnails" / f"{blob}-{size}.webp"
    try:
        return path.read_bytes()
    except OSError:
        small = corpus.thumbnail(store.blob(blob), size)
    if not store.read_only:
        # Keeping it is a courtesy: a full disk or a writer that sweeps tmp/ costs no answer.
        with suppress(OSError, StorageFull):
            fsio.publish_bytes(small, scratch=store.folder.scratch, place=lambda _: path)
    return small
