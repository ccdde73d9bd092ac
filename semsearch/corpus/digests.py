"""A dict from texts to small numbers that keeps 22 bytes a text, however long the texts are."""

from __future__ import annotations

import hashlib

FEW = 100_000
"""Texts that are kept as they are, which is quicker; a dict of so many takes about 10 MB."""

DIGEST = 16
NUMBER = 6
RECORD = DIGEST + NUMBER


class DigestMap:
    """Numbers by the digests of texts: two texts of one digest of 16 bytes are not to be feared.

    A dict takes about 200 bytes a text, which is what a source of millions of rows is felt by.
    """

    def __init__(self) -> None:
        self._few: dict[str, int] | None = {}
        self._buckets: dict[bytes, bytearray] = {}

    def setdefault(self, text: str, number: int) -> int:
        """Return the number of a text; one that has none gets `number` (below 2**48)."""
        if self._few is not None:
            if len(self._few) < FEW:
                return self._few.setdefault(text, number)
            self._digest_all(self._few)
        digest, bucket, place = self._find(text)
        if place >= 0:
            return int.from_bytes(bucket[place + DIGEST : place + RECORD], "little")
        bucket += digest
        bucket += number.to_bytes(NUMBER, "little")
        return number

    def get(self, text: str) -> int | None:
        """Return the number of a text, None where it has none."""
        if self._few is not None:
            return self._few.get(text)
        _, bucket, place = self._find(text)
        if place < 0:
            return None
        return int.from_bytes(bucket[place + DIGEST : place + RECORD], "little")

    def __setitem__(self, text: str, number: int) -> None:
        if self._few is not None:
            self._few[text] = number
            if len(self._few) >= FEW:
                self._digest_all(self._few)
            return
        digest, bucket, place = self._find(text)
        if place < 0:
            bucket += digest + number.to_bytes(NUMBER, "little")
        else:
            bucket[place + DIGEST : place + RECORD] = number.to_bytes(NUMBER, "little")

    def _digest_all(self, few: dict[str, int]) -> None:
        self._few = None
        for text, number in few.items():
            self[text] = number

    def _find(self, text: str) -> tuple[bytes, bytearray, int]:
        digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=DIGEST).digest()
        bucket = self._buckets.get(digest[:2])
        if bucket is None:
            bucket = self._buckets[digest[:2]] = bytearray()
        place = bucket.find(digest)
        while place >= 0 and place % RECORD:
            place = bucket.find(digest, place + 1)
        return digest, bucket, place
