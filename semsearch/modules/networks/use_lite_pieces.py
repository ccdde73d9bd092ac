"""The pieces of use-lite: a SentencePiece model made of TensorFlow.js's list of them."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterator, Sequence

import numpy as np

from semsearch.errors import ModuleError
from semsearch.modules.text import Tokens

RESERVED = 6
"""The first is for what is unknown; the next five mark places and never stand in a text."""


class Pieces:
    """Texts to the ids of their pieces."""

    def __init__(self, vocabulary: bytes) -> None:
        from sentencepiece import SentencePieceProcessor

        self._pieces = SentencePieceProcessor(model_proto=piece_model(vocabulary))

    def encode(self, texts: Sequence[str], longest: int) -> list[Tokens]:
        """Return the ids of each text's first pieces; none for a text of blanks."""
        ids = self._pieces.encode([normalised(text) for text in texts])
        return [np.array(each[:longest], np.int32) for each in ids]

    def count(self, texts: Sequence[str]) -> list[int]:
        """Return how many pieces each text has."""
        return [len(self._pieces.encode(normalised(text))) for text in texts]


def normalised(text: str) -> str:
    """Return the text in NFKC with one space where any white space was, and none at its ends."""
    return " ".join(unicodedata.normalize("NFKC", text).split())


def piece_model(vocabulary: bytes) -> bytes:
    """Return the SentencePiece model of a `vocab.json`, a list of pieces with their scores.

    Raises:
        ModuleError: not such a list.
    """
    from sentencepiece.sentencepiece_model_pb2 import ModelProto  # type: ignore[attr-defined]

    try:
        pieces = list(_usable(json.loads(vocabulary)))
    except (ValueError, TypeError) as error:
        problem = f"the vocabulary is no list of pieces and scores ({error})"
        raise ModuleError(problem, "get the file again") from error
    model = ModelProto()
    for number, (piece, score, is_used) in enumerate(pieces):
        kind = model.SentencePiece.NORMAL if is_used else model.SentencePiece.UNUSED
        if number < RESERVED:
            kind = model.SentencePiece.CONTROL if number else model.SentencePiece.UNKNOWN
        model.pieces.add(piece=piece, score=score, type=kind)
    model.trainer_spec.model_type = model.trainer_spec.UNIGRAM
    model.trainer_spec.vocab_size = len(pieces)
    model.trainer_spec.unk_piece = pieces[0][0]
    model.trainer_spec.pad_id = -1
    model.normalizer_spec.name = "identity"
    return model.SerializeToString()  # type: ignore[no-any-return]


def _usable(vocabulary: Sequence[tuple[str, float | None]]) -> Iterator[tuple[str, float, bool]]:
    """Mend what SentencePiece refuses: pieces without a score, and pieces that stand there twice.

    Pieces are in the order of their scores, so the neighbours bound a missing one. Of equal pieces
    the last one counts, as it does in TensorFlow.js.
    """
    places = [number for number, (_, score) in enumerate(vocabulary) if score is not None]
    known = [float(vocabulary[number][1] or 0) for number in places]
    scores = np.interp(np.arange(len(vocabulary)), places, known)
    last = {piece: number for number, (piece, _) in enumerate(vocabulary)}
    for number, (piece, _) in enumerate(vocabulary):
        is_last = last[piece] == number
        yield piece if is_last else f"<{number} again>", float(scores[number]), is_last
