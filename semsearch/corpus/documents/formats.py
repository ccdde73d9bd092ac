"""Which files are documents, by the endings of their names."""

from __future__ import annotations

from pathlib import PurePath

FORMATS = {
    ".txt": "txt", ".text": "txt", ".md": "md", ".markdown": "md", ".rst": "rst",
    ".html": "html", ".htm": "html", ".xhtml": "html", ".pdf": "pdf", ".docx": "docx",
    ".epub": "epub", ".eml": "eml", ".mbox": "mbox",
}  # fmt: skip
DOCUMENT_SUFFIXES = tuple(FORMATS)
MBOX = "mbox"
OWN_FIELDS = {"pdf": ("pages",), "eml": ("from", "date"), MBOX: ("from", "date")}
"""Fields that only documents of a format have."""

TAR_SUFFIXES = (
    ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz",
)  # fmt: skip
ARCHIVE_SUFFIXES = (".zip", *TAR_SUFFIXES)

CLUTTER = ("thumbs.db", "desktop.ini", "__macosx")


def format_of(name: str) -> str | None:
    """Return the format of a document by its name, None where it is no document."""
    return FORMATS.get(PurePath(name).suffix.lower())


def archive_suffix(name: str) -> str | None:
    """Return what the name of an archive ends with, such as ".tar.gz", None for anything else."""
    return next((each for each in ARCHIVE_SUFFIXES if name.lower().endswith(each)), None)


def is_clutter(name: str) -> bool:
    """Tell whether a file or folder is hidden, or put there by a system or an open Word."""
    return name.startswith((".", "~$")) or name.lower() in CLUTTER
