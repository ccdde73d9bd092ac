"""What a network says of itself so that it can be written as a SavedModel."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Exportable:
    """A network as one TensorFlow function, and everything that has to travel with it.

    `call` maps a tensor to features (n, dim), float32, of any length: from texts, strings (n,),
    or from pictures, float32 (n, h, w, 3) with black 0 and white 1. With `is_dynamic` h and w may
    be anything, else they are the card's `image_size`. `tracked` are the objects that own
    variables, tables and assets that `call` uses; `variables` those of the variables that a user
    may see, `trainable_variables` those that fine-tuning may change, `regularization_losses`
    functions of no arguments, `licence_texts` the licences to be passed on with the network.
    """

    call: Callable[[Any], Any]
    variables: Sequence[Any] = ()
    trainable_variables: Sequence[Any] = ()
    regularization_losses: Sequence[Any] = ()
    tracked: Sequence[Any] = ()
    is_dynamic: bool = True
    licence_texts: tuple[str, ...] = ()
