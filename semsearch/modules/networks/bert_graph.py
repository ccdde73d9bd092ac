"""BERT as one graph, from raw texts to vectors, to be published."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy.typing as npt

from semsearch.modules.exporting.exportable import Exportable
from semsearch.modules.exporting.lifting import lift
from semsearch.modules.networks.bert import Reading
from semsearch.modules.networks.bert_network import Network, Shape
from semsearch.modules.networks.wordpiece import END, START, UNKNOWN
from semsearch.modules.runtime import import_tensorflow
from semsearch.modules.saved_model.loaded import import_text

UNSEEN = r"[^\P{C}\t\n\r]|\x{FFFD}"
"""Control characters and what no character is: our tokeniser leaves them out everywhere, TensorFlow
Text in most places only."""
ACCENTS = r"\p{Mn}"


def bert_graph(
    name: str,
    arrays: Mapping[str, npt.NDArray[Any]],
    vocabulary: Mapping[str, int],
    shape: Shape,
    reading: Reading,
    licences: tuple[str, ...] = (),
) -> Exportable:
    """Return a BERT for publishing; `name` is that of the module, for the sentence of an error.

    Raises:
        ModuleError: TensorFlow Text is missing, or a tensor.
    """
    import_text(Path(name))
    import tensorflow_text

    tf = import_tensorflow()
    tokenizer = tensorflow_text.FastBertTokenizer(
        _lines(vocabulary),
        token_out_type=tf.int32,
        unknown_token=UNKNOWN,
        # It would fold more than case and accents: an ellipsis to three dots, a half to 1/2.
        lower_case_nfd_strip_accents=False,
    )
    network = Network(arrays, shape, layer=reading.layer, pooling=reading.pooling, is_quick=False)
    lifted = lift(
        network.graph, tf.TensorSpec([None, None], tf.int32), tf.TensorSpec([None], tf.int32)
    )

    def call(texts: Any) -> Any:
        mark = tf.ones_like(texts, tf.int32)[:, None]
        pieces = tokenizer.tokenize(_normalised(tf, texts, reading.is_uncased))[
            :, : reading.max_tokens - 2
        ]
        tokens = tf.concat([mark * vocabulary[START], pieces, mark * vocabulary[END]], 1)
        ids = tokens.to_tensor()
        # Every text has its two marks, so this widens the batch of no texts alone.
        wide = tf.pad(ids, [[0, 0], [0, tf.maximum(0, 2 - tf.shape(ids)[1])]])
        return lifted.call(wide, tf.cast(tokens.row_lengths(), tf.int32))

    return Exportable(
        call,
        variables=lifted.variables,
        trainable_variables=lifted.variables,
        tracked=[tokenizer],
        licence_texts=licences,
    )


def _normalised(tf: Any, texts: Any, is_uncased: bool) -> Any:
    """Return texts as our own tokeniser splits them, see `wordpiece.py`."""
    import tensorflow_text

    texts = tf.strings.regex_replace(texts, UNSEEN, "")
    if not is_uncased:
        return texts
    texts = tensorflow_text.normalize_utf8(texts, "NFD")
    texts = tf.strings.regex_replace(texts, ACCENTS, "")
    return tf.strings.lower(tf.strings.regex_replace(texts, "Σ", "σ"), encoding="utf-8")


def _lines(vocabulary: Mapping[str, int]) -> list[str]:
    """Return the pieces by their ids; where a file had none, one that no text can hold."""
    lines = [f"[no piece {number}]" for number in range(max(vocabulary.values()) + 1)]
    for piece, number in vocabulary.items():
        lines[number] = piece
    return lines
