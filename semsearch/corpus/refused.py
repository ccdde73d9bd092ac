"""What is raised where the bytes of a file are not what they should be."""

from __future__ import annotations


class Refused(Exception):
    """Raised when a document cannot be read: the reason goes on from its name ("is empty")."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
