"""A preprocessor and its encoder as one graph, from raw texts to vectors, to be exported."""

from __future__ import annotations

from typing import Any

from semsearch.modules.exporting.exportable import Exportable
from semsearch.modules.exporting.licence import licences_in
from semsearch.modules.runtime import import_tensorflow
from semsearch.modules.saved_model.loaded import load
from semsearch.modules.saved_model.plan import MASK_COLUMN, Plan
from semsearch.modules.saved_model.transformer import Tokeniser, network


def pair_graph(plan: Plan) -> Exportable:
    """Return a pair for publishing; what a text is padded with is what the preprocessor gives.

    Raises:
        ModuleError: one of the two cannot be loaded or run.
    """
    tf = import_tensorflow()
    tokeniser = Tokeniser(plan)
    encoder = load(plan.encoder.module.path, plan.encoder.choice)
    vectors = network(plan, encoder)

    def call(texts: Any) -> Any:
        outputs = tokeniser.outputs(texts)
        columns = tf.stack([tf.cast(outputs[name], tf.int32) for name in plan.columns])
        # As the module has it: pooled tokens begin at 0, others stay at the end of their padding.
        if plan.reading.pooling is not None:
            columns = _from_the_start(tf, columns)
        return vectors(_of_width(tf, columns[:, :, : plan.limit], plan.width))

    texts = tf.TensorSpec([None], tf.string)
    traced = tf.function(call, input_signature=[texts], autograph=False)
    graph = traced.get_concrete_function().graph
    parts = (plan.preprocess.module.path, plan.encoder.module.path)
    return Exportable(
        traced,
        variables=graph.variables,
        trainable_variables=graph.trainable_variables,
        tracked=[tokeniser.restored, encoder.restored],
        licence_texts=tuple(text for path in parts for text in licences_in(path)),
    )


def _from_the_start(tf: Any, columns: Any) -> Any:
    """Return tokens (columns, n, t) with the padding that stood on the left behind them."""
    t = tf.shape(columns)[2]
    counts = tf.cast(columns[MASK_COLUMN] != 0, tf.int32)
    # A column more for the batch of no texts, in which there may be none to look at.
    first = tf.argmax(tf.pad(counts, [[0, 0], [0, 1]]), 1, tf.int32)
    places = (tf.range(t) + first[:, None]) % t
    turned = tf.gather(tf.transpose(columns, [1, 0, 2]), places, axis=2, batch_dims=1)
    return tf.transpose(turned, [1, 0, 2])


def _of_width(tf: Any, columns: Any, width: int | None) -> Any:
    """Return tokens (columns, n, t) with padding that does not count up to the one width taken."""
    if width is None:
        return columns
    return tf.pad(columns, [[0, 0], [0, 0], [0, width - tf.shape(columns)[2]]])
