"""The Universal Sentence Encoder lite as one graph, from raw texts to vectors, to be published."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from semsearch.modules.exporting.exportable import Exportable
from semsearch.modules.exporting.lifting import lift
from semsearch.modules.runtime import import_tensorflow
from semsearch.modules.saved_model.loaded import import_text

SPACES = r"[\s\pZ\x0b\x1c-\x1f\x{85}]+"
"""What Python takes for white space, in the words of RE2, whose own `\\s` is ASCII's."""


def pieces_graph(
    pieces: bytes, network: Callable[..., Any], max_tokens: int, licences: tuple[str, ...]
) -> Exportable:
    """Return the network for publishing, given its SentencePiece model.

    `network` takes the places (tokens, 2) of the pieces in a batch and their ids, both int64.

    Raises:
        ModuleError: TensorFlow Text is missing.
    """
    import_text(Path("use-lite"))
    import tensorflow_text

    tf = import_tensorflow()
    tokenizer = tensorflow_text.SentencepieceTokenizer(model=pieces, out_type=tf.int32)
    lifted = lift(network, tf.TensorSpec([None, 2], tf.int64), tf.TensorSpec([None], tf.int64))

    def call(texts: Any) -> Any:
        plain = tensorflow_text.normalize_utf8(texts, "NFKC")
        spaced = tf.strings.strip(tf.strings.regex_replace(plain, SPACES, " "))
        tokens = tokenizer.tokenize(spaced)[:, :max_tokens]
        # The network counts its texts by the last one that has a piece, so one more closes them.
        closed = tf.concat([tokens, tf.ragged.constant([[0]], tf.int32)], 0)
        rows = closed.value_rowids()
        columns = tf.range(tf.size(rows, tf.int64)) - tf.gather(closed.row_starts(), rows)
        vectors = lifted.call(tf.stack([rows, columns], 1), tf.cast(closed.values, tf.int64))
        return vectors[:-1]

    return Exportable(
        call,
        variables=lifted.variables,
        trainable_variables=lifted.variables,
        tracked=[tokenizer],
        licence_texts=licences,
    )
