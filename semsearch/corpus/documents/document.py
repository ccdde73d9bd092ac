"""What a parser makes of one document, and how it refuses one."""

from __future__ import annotations

from dataclasses import dataclass, field

from semsearch.corpus.items import Value


@dataclass(frozen=True)
class Document:
    """The text of a document, paragraphs parted by blank lines, and what it says of itself.

    `title` is empty where it names none. `fields` are those that only its format has; `flaws` tell
    which parts could not be read.
    """

    text: str
    title: str = ""
    fields: dict[str, Value] = field(default_factory=dict)
    flaws: tuple[str, ...] = ()


class Refused(Exception):
    """Raised when a document cannot be read: the reason goes on from its name ("is empty")."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
