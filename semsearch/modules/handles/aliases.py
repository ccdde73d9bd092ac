"""The two names of modules that moved: their old handle at tfhub.dev and the one at Kaggle."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Alias:
    """One module under both names.

    What a name gives is pinned at first use all the same, and the card says which name gave it.
    """

    tfhub: str
    kaggle: str


ALIASES = (
    # Seen side by side in many programs.
    Alias(
        "google/universal-sentence-encoder/4",
        "google/universal-sentence-encoder/tensorFlow2/universal-sentence-encoder/2",
    ),
    Alias(
        "google/universal-sentence-encoder-large/5",
        "google/universal-sentence-encoder/tensorFlow2/large/2",
    ),
    Alias(
        "google/universal-sentence-encoder-multilingual/3",
        "google/universal-sentence-encoder/tensorFlow2/multilingual/2",
    ),
    # From memory, and no machine of ours reaches Kaggle: these may name nothing.
    Alias("google/nnlm-en-dim128/2", "google/nnlm/tensorFlow2/en-dim128/1"),
    Alias("google/nnlm-de-dim128/2", "google/nnlm/tensorFlow2/de-dim128/1"),
    Alias("google/nnlm-es-dim128/2", "google/nnlm/tensorFlow2/es-dim128/1"),
    Alias("google/nnlm-ja-dim128/2", "google/nnlm/tensorFlow2/ja-dim128/1"),
    Alias("google/Wiki-words-250/2", "google/wiki-words/tensorFlow2/250/1"),
    Alias(
        "tensorflow/bert_en_uncased_L-12_H-768_A-12/4",
        "tensorflow/bert/tensorFlow2/bert-en-uncased-l-12-h-768-a-12/4",
    ),
    Alias(
        "tensorflow/bert_en_uncased_preprocess/3",
        "tensorflow/bert/tensorFlow2/en-uncased-preprocess/3",
    ),
    Alias(
        "google/imagenet/inception_v3/feature_vector/5",
        "google/inception-v3/tensorFlow2/feature-vector/2",
    ),
    Alias(
        "google/imagenet/nasnet_large/feature_vector/5",
        "google/nasnet/tensorFlow2/large-feature-vector/2",
    ),
    Alias("google/delf/1", "google/delf/tensorFlow1/delf/1"),
)
