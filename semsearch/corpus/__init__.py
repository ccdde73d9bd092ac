"""Foreign files to items: tables, folders and zips of images, DataFrames, rows in memory."""

from semsearch.corpus.digests import DigestMap
from semsearch.corpus.frames import as_dataframe
from semsearch.corpus.items import Break, Corpus, Findings, Item, Modality, Skipped, Value
from semsearch.corpus.read import Source, read_columns, read_corpus
from semsearch.corpus.samples import sample_path
from semsearch.corpus.splitting import split
from semsearch.corpus.thumbnails import thumbnail

__all__ = [
    "Break",
    "Corpus",
    "DigestMap",
    "Findings",
    "Item",
    "Modality",
    "Skipped",
    "Source",
    "Value",
    "as_dataframe",
    "read_columns",
    "read_corpus",
    "sample_path",
    "split",
    "thumbnail",
]
