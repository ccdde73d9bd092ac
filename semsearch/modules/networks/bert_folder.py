"""A folder with a BERT in it (config.json, model.safetensors, vocab.txt) as a module."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy.typing as npt

from semsearch.errors import ModuleError
from semsearch.modules.card import PASSAGE_TOKENS, UNCHECKED, ModuleCard, card_digest
from semsearch.modules.exporting.exportable import Exportable
from semsearch.modules.handles.resolve import Resolved
from semsearch.modules.module import CountTokens, Encode, Module
from semsearch.modules.networks.bert import (
    Encoder,
    Reading,
    read_arrays,
    read_json,
    shape_of,
)
from semsearch.modules.networks.bert_graph import bert_graph
from semsearch.modules.networks.bert_network import Shape
from semsearch.modules.networks.wordpiece import WordPieces, read_vocabulary
from semsearch.modules.saved_model.pooling import checked_pooling
from semsearch.modules.text import checked_text

CONFIG, WEIGHTS, VOCABULARY = "config.json", "model.safetensors", "vocab.txt"
FILES = (CONFIG, WEIGHTS, VOCABULARY)
CODE_VERSION = "bert-folder 1"
OPTIONS = {"layer", "pooling", "max_tokens", "sha256"}
FEWEST_TOKENS = 3
MARKS = 2
"""The tokens at both ends of a text that are none of it."""


def is_bert_folder(path: Path) -> bool:
    """Tell whether a folder holds the three files of a BERT."""
    return all((path / name).is_file() for name in FILES)


def open_bert(resolved: Resolved) -> Module:
    """Return the module of a folder; nothing but the small files is read before it encodes.

    Raises:
        ModuleError: no BERT that we build, or an option that it does not have.
    """
    shape, reading = _plan(resolved)
    folder, name = resolved.path, resolved.handle.text

    def arrays() -> dict[str, npt.NDArray[Any]]:
        return read_arrays(_bytes(folder / WEIGHTS))

    def build() -> Encode:
        return Encoder(name, arrays(), _bytes(folder / VOCABULARY), shape, reading).encode

    def graph() -> Exportable:
        vocabulary = read_vocabulary(_bytes(folder / VOCABULARY))
        return bert_graph(name, arrays(), vocabulary, shape, reading)

    def counter() -> CountTokens:
        words = read_vocabulary(_bytes(folder / VOCABULARY))
        return WordPieces(words, is_uncased=reading.is_uncased).count

    return Module(bert_card(resolved), checked_text, build, graph, counter)


def bert_card(resolved: Resolved) -> ModuleCard:
    """Return the card of a folder, from its small files alone."""
    shape, reading = _plan(resolved)
    return ModuleCard(
        name=resolved.handle.text,
        version="1",
        modality="text",
        dim=shape.width,
        languages=(),
        licence="not stated",
        digest=card_digest(f"{CODE_VERSION} {reading}", [resolved.digest]),
        source=resolved.source,
        description=f"BERT of {shape.layers} layers: layer {reading.layer}, {reading.pooling}",
        caveat="Nobody of semsearch has tried this module: measure it on texts of your own. It has"
        " the associations of the texts that it learnt from.",
        items_per_second=None,
        max_tokens=reading.max_tokens,
        passage_tokens=max(1, min(PASSAGE_TOKENS, reading.max_tokens) - MARKS),
        form="BERT folder",
        signature=f"text (n) string -> vectors (n, {shape.width}) float32",
        is_dynamic=True,
        size=resolved.size,
        checked=UNCHECKED,
    )


def _plan(resolved: Resolved) -> tuple[Shape, Reading]:
    options = resolved.handle.options
    unknown = set(options) - OPTIONS
    if unknown:
        raise ModuleError(
            f"a BERT folder such as {str(resolved.path)!r} has no option {min(unknown)!r}",
            "it has layer, pooling and max_tokens",
        )
    folder = resolved.path
    shape = shape_of(read_json(CONFIG, _bytes(folder / CONFIG)))
    pooling = options.get("pooling") or _stated_pooling(folder)
    tokens = options.get("max_tokens") or _optional(folder / "sentence_bert_config.json").get(
        "max_seq_length", shape.positions
    )
    return shape, Reading(
        layer=_layer(options.get("layer", "-1"), shape.layers),
        pooling=checked_pooling(pooling),
        max_tokens=_within("max_tokens", tokens, FEWEST_TOKENS, shape.positions),
        is_uncased=bool(_optional(folder / "tokenizer_config.json").get("do_lower_case", True)),
    )


def _stated_pooling(folder: Path) -> str:
    """Return the pooling that the folder was trained with; the mean where it says nothing."""
    stated = _optional(folder / "1_Pooling" / CONFIG)
    modes = {"cls": "cls_token", "max": "max_tokens", "last": "lasttoken"}
    return next(
        (name for name, mode in modes.items() if stated.get(f"pooling_mode_{mode}")), "mean"
    )


def _layer(value: str, layers: int) -> int:
    """Return the number of layers to run: counted from 0, or from the end with -1."""
    number = _within("layer", value, -layers, layers - 1)
    return number + 1 if number >= 0 else layers + number + 1


def _within(name: str, value: Any, low: int, high: int) -> int:
    try:
        number = int(value)
    except (TypeError, ValueError):
        number = high + 1
    if not low <= number <= high:
        raise ModuleError(f"{name} is {value!r}", f"give a whole number from {low} to {high}")
    return number


def _optional(path: Path) -> Mapping[str, Any]:
    return read_json(path.name, _bytes(path)) if path.is_file() else {}


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ModuleError(f"{str(path)!r} cannot be read ({error.strerror})", "check it") from error
