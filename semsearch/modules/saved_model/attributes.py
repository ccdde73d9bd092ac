"""What the attributes of an operation hold, however deep: functions, values, what stays open."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Attributes = Mapping[str, Any]


def values_in(attributes: Attributes) -> Iterator[Any]:
    """Yield every value, with those that are handed on to the functions among them."""
    for value in attributes.values():
        yield value
        for function in _functions_of(value):
            yield from values_in(function.attr)


def called_in(attributes: Attributes) -> Iterator[tuple[str, bool]]:
    """Yield (name of a function; whether the operation itself calls it, or hands it on)."""
    for value in attributes.values():
        for function in _functions_of(value):
            yield function.name, True
            for name, _ in called_in(function.attr):
                yield name, False


def has_placeholder(attributes: Attributes) -> bool:
    """Tell whether a value is left open, for whoever calls the function to fill."""
    return any(value.WhichOneof("value") == "placeholder" for value in values_in(attributes))


def has_opaque_tensor(attributes: Attributes) -> bool:
    """Tell whether a tensor holds a variant or a resource: a dataset, say, or another's table."""
    return any(
        tensor.variant_val or tensor.resource_handle_val or _is_packed(tensor)
        for value in values_in(attributes)
        for tensor in _tensors_of(value)
    )


def has_strange_config(attributes: Attributes) -> bool:
    """Tell whether a call asks TensorFlow for optimizers by name, other machines, or dumps."""
    from tensorflow.core.protobuf import config_pb2

    if "config_proto" not in attributes:
        return False
    try:
        config = config_pb2.ConfigProto.FromString(attributes["config_proto"].s)
    except Exception:  # what cannot be read cannot be judged
        return True
    rewrite = config.graph_options.rewrite_options
    return bool(
        rewrite.custom_optimizers
        or rewrite.optimizers
        or config.cluster_def.job
        or config.experimental.tf2xla_dump_dir
    )


def constant_strings(attributes: Attributes) -> set[bytes]:
    """Return the strings of a constant; none where they cannot be told.

    The runtime prefers packed content to the strings beside it.
    """
    if "value" not in attributes or attributes["value"].WhichOneof("value") != "tensor":
        return set()
    tensor = attributes["value"].tensor
    return set() if tensor.tensor_content else set(tensor.string_val)


def _functions_of(value: Any) -> Iterator[Any]:
    kind = value.WhichOneof("value")
    if kind == "func":
        yield value.func
    elif kind == "list":
        yield from value.list.func


def _tensors_of(value: Any) -> Iterator[Any]:
    kind = value.WhichOneof("value")
    if kind == "tensor":
        yield value.tensor
    elif kind == "list":
        yield from value.list.tensor


def _is_packed(tensor: Any) -> bool:
    from tensorflow.core.framework import types_pb2

    opaque = (types_pb2.DT_VARIANT, types_pb2.DT_RESOURCE)
    return bool(tensor.tensor_content) and tensor.dtype in opaque
