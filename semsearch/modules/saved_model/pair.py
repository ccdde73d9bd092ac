"""Modules of two parts: a preprocessor that makes tokens of texts, and a transformer encoder."""

from __future__ import annotations

from collections.abc import Mapping

from semsearch.modules.card import UNCHECKED, ModuleCard, card_digest, guessed_passage_tokens
from semsearch.modules.handles.resolve import Resolved
from semsearch.modules.module import Encode, Module
from semsearch.modules.saved_model.facts import NOT_STATED, name_and_version, stored_card
from semsearch.modules.saved_model.pair_graph import pair_graph
from semsearch.modules.saved_model.plan import Plan, plan_pair
from semsearch.modules.saved_model.scan import refuse_risky
from semsearch.modules.saved_model.transformer import Transformer
from semsearch.modules.text import checked_text, each_text_once

CODE_VERSION = "transformer pair 1"
CAVEAT = (
    "A transformer that was never trained to compare texts makes vectors that lie close together:"
    " compare scores with each other, not with those of other modules. What it learnt from its"
    " texts, prejudices too, is in the vectors."
)


def open_pair(preprocess: Resolved, encoder: Resolved, options: Mapping[str, str]) -> Module:
    """Return the module of a preprocessor and its encoder; both are loaded by the first encoding.

    `options` are those of the handle: pooling, layer, output, max_tokens, signature and tags,
    the last two of the encoder.

    Raises:
        ModuleError: the two do not fit together, an option fits neither, or one of them holds
            operations that the user has not agreed to.
    """
    plan = plan_pair(preprocess, encoder, options)
    for module in (preprocess, encoder):
        refuse_risky(module)

    def build() -> Encode:
        return each_text_once(Transformer(plan).encode)

    return Module(_card(plan, options), checked_text, build, lambda: pair_graph(plan))


def pair_card(preprocess: Resolved, encoder: Resolved, options: Mapping[str, str]) -> ModuleCard:
    """Return the card of a preprocessor and its encoder, from their graphs: nothing is run.

    Raises:
        ModuleError: the two do not fit together, or an option fits neither.
    """
    return _card(plan_pair(preprocess, encoder, options), options)


def _card(plan: Plan, options: Mapping[str, str]) -> ModuleCard:
    reading = plan.reading
    modules = (plan.preprocess.module, plan.encoder.module)
    fragment = "&".join(f"{key}={value}" for key, value in options.items())
    how = f"{reading.pooling} of {reading.output}" if reading.pooling else reading.output
    # What an option that is left out means is in the digest too, so that writing it out makes
    # no other space.
    settings = f"{CODE_VERSION}, {plan.encoder.signature.name}, {how}, {plan.limit} tokens"
    return ModuleCard(
        name=f"{plan.preprocess.name}+{plan.encoder.name}" + (f"#{fragment}" if fragment else ""),
        version=name_and_version(plan.encoder.module)[1],
        modality="text",
        dim=reading.dim,
        languages=(),
        licence=_licence(plan),
        digest=card_digest(settings, [module.digest for module in modules]),
        source="; ".join(module.source for module in modules),
        description=f"Transformer features: {how}, with {reading.layers} layers to choose from",
        caveat=CAVEAT,
        items_per_second=None,
        max_tokens=plan.limit,
        passage_tokens=guessed_passage_tokens("text", plan.limit),
        form="preprocessor and encoder",
        signature=_signature(plan, how),
        is_dynamic=plan.width is None,
        size=sum(module.size for module in modules),
        checked=UNCHECKED,
    )


def _signature(plan: Plan, how: str) -> str:
    tokens = ", ".join(feed.name for feed in plan.feeds)
    return f"texts: string (?) -> {tokens} -> {how}: float32 (?, {plan.reading.dim})"


def _licence(plan: Plan) -> str:
    licences = [
        stored_card(part.module.path).get("licence", NOT_STATED)
        for part in (plan.preprocess, plan.encoder)
    ]
    if len(set(licences)) == 1:
        return str(licences[0])
    return f"{licences[0]} for the preprocessor; {licences[1]} for the encoder"
