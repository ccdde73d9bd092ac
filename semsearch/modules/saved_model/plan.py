"""How a preprocessor and an encoder fit together, read from their graphs before anything runs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from semsearch.errors import ModuleError
from semsearch.modules.handles.resolve import Resolved
from semsearch.modules.saved_model.choice import choose_signature
from semsearch.modules.saved_model.graph import MetaGraph, choose_graph, read_graphs
from semsearch.modules.saved_model.reading import Reading, choose_reading, number_option
from semsearch.modules.saved_model.structures import CALL, Port, Signature

MASK = ("input_mask", "attention_mask", "padding_mask")
IDS = ("input_word_ids", "input_ids", "token_ids")
TYPES = ("input_type_ids", "token_type_ids", "segment_ids")
"""One input of a transformer each, by the names that different publishers give it."""

PACKER = {"tokenize", "bert_pack_inputs"}
FEWEST_TOKENS = 3
OF_PICTURES = ("size", "pixels", "channels")
MASK_COLUMN, IDS_COLUMN = 0, 1
MATRIX = 2
FIT = "take the preprocessor that was published with the encoder, and put it before the +"


@dataclass(frozen=True)
class Part:
    """One of the two modules and how it is called: the signature, and the options that name it.

    `has_packer` tells whether it can turn texts into any number of tokens.
    """

    module: Resolved
    signature: Signature
    choice: Mapping[str, str]
    has_packer: bool

    @property
    def name(self) -> str:
        """The handle of the module."""
        return self.module.handle.source

    @property
    def takes_text(self) -> bool:
        """Whether texts go in rather than tokens."""
        return any(port.dtype == "string" for port in self.signature.inputs)


@dataclass(frozen=True)
class Feed:
    """One input of the encoder: its name, the column of tokens that it gets, and as which type."""

    name: str
    column: int
    dtype: str


@dataclass(frozen=True)
class Plan:
    """How texts become vectors.

    `columns` are the outputs of the preprocessor that count, the mask first and the ids second.
    `limit` is how many tokens count, None for what the preprocessor gives; with `packs` it is
    told to the preprocessor, otherwise the tokens are cut. `width` is the only length that the
    encoder takes, None for any.
    """

    preprocess: Part
    encoder: Part
    columns: tuple[str, ...]
    feeds: tuple[Feed, ...]
    reading: Reading
    limit: int | None
    packs: bool
    width: int | None


def plan_pair(preprocess: Resolved, encoder: Resolved, options: Mapping[str, str]) -> Plan:
    """Plan how a pair is used, from its graphs and the options of its handle.

    Raises:
        ModuleError: the two do not fit together, or an option fits neither.
    """
    for name in OF_PICTURES:
        if name in options:
            raise ModuleError(
                f"the option {name!r} is for pictures; a preprocessor and its encoder take texts",
                "leave it out",
            )
    first, second = _part(preprocess, {}), _part(encoder, options)
    _check_order(first, second)
    _check_preprocessor(first)
    columns, feeds = _feeds(first, second)
    length = _length(first.signature.outputs, columns[IDS_COLUMN])
    ids = next(feed for feed in feeds if feed.column == IDS_COLUMN)
    width = _length(second.signature.inputs, ids.name)
    limit = _limit(first, length, width, options)
    packs = first.has_packer and limit is not None and limit != length
    reading = choose_reading(second.name, second.signature, options)
    return Plan(first, second, columns, feeds, reading, limit, packs, width)


def _part(module: Resolved, options: Mapping[str, str]) -> Part:
    graph = choose_graph(module.path, read_graphs(module.path), options.get("tags"))
    choice = {key: options[key] for key in ("tags", "signature") if key in options}
    # The signatures of published transformers have lost the names of their outputs and the list
    # of their layers; `__call__` keeps both.
    if CALL in graph.signatures:
        choice.setdefault("signature", CALL)
    signature = choose_signature(module.path, graph, choice)
    return Part(module, signature, choice, _children(graph) >= PACKER)


def _check_order(first: Part, second: Part) -> None:
    if second.takes_text and not first.takes_text:
        raise ModuleError(
            f"{first.name!r} takes no text but {_names(first.signature.inputs)}, and"
            f" {second.name!r} takes text: the preprocessor comes first",
            f"write {second.name}+{first.name}",
        )
    if second.takes_text:
        raise ModuleError(
            f"{second.name!r} takes texts themselves, not the tokens of a preprocessor",
            f"use it alone: {second.name}",
        )


def _check_preprocessor(first: Part) -> None:
    if not first.takes_text or len(first.signature.inputs) > 1:
        raise ModuleError(
            f"{first.name!r} is no preprocessor of single texts: it takes"
            f" {_names(first.signature.inputs)}",
            FIT,
        )
    given = {port.name for port in first.signature.outputs}
    for names, what in ((IDS, "the numbers of the tokens"), (MASK, "which tokens count")):
        if given.isdisjoint(names):
            raise ModuleError(
                f"{first.name!r} is no preprocessor: it does not give {what}"
                f" ({' or '.join(names)}) but {_names(first.signature.outputs)}",
                FIT,
            )


def _feeds(first: Part, second: Part) -> tuple[tuple[str, ...], tuple[Feed, ...]]:
    """Return the columns of tokens that are kept, and which input of the encoder gets which."""
    given = [port.name for port in first.signature.outputs]
    columns = [name for names in (MASK, IDS) for name in _counterparts(names[0], given)[:1]]
    feeds = []
    for port in second.signature.inputs:
        sources = _counterparts(port.name, given)
        if not sources:
            raise ModuleError(
                f"the encoder {second.name!r} wants {port.name!r}, which the preprocessor"
                f" {first.name!r} does not give (it gives {', '.join(given)})",
                FIT,
            )
        if sources[0] not in columns:
            columns.append(sources[0])
        feeds.append(Feed(port.name, columns.index(sources[0]), port.dtype))
    if all(feed.column != IDS_COLUMN for feed in feeds):
        raise ModuleError(
            f"{second.name!r} is no encoder of tokens: it takes {_names(second.signature.inputs)}",
            "name a transformer encoder after the +",
        )
    return tuple(columns), tuple(feeds)


def _counterparts(name: str, given: Sequence[str]) -> list[str]:
    """Return which of the names `given` mean the same as `name`, itself first."""
    same = next((names for names in (MASK, IDS, TYPES) if name in names), ())
    return [other for other in (name, *same) if other in given]


def _limit(
    first: Part, length: int | None, width: int | None, options: Mapping[str, str]
) -> int | None:
    if "max_tokens" not in options:
        return min((size for size in (length, width) if size is not None), default=None)
    wanted = number_option(options, "max_tokens")
    if wanted < FEWEST_TOKENS:
        raise ModuleError(
            f"max_tokens={wanted} leaves no token of a text between its first and last mark",
            f"give {FEWEST_TOKENS} or more",
        )
    caps = [size for size in (None if first.has_packer else length, width) if size is not None]
    if caps and wanted > min(caps):
        raise ModuleError(
            f"{first.name!r} and its encoder take {min(caps)} tokens of a text, not {wanted}",
            f"give max_tokens={min(caps)} or fewer",
        )
    return wanted


def _length(ports: Iterable[Port], name: str) -> int | None:
    """Return how many tokens an input or output holds, None where that varies."""
    shape = next(port.shape for port in ports if port.name == name)
    return shape[1] if shape is not None and len(shape) == MATRIX else None


def _children(graph: MetaGraph) -> set[str]:
    nodes = graph.proto.object_graph_def.nodes
    return {child.local_name for child in nodes[0].children} if nodes else set()


def _names(ports: Iterable[Port]) -> str:
    return ", ".join(port.name for port in ports)
