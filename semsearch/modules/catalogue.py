"""The modules that have short names: those we build here, and well-known ones of TensorFlow Hub."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from semsearch.modules.card import SAME_SIGNATURE, ModuleCard
from semsearch.modules.module import Module
from semsearch.modules.networks import (
    colours,
    disk,
    efficientnet_lite,
    hashing,
    minilm,
    mobilenet_v2,
    resnet50,
    use_lite,
    use_multilingual,
)
from semsearch.modules.weights import WeightFile

HUB = "https://tfhub.dev/"
LEARNT_ON_THE_WEB = "It has the associations that people make in the texts it learnt from."
AVERAGES_WORDS = (
    f"It averages word vectors, so the order of words counts for little. {LEARNT_ON_THE_WEB}"
)
KNOWS_PHOTOGRAPHS = (
    "Knows photographs of things and animals best; not faces, drawings, writing or places by name."
)


@dataclass(frozen=True)
class BuiltIn:
    """A module whose network we build ourselves, and the weights that it needs."""

    card: ModuleCard
    make: Callable[[], Module]
    weights: tuple[WeightFile, ...] = ()


@dataclass(frozen=True)
class FromHub:
    """A module of TensorFlow Hub; its card has no digest before its files are here."""

    card: ModuleCard
    handle: str


def _built_in() -> list[BuiltIn]:
    return [
        BuiltIn(use_multilingual.CARD, use_multilingual.use_multilingual, use_multilingual.WEIGHTS),
        *_efficientnets()[:1],
        BuiltIn(minilm.CARD, minilm.minilm, minilm.WEIGHTS),
        BuiltIn(use_lite.CARD, use_lite.use_lite, use_lite.WEIGHTS),
        *_efficientnets()[1:],
        BuiltIn(mobilenet_v2.CARD, mobilenet_v2.mobilenet_v2, mobilenet_v2.WEIGHTS),
        BuiltIn(resnet50.CARD, resnet50.resnet50, resnet50.WEIGHTS),
        BuiltIn(disk.CARD, disk.disk, disk.WEIGHTS),
        BuiltIn(hashing.CARD, hashing.hashing),
        BuiltIn(colours.CARD, colours.colours),
    ]


def _efficientnets() -> list[BuiltIn]:
    made = (
        (efficientnet_lite.LITE0, efficientnet_lite.efficientnet_lite0),
        (efficientnet_lite.LITE1, efficientnet_lite.efficientnet_lite1),
        (efficientnet_lite.LITE2, efficientnet_lite.efficientnet_lite2),
    )
    return [BuiltIn(variant.card, make, variant.weights) for variant, make in made]


def _from_hub() -> list[FromHub]:
    """Return what TensorFlow Hub's pages said of these modules, as remembered in many programs.

    None of them could be fetched where this was written: small modules of the same signatures
    stand in for them in tests/hub.
    """
    english, photographs = ("en",), KNOWS_PHOTOGRAPHS
    return [
        _text("use", "google/universal-sentence-encoder/4", 512, english,
              "Universal Sentence Encoder v4: English sentences"),
        _text("use-large", "google/universal-sentence-encoder-large/5", 512, english,
              "Universal Sentence Encoder v5 (transformer): English, better and slower"),
        *(
            _text(f"nnlm-{code}-dim128", f"google/nnlm-{code}-dim128/2", 128, (code,),
                  f"Averaged word vectors of a neural language model: {language}",
                  caveat=AVERAGES_WORDS)
            for code, language in (
                ("en", "English"), ("de", "German"), ("es", "Spanish"), ("ja", "Japanese"),
            )
        ),
        _text("wiki-words-250", "google/Wiki-words-250/2", 250, english,
              "Averaged word2vec vectors of the English Wikipedia", caveat=AVERAGES_WORDS),
        _pair("bert-en", "tensorflow/bert_en_uncased_preprocess/3",
              "tensorflow/bert_en_uncased_L-12_H-768_A-12/4", "BERT base, uncased English"),
        _pair("roberta-en", "jeongukjae/roberta_en_cased_preprocess/1",
              "jeongukjae/roberta_en_cased_L-12_H-768_A-12/1", "RoBERTa base, cased English"),
        _image("inception-v3", "google/imagenet/inception_v3/feature_vector/5", 2048, 299,
               "Inception v3 trained on ImageNet", photographs),
        _image("nasnet-large", "google/imagenet/nasnet_large/feature_vector/5", 4032, 331,
               "NASNet-A large trained on ImageNet: the most exact and slowest here", photographs),
        FromHub(
            _card("delf", f"{HUB}google/delf/1", "local-features", 40,
                  "DELF: local features of landmarks, for matching views of one place",
                  "Made for buildings and places; it gives many vectors a picture, so it checks"
                  " matches and makes no collection."),
            f"{HUB}google/delf/1",
        ),
    ]  # fmt: skip


def _text(
    name: str,
    path: str,
    dim: int,
    languages: tuple[str, ...],
    description: str,
    *,
    caveat: str = LEARNT_ON_THE_WEB,
) -> FromHub:
    handle = f"{HUB}{path}"
    card = _card(name, handle, "text", dim, description, caveat, languages=languages)
    return FromHub(card, handle)


def _pair(name: str, preprocess: str, encoder: str, description: str) -> FromHub:
    handle = f"{HUB}{preprocess}+{HUB}{encoder}"
    caveat = (
        "It was not taught to compare sentences: minilm and use do that better. It is here for"
        f" its features. {LEARNT_ON_THE_WEB}"
    )
    facts = {"languages": ("en",), "max_tokens": 128, "form": "preprocess + encoder"}
    return FromHub(_card(name, handle, "text", 768, description, caveat, **facts), handle)


def _image(name: str, path: str, dim: int, size: int, description: str, caveat: str) -> FromHub:
    handle = f"{HUB}{path}"
    facts = {"image_size": size, "pixel_range": (0.0, 1.0)}
    return FromHub(_card(name, handle, "image", dim, description, caveat, **facts), handle)


def _card(
    name: str,
    handle: str,
    modality: str,
    dim: int,
    description: str,
    caveat: str,
    **facts: Any,
) -> ModuleCard:
    stated: dict[str, Any] = {"languages": (), "licence": "Apache-2.0", "form": "SavedModel"}
    return ModuleCard(
        name=name,
        version=handle.rpartition("/")[2],
        modality=modality,
        dim=dim,
        digest="",
        source=handle,
        description=description,
        caveat=caveat,
        items_per_second=None,
        checked=SAME_SIGNATURE,
        **stated | facts,
    )


BUILT_IN: dict[str, BuiltIn] = {entry.card.name: entry for entry in _built_in()}
FROM_HUB: dict[str, FromHub] = {entry.card.name: entry for entry in _from_hub()}


def known_modules() -> list[ModuleCard]:
    """Return the cards of all short names, ours first; nothing is loaded or fetched.

    The card of a module of TensorFlow Hub has no digest here, which only its files can give.
    """
    ours = [entry.card for entry in BUILT_IN.values()]
    return ours + [entry.card for entry in FROM_HUB.values()]
