"""A folder with a BERT: its vectors are those of the paper's formulas, whatever is read from it."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from semsearch.errors import ModuleError
from semsearch.modules import load_module

pytestmark = [pytest.mark.tensorflow]

WIDTH, LAYERS, HEADS, UNITS, POSITIONS = 16, 3, 4, 24, 40
PIECES = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "the", "soup", "was", "cold", "##ly", "hot", "!"]
PIECES += ["…", ".", "½", "1", "2", "cafe", "σ", "##σ", "ß", "ss"]
TEXTS = ["the soup was cold", "hot", "soup " * 30, "coldly !", ""]


@pytest.fixture(scope="module")
def weights() -> dict[str, np.ndarray]:
    random = np.random.default_rng(7)
    sizes = {
        "embeddings.word_embeddings.weight": (len(PIECES), WIDTH),
        "embeddings.position_embeddings.weight": (POSITIONS, WIDTH),
        "embeddings.token_type_embeddings.weight": (2, WIDTH),
        **norm("embeddings.LayerNorm"),
    }
    for number in range(LAYERS):
        layer = f"encoder.layer.{number}."
        for part in ("self.query", "self.key", "self.value", "output.dense"):
            sizes |= dense(f"{layer}attention.{part}", WIDTH, WIDTH)
        sizes |= norm(f"{layer}attention.output.LayerNorm") | norm(f"{layer}output.LayerNorm")
        sizes |= dense(f"{layer}intermediate.dense", WIDTH, UNITS)
        sizes |= dense(f"{layer}output.dense", UNITS, WIDTH)
    return {name: random.normal(0, 0.5, size).astype(np.float32) for name, size in sizes.items()}


def dense(name: str, into: int, out: int) -> dict[str, tuple[int, ...]]:
    return {f"{name}.weight": (out, into), f"{name}.bias": (out,)}


def norm(name: str) -> dict[str, tuple[int, ...]]:
    return {f"{name}.weight": (WIDTH,), f"{name}.bias": (WIDTH,)}


@pytest.fixture
def folder(tmp_path: Path, weights: dict[str, np.ndarray]) -> Path:
    folder = tmp_path / "bert"
    folder.mkdir()
    save_file(
        {f"bert.{name}": array for name, array in weights.items()}, folder / "model.safetensors"
    )
    (folder / "vocab.txt").write_text("\n".join(PIECES), encoding="utf-8")
    write(folder / "config.json", config())
    return folder


def config(**changes: object) -> dict[str, object]:
    return {
        "model_type": "bert",
        "hidden_act": "gelu",
        "hidden_size": WIDTH,
        "num_hidden_layers": LAYERS,
        "num_attention_heads": HEADS,
        "intermediate_size": UNITS,
        "layer_norm_eps": 1e-12,
        "max_position_embeddings": POSITIONS,
    } | changes


def write(path: Path, value: object) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(value), encoding="utf-8")


def by_hand(weights: dict[str, np.ndarray], ids: list[int], layers: int = LAYERS) -> np.ndarray:
    """Return the token vectors after so many layers, in plain float64."""
    w = {name: array.astype(np.float64) for name, array in weights.items()}

    def linear(x, name):
        return x @ w[f"{name}.weight"].T + w[f"{name}.bias"]

    def normed(x, name):
        x = (x - x.mean(1, keepdims=True)) / x.std(1, keepdims=True)
        return x * w[f"{name}.weight"] + w[f"{name}.bias"]

    words, places = (
        w["embeddings.word_embeddings.weight"],
        w["embeddings.position_embeddings.weight"],
    )
    x = words[ids] + places[: len(ids)] + w["embeddings.token_type_embeddings.weight"][0]
    x = normed(x, "embeddings.LayerNorm")
    share = WIDTH // HEADS
    for number in range(layers):
        layer = f"encoder.layer.{number}."
        query, key, value = (
            linear(x, f"{layer}attention.self.{part}").reshape(-1, HEADS, share)
            for part in ("query", "key", "value")
        )
        mixed = []
        for head in range(HEADS):
            scores = query[:, head] @ key[:, head].T / math.sqrt(share)
            scores = np.exp(scores - scores.max(1, keepdims=True))
            mixed.append(scores / scores.sum(1, keepdims=True) @ value[:, head])
        attended = linear(np.concatenate(mixed, 1), f"{layer}attention.output.dense")
        x = normed(x + attended, f"{layer}attention.output.LayerNorm")
        wide = linear(x, f"{layer}intermediate.dense")
        wide = wide * 0.5 * (1 + np.vectorize(math.erf)(wide / math.sqrt(2)))
        x = normed(x + linear(wide, f"{layer}output.dense"), f"{layer}output.LayerNorm")
    return x


def ids_of(*pieces: str) -> list[int]:
    return [PIECES.index(piece) for piece in ("[CLS]", *pieces, "[SEP]")]


def close(vector: np.ndarray, expected: np.ndarray) -> bool:
    return np.allclose(vector, expected / np.linalg.norm(expected), atol=2e-6)


def test_a_vector_is_the_mean_of_the_last_layer(folder: Path, weights) -> None:
    vectors = load_module(str(folder)).encode(["The soup was COLD", "coldly!"])
    assert close(vectors[0], by_hand(weights, ids_of("the", "soup", "was", "cold")).mean(0))
    assert close(vectors[1], by_hand(weights, ids_of("cold", "##ly", "!")).mean(0))


@pytest.mark.parametrize(
    ("pooling", "pooled"),
    [("cls", lambda x: x[0]), ("last", lambda x: x[-1]), ("max", lambda x: x.max(0))],
)
def test_pooling_is_a_matter_of_the_handle(folder: Path, weights, pooling, pooled) -> None:
    [vector] = load_module(f"{folder}#pooling={pooling}").encode(["soup was hot"])
    assert close(vector, pooled(by_hand(weights, ids_of("soup", "was", "hot"))))


@pytest.mark.parametrize(("layer", "ran"), [("0", 1), ("1", 2), ("-1", 3), ("-3", 1)])
def test_a_layer_counts_from_either_end(folder: Path, weights, layer: str, ran: int) -> None:
    [vector] = load_module(f"{folder}#layer={layer}").encode(["soup"])
    assert close(vector, by_hand(weights, ids_of("soup"), ran).mean(0))


def test_tokens_beyond_the_limit_do_not_count(folder: Path) -> None:
    module = load_module(f"{folder}#max_tokens=4")
    assert module.card.max_tokens == 4
    first, second, third = module.encode(["soup was cold", "soup was hot", "soup hot"])
    assert np.array_equal(first, second)
    assert not np.allclose(first, third)


def test_a_folder_states_its_own_pooling_and_limit(folder: Path, weights) -> None:
    write(folder / "1_Pooling" / "config.json", {"pooling_mode_cls_token": True})
    write(folder / "sentence_bert_config.json", {"max_seq_length": 12})
    module = load_module(str(folder))
    assert module.card.max_tokens == 12
    assert close(module.encode(["soup"])[0], by_hand(weights, ids_of("soup"))[0])


@pytest.mark.parametrize("pooling", ["mean", "cls", "last", "max"])
def test_padding_does_not_change_a_vector(folder: Path, pooling: str) -> None:
    module = load_module(f"{folder}#pooling={pooling}")
    together = module.encode(TEXTS)
    for row, text in enumerate(TEXTS):
        [alone] = module.encode([text])
        assert float(alone @ together[row]) == pytest.approx(1, abs=1e-5)


def test_exported_it_splits_odd_texts_as_it_does_here(folder: Path, tmp_path: Path) -> None:
    import tensorflow as tf

    module = load_module(str(folder))
    exported = tf.saved_model.load(str(module.export(tmp_path / "exported")))
    odd = ["hot… soup", "½ soup", "Café", "ΣΣ", "ß", "so\x00up\ufeff", "so\u00adup", "", "[SEP]"]
    for text, vector in zip(odd, exported(tf.constant(odd)).numpy(), strict=True):
        assert float(vector @ module.encode([text])[0]) == pytest.approx(1, abs=1e-5), text


def test_a_repeated_text_gets_the_same_vector(folder: Path) -> None:
    vectors = load_module(str(folder)).encode(["soup", "hot", "soup"])
    assert np.array_equal(vectors[0], vectors[2])


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"model_type": "roberta"}, "'roberta'"),
        ({"hidden_act": "swish"}, "'swish' units"),
        ({"position_embedding_type": "relative_key"}, "'relative_key' positions"),
        ({"hidden_size": None}, "no usable"),
        ({"num_attention_heads": 0}, "no BERT has: 0 heads"),
        ({"num_attention_heads": 3}, "no BERT has: 3 heads of 16"),
    ],
)
def test_what_is_no_bert_of_ours_is_refused(folder: Path, changes, complaint: str) -> None:
    write(folder / "config.json", config(**changes))
    with pytest.raises(ModuleError, match=complaint):
        load_module(str(folder))


@pytest.mark.parametrize(
    ("option", "complaint"),
    [
        ("layer=3", "from -3 to 2"),
        ("layer=last", "from -3 to 2"),
        ("max_tokens=41", "from 3 to 40"),
        ("pooling=sum", "mean, cls, last, max"),
        ("pixels=0,1", "no option 'pixels'"),
    ],
)
def test_an_option_that_does_not_fit_is_refused(folder: Path, option: str, complaint: str) -> None:
    with pytest.raises(ModuleError, match=complaint):
        load_module(f"{folder}#{option}")


def test_damaged_files_are_told_by_name(folder: Path) -> None:
    (folder / "model.safetensors").write_bytes(b"soup")
    with pytest.raises(ModuleError, match="no safetensors file"):
        load_module(str(folder)).encode(["soup"])


def test_files_that_change_between_loading_and_encoding_are_not_used(folder: Path) -> None:
    module = load_module(str(folder))
    (folder / "model.safetensors").write_bytes(b"soup")
    with pytest.raises(ModuleError, match="have changed since they were checked"):
        module.encode(["soup"])


def test_weights_of_another_model_are_refused(folder: Path) -> None:
    arrays = {"embeddings.word_embeddings.weight": np.zeros((len(PIECES), 8), np.float32)}
    save_file(arrays, folder / "model.safetensors")
    with pytest.raises(ModuleError, match=r"shape \(21, 8\), config.json asks for \(None, 16\)"):
        load_module(str(folder)).encode(["soup"])


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"max_position_embeddings": 41}, r"\(40, 16\), config.json asks for \(41, 16\)"),
        ({"intermediate_size": 23}, r"\(24, 16\), config.json asks for \(23, 16\)"),
    ],
)
def test_weights_of_other_sizes_than_stated_are_refused(folder: Path, changes, complaint) -> None:
    write(folder / "config.json", config(**changes))
    with pytest.raises(ModuleError, match=complaint):
        load_module(str(folder)).encode(["soup"])


def test_a_vocabulary_longer_than_the_table_is_refused(folder: Path) -> None:
    (folder / "vocab.txt").write_text("\n".join([*PIECES, "more"]), encoding="utf-8")
    with pytest.raises(ModuleError, match="22 lines, the weights 21 word vectors"):
        load_module(str(folder)).encode(["soup"])


def test_weights_that_lack_an_array_are_refused_by_its_name(folder: Path) -> None:
    arrays = {"embeddings.word_embeddings.weight": np.zeros((len(PIECES), WIDTH), np.float32)}
    save_file(arrays, folder / "model.safetensors")
    with pytest.raises(ModuleError, match="no array 'embeddings.position_embeddings.weight'"):
        load_module(str(folder)).encode(["soup"])
