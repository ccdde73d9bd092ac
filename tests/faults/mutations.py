"""Eight ways in which bytes go wrong, each drawn by a seed, so that a case can be made again."""

from __future__ import annotations

import random
from collections.abc import Callable

Mutation = Callable[[bytearray, random.Random], None]


def truncated(data: bytearray, chance: random.Random) -> None:
    """Lose the end."""
    del data[chance.randrange(len(data)) :]


def flipped(data: bytearray, chance: random.Random) -> None:
    """Turn one to eight bits over."""
    for _ in range(chance.randint(1, 8)):
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)


def huge(data: bytearray, chance: random.Random) -> None:
    """Put a number in that is far too large, four or eight bytes long."""
    size = chance.choice([4, 8])
    at = chance.randrange(max(1, len(data) - size))
    value = chance.choice([0x7F, 0x80, 0xFF])
    data[at : at + size] = bytes([0xFF] * (size - 1) + [value])


def zero_tail(data: bytearray, chance: random.Random) -> None:
    """Have nothing but zeros from somewhere on."""
    at = chance.randrange(len(data))
    data[at:] = bytes(len(data) - at)


def garbage(data: bytearray, chance: random.Random) -> None:
    """Have a run of chance bytes."""
    at = chance.randrange(len(data))
    run = min(len(data) - at, chance.choice([16, 64, 512, 4096]))
    data[at : at + run] = chance.randbytes(run)


def wrong_tag(data: bytearray, chance: random.Random) -> None:
    """Begin with another word."""
    data[:4] = chance.choice([b"null", b"PK\x03\x04", b"\x93NUM", b"SQLi", bytes(4)])


def trailing_junk(data: bytearray, chance: random.Random) -> None:
    """Go on where the end should be."""
    data += chance.randbytes(chance.choice([1, 8, 100, 5000]))


def empty(data: bytearray, _: random.Random) -> None:
    """Hold nothing."""
    data.clear()


KINDS: dict[str, Mutation] = {
    kind.__name__.replace("_", " "): kind
    for kind in (truncated, flipped, huge, zero_tail, garbage, wrong_tag, trailing_junk, empty)
}


def mutated(data: bytes, kind: str, seed: int) -> bytes:
    """Return damaged bytes; never the same as those given, which must not be empty."""
    chance = random.Random(f"{kind} {seed}")
    while True:
        made = bytearray(data)
        KINDS[kind](made, chance)
        if bytes(made) != data:
            return bytes(made)
