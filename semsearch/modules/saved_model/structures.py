"""What can be called and how: named tensors, and the nested arguments of saved functions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

CALL = "__call__"
DYNAMIC = "?"


@dataclass(frozen=True)
class Port:
    """One input or output: its name, the tensor behind it, its type and shape.

    `shape` has None for sizes that vary, and is None where even their number is unknown.
    """

    name: str
    tensor: str
    dtype: str
    shape: tuple[int | None, ...] | None

    def __str__(self) -> str:
        if self.shape is None:
            return f"{self.name}: {self.dtype}"
        sizes = ", ".join(DYNAMIC if size is None else str(size) for size in self.shape)
        return f"{self.name}: {self.dtype} ({sizes})"


@dataclass(frozen=True)
class Signature:
    """One way to call a module; `arguments` is (positional, by name) of `__call__`, with ports."""

    name: str
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    arguments: tuple[Any, Any] | None = field(default=None, compare=False)

    def __str__(self) -> str:
        inputs = "; ".join(str(port) for port in self.inputs)
        outputs = "; ".join(str(port) for port in self.outputs)
        return f"{self.name}({inputs}) -> {outputs}"


def port_of(tf: Any, name: str, dtype: int, shape: Any, tensor: str = "") -> Port:
    """Return the port for a type and shape as protobufs tell them."""
    kind = tf.dtypes.as_dtype(dtype).base_dtype.name if dtype else "unknown"
    if shape.unknown_rank:
        return Port(name, tensor, kind, None)
    sizes = tuple(dim.size if dim.size >= 0 else None for dim in shape.dim)
    return Port(name, tensor, kind, sizes)


def call_signature(tf: Any, objects: Any) -> Signature | None:
    """Return the signature of the saved object's `__call__`, or None where it has none.

    Of several traces, the one with the fewest true flags is meant: `training=True` is not.
    """
    names = _traces(objects)
    traces = [_trace(tf, objects.concrete_functions[name]) for name in names]
    return min((trace for trace in traces if trace), key=_weight, default=None)


def flattened(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Yield (name, leaf) of nested outputs: keys and positions are joined by `_`."""
    if isinstance(value, Mapping):
        for key in sorted(value):
            yield from flattened(value[key], f"{name}_{key}" if name else str(key))
    elif isinstance(value, list | tuple):
        for place, part in enumerate(value):
            yield from flattened(part, f"{name or 'output'}_{place}")
    else:
        yield name or "output_0", value


def filled(template: Any, values: Mapping[str, Any]) -> Any:
    """Return the arguments of `__call__` with every port replaced by the value of its name."""
    if isinstance(template, Port):
        return values[template.name]
    if isinstance(template, dict):
        return {key: filled(part, values) for key, part in template.items()}
    if isinstance(template, list | tuple):
        return type(template)(filled(part, values) for part in template)
    return template


def _traces(objects: Any) -> list[str]:
    if not objects.nodes:
        return []
    children = {child.local_name: child.node_id for child in objects.nodes[0].children}
    if CALL not in children:
        return []
    node = objects.nodes[children[CALL]]
    if node.WhichOneof("kind") == "function":
        return list(node.function.concrete_functions)
    return []


def _trace(tf: Any, function: Any) -> Signature | None:
    try:
        arguments = _decoded(tf, function.canonicalized_input_signature, "inputs")
        outputs = _decoded(tf, function.output_signature, "")
    except NotImplementedError:  # ragged and sparse tensors, and types of other packages
        return None
    positional, named = arguments
    inputs = tuple(part for part in _leaves(arguments) if isinstance(part, Port))
    found = tuple(
        Port(name, "", port.dtype, port.shape)
        for name, port in flattened(outputs)
        if isinstance(port, Port)
    )
    if not inputs or not found or len({port.name for port in inputs}) < len(inputs):
        return None
    return Signature(CALL, inputs, found, (positional, named))


def _weight(signature: Signature) -> tuple[int, int]:
    flags = sum(leaf is True for leaf in _leaves(signature.arguments))
    return flags, len(signature.inputs)


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        for part in value.values():
            yield from _leaves(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _leaves(part)
    else:
        yield value


def _decoded(tf: Any, value: Any, name: str) -> Any:
    """Return a StructuredValue as plain Python, with a Port for each tensor."""
    kind = value.WhichOneof("kind")
    if kind in ("tensor_spec_value", "bounded_tensor_spec_value"):
        spec = getattr(value, kind)
        return port_of(tf, name or spec.name, spec.dtype, spec.shape)
    if kind == "dict_value":
        fields = value.dict_value.fields
        return {key: _decoded(tf, part, key) for key, part in sorted(fields.items())}
    if kind == "tuple_value":
        return tuple(_decoded(tf, part, _spec_name(part)) for part in value.tuple_value.values)
    if kind == "list_value":
        return [_decoded(tf, part, _spec_name(part)) for part in value.list_value.values]
    if kind in ("none_value", None):
        return None
    if kind in ("bool_value", "int64_value", "float64_value", "string_value"):
        return getattr(value, kind)
    raise NotImplementedError(kind)


def _spec_name(value: Any) -> str:
    return str(value.tensor_spec_value.name) if value.HasField("tensor_spec_value") else ""
