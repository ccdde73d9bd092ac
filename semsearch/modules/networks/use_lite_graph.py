"""The Universal Sentence Encoder lite as one graph, from raw texts to vectors, for publishing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from semsearch.modules.exporting.exportable import Exportable
from semsearch.modules.exporting.lifting import lift
from semsearch.modules.runtime import import_tensorflow
from semsearch.modules.saved_model.loaded import import_text

BLANKS = r"[\s\p{Z}\x0b\x1c-\x1f\x{85}]+"
"""What Python's `str.split` takes for white space."""


def text_graph(
    name: str,
    pieces: bytes,
    network: Callable[..., Any],
    max_tokens: int,
    licences: tuple[str, ...],
) -> Exportable:
    """Return the network of a SentencePiece model's pieces, (places, ids) to vectors, from texts.

    Raises:
        ModuleError: TensorFlow Text is missing.
    """
    tf = import_tensorflow()
    import_text(Path(name))
    import tensorflow_text

    tokenizer = tensorflow_text.SentencepieceTokenizer(model=pieces, out_type=tf.int32)
    lifted = lift(network, tf.TensorSpec([None, 2], tf.int64), tf.TensorSpec([None], tf.int64))

    def call(texts: Any) -> Any:
        plain = tensorflow_text.normalize_utf8(texts, "NFKC")
        plain = tf.strings.strip(tf.strings.regex_replace(plain, BLANKS, " "))
        # The network counts its texts by the last one that has a piece, so one more closes them.
        closed = tf.concat([tokenizer.tokenize(plain)[:, :max_tokens], [[0]]], 0).to_sparse()
        return lifted.call(closed.indices, tf.cast(closed.values, tf.int64))[:-1]

    return Exportable(
        call,
        variables=lifted.variables,
        trainable_variables=[each for each in lifted.variables if each.trainable],
        tracked=[tokenizer],
        licence_texts=licences,
    )
