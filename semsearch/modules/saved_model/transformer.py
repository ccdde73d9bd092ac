"""A preprocessor and a transformer encoder at work: tokens first, then batches without waste."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from semsearch.modules.batches import encode_in_batches
from semsearch.modules.module import Progress
from semsearch.modules.refusals import refuse_void
from semsearch.modules.runtime import import_tensorflow
from semsearch.modules.saved_model.loaded import Loaded, load, module_errors
from semsearch.modules.saved_model.plan import MASK_COLUMN, Plan
from semsearch.modules.saved_model.pooling import pool
from semsearch.modules.text import Tokens
from semsearch.vectors import Vectors

BUDGET = 4096
"""How many tokens, with their padding, go through the encoder at once."""

CHUNK = 256
"""How many texts are turned into tokens at once."""

SHOWN = 60
"""Characters of a text that an error shows."""


@dataclass(frozen=True)
class Tokenised:
    """The tokens of many texts: one array a text, shape (columns, t), without padding.

    `padding` (columns,) is what the preprocessor pads with, `on_left` on which side.
    """

    rows: list[Tokens]
    padding: Tokens
    on_left: bool

    def batch(self, rows: list[Tokens], width: int, on_left: bool) -> Tokens:
        """Return some of the texts padded to `width` tokens, shape (columns, n, width)."""
        values = np.empty((len(self.padding), len(rows), width), np.int32)
        values[:] = self.padding[:, None, None]
        for place, row in enumerate(rows):
            t = row.shape[1]
            values[:, place, width - t if on_left else 0 : width if on_left else t] = row
        return values


class Tokeniser:
    """Turns texts into tokens with the preprocessor of a pair."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._tf = import_tensorflow()
        self._loaded = load(plan.preprocess.module.path, plan.preprocess.choice)

    def tokenise(self, texts: Sequence[str]) -> Tokenised:
        """Return the tokens of all texts, each cut to the limit of the plan."""
        rows: list[Tokens] = []
        padding = np.zeros(len(self._plan.columns), np.int32)
        on_left = False
        for start in range(0, len(texts), CHUNK):
            table = self._table(texts[start : start + CHUNK])
            mask = table[MASK_COLUMN] != 0
            if not mask.all():
                row, place = np.argwhere(~mask)[0]
                padding = table[:, row, place]
            on_left = on_left or bool((mask[:, :1] < mask.any(1, keepdims=True)).any())
            rows.extend(self._counted(table[:, row], mask[row]) for row in range(len(mask)))
        return Tokenised(rows, padding, on_left)

    def _table(self, texts: Sequence[str]) -> Tokens:
        """Return what the preprocessor makes of some texts, shape (columns, n, t)."""
        with module_errors(self._plan.preprocess.module.path, "run"):
            outputs = self.outputs(self._tf.constant(texts, self._tf.string))
            columns = [outputs[name].numpy() for name in self._plan.columns]
        return np.stack(columns).astype(np.int32)

    @property
    def restored(self) -> Any:
        """What owns the tables of the preprocessor."""
        return self._loaded.restored

    def outputs(self, texts: Any) -> Mapping[str, Any]:
        """Return what the preprocessor makes of texts, as tensors by name."""
        if not self._plan.packs:
            (port,) = self._loaded.signature.inputs
            is_column = port.shape is not None and len(port.shape) > 1
            return self._loaded.call({port.name: texts[:, None] if is_column else texts})
        root = self._loaded.restored
        length = self._tf.constant(self._plan.limit, self._tf.int32)
        packed: Mapping[str, Any] = root.bert_pack_inputs([root.tokenize(texts)], seq_length=length)
        return packed

    def _counted(self, row: Tokens, mask: Any) -> Tokens:
        """Return one text from its first to its last token that counts."""
        places = np.flatnonzero(mask)
        if len(places):
            return row[:, places[0] : places[-1] + 1][:, : self._plan.limit].copy()
        # Without any token a text would have no direction. The padding is for many networks also
        # the mark between texts, so one of it that counts stands for nothing said.
        lone = np.zeros((len(row), 1), np.int32)
        lone[:, : row.shape[1]] = row[:, :1]
        lone[MASK_COLUMN] = 1
        return lone


class Transformer:
    """Encodes texts with a preprocessor and an encoder; one graph serves batches of all shapes."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._tokeniser = Tokeniser(plan)
        self._vectors = network(plan, load(plan.encoder.module.path, plan.encoder.choice))

    def encode(self, texts: Sequence[str], on_progress: Progress) -> Vectors:
        """Return the vectors of the texts, shape (n, dim), in input order.

        Raises:
            ContentError: a vector has no direction, or holds NaN; its text is named.
            ModuleError: the preprocessor or the encoder failed.
        """
        tokenised = self._tokeniser.tokenise(texts)
        # A module's own vector may be read at the end of the padded tokens, so they stay there,
        # and at the one width where their places do not hang on the other texts. Pooled tokens
        # begin at 0 instead, as those of a text alone would.
        stays = tokenised.on_left and self._plan.reading.pooling is None
        width = self._plan.width or (self._plan.limit if stays else None)
        lengths = [width or row.shape[1] for row in tokenised.rows]

        def run(rows: list[Tokens]) -> Vectors:
            t = width or max(row.shape[1] for row in rows)
            with module_errors(self._plan.encoder.module.path, f"run on {t} tokens"):
                vectors: Vectors = self._vectors(tokenised.batch(rows, t, stays)).numpy()
            return vectors

        vectors = encode_in_batches(tokenised.rows, lengths, BUDGET, run, on_progress)
        told = [f"the text {text[:SHOWN]!r}" for text in texts]
        refuse_void(self._plan.encoder.name, vectors, told)
        return vectors


def network(plan: Plan, encoder: Loaded) -> Callable[[Any], Any]:
    """Return the graph from (columns, n, t) tokens to (n, dim) vectors."""
    tf = import_tensorflow()
    reading = plan.reading

    def vectors(values: Any) -> Any:
        columns = tf.unstack(values, len(plan.columns))
        inputs = {feed.name: tf.cast(columns[feed.column], feed.dtype) for feed in plan.feeds}
        output = encoder.call(inputs)[reading.output]
        if reading.pooling is None:
            return tf.cast(output, tf.float32)
        return pool(tf, output, columns[MASK_COLUMN], reading.pooling)

    spec = tf.TensorSpec([len(plan.columns), None, plan.width], tf.int32)
    graph: Callable[[Any], Any] = tf.function(vectors, input_signature=[spec], autograph=False)
    return graph
