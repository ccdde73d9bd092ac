"""Pairs of small SavedModels, saved once a session, and what they give when called by hand."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from semsearch.modules import Module
from semsearch.modules.handles.handle import Handle
from semsearch.modules.handles.resolve import Resolved
from semsearch.modules.runtime import import_tensorflow
from semsearch.modules.saved_model.pair import open_pair
from tests.hub import small_transformers as small

Pair = tuple[Resolved, Resolved]

TEXTS = [
    "The soup was cold and the waiter was rude",
    "Soup",
    "",
    "These shoes fit my feet perfectly " * 4,
    "quick service",
]


def resolved(folder: Path, is_trusted: bool = False) -> Resolved:
    """Return what the resolver would for a folder."""
    content = (folder / "saved_model.pb").read_bytes()
    handle = Handle(str(folder), str(folder))
    digest = hashlib.sha256(content).hexdigest()
    return Resolved(handle, folder, f"the folder {folder}", digest, len(content), is_trusted)


@pytest.fixture(scope="session")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Pair]:
    """Return the pair of one of the KINDS."""

    @cache
    def saved(kind: str) -> Pair:
        folder = tmp_path_factory.mktemp(kind)
        preprocess, encoder = KINDS[kind]
        return resolved(preprocess(folder / "preprocess")), resolved(encoder(folder / "encoder"))

    return saved


@pytest.fixture(scope="session")
def opened(pair: Callable[[str], Pair]) -> Callable[..., Module]:
    """Return the module of one of the KINDS with options as keywords."""

    @cache
    def module(kind: str, **options: str) -> Module:
        return open_pair(*pair(kind), options)

    return module


@pytest.fixture(scope="session")
def by_hand(pair: Callable[[str], Pair]) -> Callable[..., tuple[Any, Any]]:
    """Return the mask and an output of a pair that is called as its publisher would, as arrays."""
    tf = import_tensorflow()

    @cache
    def loaded(kind: str) -> tuple[Any, Any]:
        first, second = pair(kind)
        return tf.saved_model.load(str(first.path)), tf.saved_model.load(str(second.path))

    def called(kind: str, texts: list[str], output: str, length: int | None = None) -> Any:
        first, second = loaded(kind)
        strings = tf.constant(texts)
        if kind.startswith("gpt"):
            tokens = first.signatures["serving_default"](strings)
            wide = {name: tf.cast(value, tf.int64) for name, value in tokens.items()}
            outputs = second.signatures["serving_default"](**wide)
            mask = tokens["attention_mask"].numpy()
        else:
            tokens = first(strings)
            if length is not None:
                pieces = first.tokenize(strings)
                tokens = first.bert_pack_inputs([pieces], seq_length=tf.constant(length))
            outputs = second(tokens)
            mask = tokens["input_mask"].numpy()
        found = outputs[output]
        return mask, np.stack(found) if isinstance(found, list | tuple) else found.numpy()

    return called


def _fixed_only(folder: Path) -> Path:
    return small.bert_preprocess(folder, has_packer=False)


def _roberta(folder: Path) -> Path:
    return small.bert_encoder(folder, names=small.ROBERTA)


def _padded_left(folder: Path) -> Path:
    return small.gpt_preprocess(folder, side="left")


def _any_length(folder: Path) -> Path:
    return small.gpt_preprocess(folder, length=None)


def _only_the_last_layer(folder: Path) -> Path:
    return small.gpt_encoder(folder, has_layers=False)


def _counts_padding(folder: Path) -> Path:
    return small.gpt_encoder(folder, counts_positions=False)


def _of_64(folder: Path) -> Path:
    return small.bert_encoder(folder, length=64)


KINDS: dict[str, tuple[Callable[[Path], Path], Callable[[Path], Path]]] = {
    "bert": (small.bert_preprocess, small.bert_encoder),
    "bert-fixed-call": (_fixed_only, small.bert_encoder),
    "bert-of-64": (small.bert_preprocess, _of_64),
    "roberta": (small.roberta_preprocess, _roberta),
    "gpt-right": (small.gpt_preprocess, small.gpt_encoder),
    "gpt-left": (_padded_left, small.gpt_encoder),
    "gpt-left-counting-padding": (_padded_left, _counts_padding),
    "gpt-any-length": (_any_length, _only_the_last_layer),
}
