"""Documents as sources: folders, archives and single files of text, HTML, PDF, Word, mail."""

from semsearch.corpus.documents.archives import DocumentTar, DocumentZip
from semsearch.corpus.documents.formats import (
    ARCHIVE_SUFFIXES,
    DOCUMENT_SUFFIXES,
    archive_suffix,
    format_of,
)
from semsearch.corpus.documents.reading import document_corpus
from semsearch.corpus.documents.sources import DocumentFolder, DocumentSource, Found, SingleDocument

__all__ = [
    "ARCHIVE_SUFFIXES",
    "DOCUMENT_SUFFIXES",
    "DocumentFolder",
    "DocumentSource",
    "DocumentTar",
    "DocumentZip",
    "Found",
    "SingleDocument",
    "archive_suffix",
    "document_corpus",
    "format_of",
]
