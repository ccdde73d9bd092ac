"""The card of a pair: read from the graphs, and its digest is that of the vectors' space."""

from __future__ import annotations

from pathlib import Path

import pytest

from semsearch.modules.saved_model.pair import open_pair, pair_card
from tests.hub import small_transformers as small
from tests.hub.transformers.conftest import resolved

pytestmark = [pytest.mark.tensorflow]


def test_a_card_says_what_the_pair_takes_and_gives(pair) -> None:
    preprocess, encoder = pair("bert")
    card = pair_card(preprocess, encoder, {"pooling": "cls", "layer": "1"})
    assert card.name == f"{preprocess.path}+{encoder.path}#pooling=cls&layer=1"
    assert (card.modality, card.dim, card.max_tokens) == ("text", small.WIDTH, small.SEQUENCE)
    assert (card.languages, card.licence, card.is_dynamic) == ((), "not stated", True)
    assert card.size == preprocess.size + encoder.size
    assert card.source == f"{preprocess.source}; {encoder.source}"
    assert card.signature == (
        "texts: string (?) -> input_mask, input_type_ids, input_word_ids -> "
        "cls of encoder_outputs_1: float32 (?, 16)"
    )


def test_a_card_file_in_a_module_states_its_licence(pair, tmp_path: Path) -> None:
    encoder = small.bert_encoder(tmp_path / "bert" / "7")
    (encoder / "semsearch").mkdir()
    (encoder / "semsearch" / "card.json").write_text('{"licence": "Apache-2.0"}')
    card = pair_card(pair("bert")[0], resolved(encoder), {})
    assert card.licence == "not stated for the preprocessor; Apache-2.0 for the encoder"
    assert card.version == "7"


def test_the_opened_module_has_the_same_card(pair) -> None:
    assert open_pair(*pair("bert"), {}).card == pair_card(*pair("bert"), {})


@pytest.mark.parametrize(
    ("kind", "options", "limit"),
    [
        ("bert", {"max_tokens": "200"}, 200),
        ("bert-of-64", {}, 64),
        ("gpt-left", {}, 40),
        ("gpt-left", {"max_tokens": "10"}, 10),
        ("gpt-any-length", {}, None),
    ],
)
def test_a_card_says_how_many_tokens_count(pair, kind, options, limit) -> None:
    card = pair_card(*pair(kind), options)
    assert card.max_tokens == limit
    assert card.is_dynamic == (kind != "bert-of-64")


def test_a_card_is_read_without_running_anything(tmp_path: Path, pair) -> None:
    encoder = small.bert_encoder(tmp_path / "encoder")
    before = pair_card(pair("bert")[0], resolved(encoder), {})
    for shard in (encoder / "variables").glob("*.data*"):
        shard.write_bytes(b"soup")
    assert pair_card(pair("bert")[0], resolved(encoder), {}) == before


def test_options_that_change_the_vectors_change_the_digest_and_no_others_do(pair) -> None:
    def digest(kind: str, **options: str) -> str:
        return pair_card(*pair(kind), options).digest

    plain = digest("bert")
    written_out = {"pooling": "mean", "layer": "-1", "max_tokens": "128", "signature": "__call__"}
    assert digest("bert", **written_out) == plain
    assert digest("bert", layer="0") == digest("bert", layer="-3")
    changed = [
        digest("bert", pooling="max"),
        digest("bert", layer="0"),
        digest("bert", max_tokens="64"),
        digest("bert", output="pooled_output"),
        digest("roberta"),
        digest("bert-fixed-call"),
    ]
    assert len({plain, *changed}) == len(changed) + 1
