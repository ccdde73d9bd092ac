"""Connected components: what hangs together by pairs, told one pair at a time."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Generic, TypeVar

Thing = TypeVar("Thing", bound=Hashable)


class Components(Generic[Thing]):
    """Things joined by pairs; remembers as many things as were named, however many the pairs."""

    def __init__(self) -> None:
        self._parent: dict[Thing, Thing] = {}
        self._size: dict[Thing, int] = {}

    def __len__(self) -> int:
        return len(self._size)

    def __contains__(self, thing: Thing) -> bool:
        return thing in self._parent

    def join(self, one: Thing, other: Thing) -> None:
        """Note that two things hang together."""
        a, b = self.root(one), self.root(other)
        if a == b:
            return
        if self._size[a] < self._size[b]:
            a, b = b, a
        self._parent[b] = a
        self._size[a] += self._size.pop(b)

    def root(self, thing: Thing) -> Thing:
        """Return the one thing that stands for all that hang together with this one."""
        parent = self._parent
        if thing not in parent:
            parent[thing] = thing
            self._size[thing] = 1
        while parent[thing] != thing:
            parent[thing] = parent[parent[thing]]
            thing = parent[thing]
        return thing

    def groups(self) -> list[list[Thing]]:
        """Return the things of each component, in the order in which they were first named."""
        found: dict[Thing, list[Thing]] = {}
        for thing in self._parent:
            found.setdefault(self.root(thing), []).append(thing)
        return list(found.values())
