"""Which output of a transformer encoder is read: a layer of its tokens, or its own vector."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from semsearch.errors import ModuleError
from semsearch.modules.saved_model.pooling import checked_pooling
from semsearch.modules.saved_model.structures import Port, Signature

# A pooled_output was mostly trained for another task (BERT's for guessing whether two sentences
# follow each other) and tells little of the meaning before fine-tuning; the mean of the tokens
# serves with every transformer, whether it has a first token for the whole text or not.
DEFAULT_POOLING = "mean"

TOKEN_OUTPUTS = ("sequence_output", "last_hidden_state")
OWN_OUTPUTS = ("default", "pooled_output", "pooler_output")
LAYER = re.compile(r"encoder_outputs_(\d+)")
MATRIX, CUBE = 2, 3


@dataclass(frozen=True)
class Reading:
    """The output of the encoder that is read, and how its tokens are pooled.

    `pooling` is None where the output is the module's own vector; `layers` is how many layers
    the encoder shows.
    """

    output: str
    pooling: str | None
    dim: int
    layers: int


def choose_reading(encoder: str, signature: Signature, options: Mapping[str, str]) -> Reading:
    """Return which output of an encoder is read: its layer or its own vector, and how it is pooled.

    `encoder` is the name for what goes wrong.

    Raises:
        ModuleError: there is no such output, layer or pooling, or two options contradict.
    """
    outputs = {port.name: port for port in signature.outputs}
    layers = _layers(outputs)
    if "output" in options:
        port = _wanted_output(encoder, outputs, options)
    elif layers or not outputs.keys().isdisjoint(TOKEN_OUTPUTS):
        port = outputs[_layer(encoder, outputs, layers, options)]
    else:
        port = _own_output(encoder, outputs)
    rank = len(port.shape or ())
    dim = port.shape[-1] if port.shape else None
    if rank not in (MATRIX, CUBE) or dim is None:
        raise ModuleError(
            f"the output {str(port)!r} of {encoder!r} is neither one vector a text nor one"
            " a token, of a known width",
            f"give #output= one of these: {_names(signature.outputs)}",
        )
    pooling = checked_pooling(options.get("pooling", DEFAULT_POOLING)) if rank == CUBE else None
    if pooling is None and not options.keys().isdisjoint({"pooling", "layer"}):
        raise ModuleError(
            f"the output {port.name!r} of {encoder!r} is the vector of the whole text, which"
            " has no tokens to pool and no layers",
            "leave out either output or pooling and layer",
        )
    return Reading(port.name, pooling, dim, len(layers) or 1)


def _layers(outputs: Mapping[str, Port]) -> list[str]:
    numbered = [(int(match[1]), name) for name in outputs if (match := LAYER.fullmatch(name))]
    return [name for _, name in sorted(numbered)]


def _layer(
    encoder: str, outputs: Mapping[str, Port], layers: list[str], options: Mapping[str, str]
) -> str:
    layer = number_option(options, "layer") if "layer" in options else -1
    last = next((name for name in TOKEN_OUTPUTS if name in outputs), None)
    # The last output has gone through a last normalisation in some networks; their last layer
    # has not.
    if layer == -1 and last is not None:
        return last
    if not -len(layers) <= layer < len(layers):
        n = f"{len(layers)} layers" if layers else "only its last layer"
        limits = f"from 0 to {len(layers) - 1}, or from -{len(layers)} to -1" if layers else "-1"
        raise ModuleError(
            f"there is no layer {layer}: {encoder!r} gives {n}", f"give layer {limits}"
        )
    return layers[layer]


def _wanted_output(encoder: str, outputs: Mapping[str, Port], options: Mapping[str, str]) -> Port:
    wanted = options["output"]
    if wanted not in outputs:
        raise ModuleError(
            f"{encoder!r} has no output {wanted!r}",
            f"give #output= one of these: {_names(outputs.values())}",
        )
    if "layer" in options:
        raise ModuleError(
            f"output={wanted} and layer={options['layer']} are two ways to name an output",
            "leave one of them out",
        )
    return outputs[wanted]


def _own_output(encoder: str, outputs: Mapping[str, Port]) -> Port:
    own = next((name for name in OWN_OUTPUTS if name in outputs), None)
    if own is None:
        raise ModuleError(
            f"{encoder!r} gives no vectors of its tokens but {_names(outputs.values())}",
            "give #output= the one that is the vector",
        )
    return outputs[own]


def number_option(options: Mapping[str, str], name: str) -> int:
    """Return the whole number that an option of a handle holds."""
    try:
        return int(options[name])
    except ValueError as error:
        raise ModuleError(
            f"{name}={options[name]} is no whole number", f"give {name} a whole number"
        ) from error


def _names(ports: Iterable[Port]) -> str:
    return ", ".join(port.name for port in ports)
