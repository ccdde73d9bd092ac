"""Pooling: the token vectors of a text become the one vector of the text, padding left out."""

from __future__ import annotations

from typing import Any

from semsearch.errors import ModuleError

POOLINGS = ("mean", "cls", "last", "max")


def checked_pooling(name: str) -> str:
    """Return `name` if it is one of POOLINGS.

    Raises:
        ModuleError: it is another word.
    """
    if name not in POOLINGS:
        raise ModuleError(f"there is no pooling {name!r}", f"known are {', '.join(POOLINGS)}")
    return name


def pool(tf: Any, tokens: Any, mask: Any, pooling: str) -> Any:
    """Return one float32 vector a text, shape (n, d), from its tokens that count.

    `tokens` (n, t, d) are of any float type, `mask` (n, t) is 1 where a token counts and 0 where
    it is padding, on whichever side. "mean" averages the tokens that count, "max" takes the
    greatest value of each column, "cls" is the first of them and "last" the last. A text without
    any token that counts gets zeros.

    Raises:
        ModuleError: `pooling` is none of POOLINGS.
    """
    pooled = {"mean": _mean, "cls": _first, "last": _last, "max": _max}[checked_pooling(pooling)]
    counts = tf.cast(mask, tf.bool)
    # Half precision is too coarse for sums, and its lowest value is not that of float32.
    return pooled(tf, tf.cast(tokens, tf.float32), counts)


def _mean(tf: Any, tokens: Any, counts: Any) -> Any:
    # Chosen rather than multiplied by the mask: a network may leave NaN where nothing counts.
    total = tf.reduce_sum(tf.where(counts[:, :, None], tokens, 0.0), 1)
    n = tf.reduce_sum(tf.cast(counts, tf.float32), 1, keepdims=True)
    return tf.math.divide_no_nan(total, n)


def _max(tf: Any, tokens: Any, counts: Any) -> Any:
    greatest = tf.reduce_max(tf.where(counts[:, :, None], tokens, tf.float32.min), 1)
    return _or_zeros(tf, greatest, counts)


def _first(tf: Any, tokens: Any, counts: Any) -> Any:
    # With padding on the left the first token stands further on than 0.
    places = tf.argmax(tf.cast(counts, tf.int32), 1, tf.int32)
    return _or_zeros(tf, tf.gather(tokens, places, batch_dims=1), counts)


def _last(tf: Any, tokens: Any, counts: Any) -> Any:
    places = tf.range(tf.shape(tokens)[1])
    last = tf.reduce_max(tf.where(counts, places, 0), 1)
    return _or_zeros(tf, tf.gather(tokens, last, batch_dims=1), counts)


def _or_zeros(tf: Any, vectors: Any, counts: Any) -> Any:
    return tf.where(tf.reduce_any(counts, 1)[:, None], vectors, 0.0)
