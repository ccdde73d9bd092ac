"""Read folders, archives and single documents: as documents or as images, whichever they hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

from semsearch.corpus.documents import (
    ARCHIVE_SUFFIXES,
    DOCUMENT_SUFFIXES,
    DocumentFolder,
    DocumentSource,
    DocumentTar,
    DocumentZip,
    Found,
    SingleDocument,
    archive_suffix,
    document_corpus,
    format_of,
)
from semsearch.corpus.entries import ITEM_TABLES, Columns, image_corpus, text_corpus
from semsearch.corpus.image_tar import ImageTar
from semsearch.corpus.images import IMAGE_SUFFIXES, ImageFolder, ImageSource, ImageZip
from semsearch.corpus.items import Corpus
from semsearch.corpus.part import DATABASES
from semsearch.corpus.tables import TABLE_SUFFIXES, parse_table
from semsearch.errors import SourceError

FILE_SUFFIXES = (*DOCUMENT_SUFFIXES, *ARCHIVE_SUFFIXES)

SHOWN_TABLES = 3


def is_files(path: Path) -> bool:
    """Tell whether a file is a document or an archive, by its name."""
    return archive_suffix(path.name) is not None or format_of(path.name) is not None


def read_files(path: Path, columns: Columns) -> Corpus:
    """Return the corpus of a folder, of an archive or of a single document.

    Where there are images and documents, it is of the kind that most of the files are; a table of
    items, or a column that is named, tells that it is images.
    """
    if path.is_dir():
        return read_either(ImageFolder(path), DocumentFolder(path), path.resolve().name, columns)
    suffix = archive_suffix(path.name)
    name = path.name.removesuffix(path.name[-len(suffix) :]) if suffix else path.stem
    if suffix is None:
        return read_documents(SingleDocument(path), name, columns)
    if suffix == ".zip":
        return read_either(ImageZip(path), DocumentZip(path), name, columns)
    tar = DocumentTar(path)
    return read_either(ImageTar(tar), tar, name, columns)


def read_documents(documents: DocumentSource, name: str, columns: Columns) -> Corpus:
    """Return the corpus of documents, which have no columns."""
    if columns.named():
        raise ValueError("text=, image= and key= name columns of a table; documents have none")
    files = documents.files()
    if not any(format_of(file.path) for file in files):
        raise nothing_in(documents)
    return with_note(document_corpus(name, documents, files), files, IMAGE_SUFFIXES, "images")


def read_either(
    images: ImageSource, documents: DocumentSource, name: str, columns: Columns
) -> Corpus:
    """Return the corpus of the images or of the documents that a folder or archive holds."""
    if columns.image is not None:
        raise ValueError("image= names a column of a table; a folder or zip of images has none")
    files = documents.files()
    n_documents, n_images = count(files, DOCUMENT_SUFFIXES), count(files, IMAGE_SUFFIXES)
    if not n_documents and not n_images:
        return read_only_table(images, documents, files, name, columns)
    has_items = columns.named() or any(images.opener(table) for table in ITEM_TABLES)
    if n_documents > n_images and not (n_images and has_items):
        return read_documents(documents, name, columns)
    return with_note(image_corpus(name, images, columns), files, DOCUMENT_SUFFIXES, "documents")


def read_only_table(
    images: ImageSource,
    documents: DocumentSource,
    files: Sequence[Found],
    name: str,
    columns: Columns,
) -> Corpus:
    """Return the corpus of the one table that a folder or archive holds, as downloads often do."""
    tables = [file for file in files if suffix_of(file) in TABLE_SUFFIXES]
    if not tables:
        raise nothing_in(documents)
    table, *others = tables
    opener = None if others or suffix_of(table) in DATABASES else images.opener(table.path)
    if opener is None:
        shown = ", ".join(repr(each.path) for each in tables[:SHOWN_TABLES]) + (
            ", ..." if others[2:] else ""
        )
        raise SourceError(
            f"{documents.name} holds tables: {shown}",
            "index each by its own path, out of an archive: which columns to take is asked of each",
        )
    where = f"{table.path!r} in {documents.name}"
    return text_corpus(name, parse_table(where, suffix_of(table), opener), columns)


def suffix_of(file: Found) -> str:
    """Return what the name of a file ends in, by which its kind is known."""
    return PurePosixPath(file.path).suffix.lower()


def count(files: Sequence[Found], suffixes: Sequence[str]) -> int:
    """Return how many files have one of these suffixes."""
    return sum(suffix_of(file) in suffixes for file in files)


def with_note(corpus: Corpus, files: Sequence[Found], others: Sequence[str], kind: str) -> Corpus:
    """Return the corpus with a note that files of another kind are left out, if there are any."""
    n = count(files, others)
    if not n:
        return corpus
    most = "images" if corpus.modality == "image" else "documents"
    left_out = f"{n:,} {kind} are" if n > 1 else f"one of the {kind} is"
    note = (
        f"{corpus.name!r} is read for its {most}, and {left_out} left out;"
        f" index {kind} from a folder of their own"
    )
    return replace(corpus, notes=(*corpus.notes, note))


def nothing_in(documents: DocumentSource) -> SourceError:
    """Return the error for a folder or archive without anything that can be read."""
    return SourceError(
        f"there are no images in {documents.name}, nor documents",
        f"give files of: {', '.join((*IMAGE_SUFFIXES, *DOCUMENT_SUFFIXES))}",
    )
