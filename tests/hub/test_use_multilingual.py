"""The real use-multilingual: equal to the plain network, of use, and hard to upset."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from semsearch.errors import ContentError, ModuleError
from semsearch.modules.card import ModuleCard
from semsearch.modules.networks import use_multilingual as our_code
from semsearch.modules.networks.use_multilingual_network import Network

pytestmark = pytest.mark.tensorflow

GREETINGS = {
    "ar": "أين أقرب محطة قطار؟",
    "de": "Wo ist der nächste Bahnhof?",
    "en": "Where is the nearest railway station?",
    "es": "¿Dónde está la estación de tren más cercana?",
    "fr": "Où est la gare la plus proche ?",
    "it": "Dov'è la stazione ferroviaria più vicina?",
    "ja": "一番近い駅はどこですか？",
    "ko": "가장 가까운 기차역이 어디에 있나요?",
    "nl": "Waar is het dichtstbijzijnde treinstation?",
    "pl": "Gdzie jest najbliższy dworzec kolejowy?",
    "pt": "Onde fica a estação de trem mais próxima?",
    "ru": "Где находится ближайший вокзал?",
    "th": "สถานีรถไฟที่ใกล้ที่สุดอยู่ที่ไหน",
    "tr": "En yakın tren istasyonu nerede?",
    "zh-Hans": "最近的火车站在哪里？",
    "zh-Hant": "最近的火車站在哪裡？",
}
STRANGE = [
    "",
    " \n\t ",
    "\0",
    "a\0b",
    "👍🏽🇩🇪👩‍👩‍👧",
    "\ufeff",
    "é" * 300,
    "!?" * 500,
    "\U0010ffff",
]
REVIEWS = [
    "The food arrived cold and late.",
    "Our meal was not even warm when it got to the table.",
    "Great phone, the battery lasts for days!",
    "I would not buy these shoes again, the sole broke after a week.",
    "short",
    "The film drags on for far too long, but the last scene is worth the wait. " * 30,
]


def test_vectors_have_width_512_length_one_and_no_surprises(sentences) -> None:
    vectors = sentences.encode(REVIEWS)
    assert vectors.shape == (6, 512)
    assert vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(6), abs=1e-6)


def test_every_vector_equals_the_plain_padded_network(sentences, plain_vector) -> None:
    texts = [*REVIEWS, *STRANGE, *GREETINGS.values()]
    plain = np.stack([plain_vector(text) for text in texts])
    assert (sentences.encode(texts) * plain).sum(axis=1) == pytest.approx(1, abs=1e-5)


def test_a_text_alone_and_in_a_crowd_has_the_same_vector(sentences) -> None:
    texts = [f"{REVIEWS[n % 4]} {n}" for n in range(700)] + REVIEWS + STRANGE
    crowd = sentences.encode(texts)
    for row in (0, 1, 350, 699, 700, 705, 706, 710, len(texts) - 1):
        (alone,) = sentences.encode([texts[row]])
        assert alone @ crowd[row] == pytest.approx(1, abs=1e-5)


def test_the_order_and_repetitions_of_texts_are_kept(sentences) -> None:
    texts = [*REVIEWS, REVIEWS[0], *reversed(REVIEWS)]
    vectors = sentences.encode(texts)
    assert np.array_equal(vectors[0], vectors[6])
    assert np.array_equal(vectors[:6], vectors[12:6:-1])


def test_the_same_call_gives_the_same_bytes(sentences) -> None:
    assert sentences.encode(REVIEWS).tobytes() == sentences.encode(REVIEWS).tobytes()


def test_repeated_texts_cost_one_encoding(sentences, monkeypatch) -> None:
    seen = []
    encode = our_code.Encoder.encode

    def spy(self, texts, on_progress):
        seen.append(list(texts))
        return encode(self, texts, on_progress)

    monkeypatch.setattr(our_code.Encoder, "encode", spy)
    module = our_code.use_multilingual()
    module.encode(["soup"] * 1000 + ["bread"])
    assert seen == [["soup", "bread"]]


def test_progress_grows_to_the_number_of_texts(sentences) -> None:
    told: list[tuple[int, int]] = []
    texts = [f"review number {n} of the soup" for n in range(3000)]
    sentences.encode(texts, lambda done, total: told.append((done, total)))
    assert told == sorted(told)
    assert told[-1] == (3000, 3000)
    assert len(told) > 4


def test_texts_that_mean_the_same_are_nearer_than_texts_that_share_words(sentences) -> None:
    age, same, words, cold, warm, phone = sentences.encode(
        [
            "How old are you?",
            "What is your age?",
            "How are you?",
            "The food arrived cold.",
            "Our meal was not even warm.",
            "The battery of this phone lasts for days.",
        ]
    )
    assert age @ same > age @ words + 0.2
    assert cold @ warm > cold @ phone + 0.3


@pytest.mark.parametrize("language", sorted(GREETINGS))
def test_a_question_is_near_itself_in_every_language(sentences, language: str) -> None:
    english, other, unrelated = sentences.encode(
        [GREETINGS["en"], GREETINGS[language], "I love cooking soup with carrots."]
    )
    assert english @ other > 0.5
    assert other @ unrelated < 0.35


def test_the_languages_of_the_card_are_those_tried_here(sentences) -> None:
    card: ModuleCard = sentences.card
    assert sorted(card.languages) == sorted(GREETINGS)


def test_empty_and_blank_texts_have_one_defined_vector(sentences) -> None:
    empty, blank = sentences.encode(["", " \n\t "])
    assert empty @ blank == pytest.approx(1, abs=1e-6)


def test_a_text_longer_than_a_batch_equals_the_plain_network(sentences, plain_vector) -> None:
    words = np.random.default_rng(0).choice(" ".join(REVIEWS).split(), 6000)
    text = " ".join(words)
    (vector,) = sentences.encode([text])
    assert vector @ plain_vector(text) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("text", ["soup was cold. " * 6667, "x" * 100_000, "今天天气很好" * 16_667])
def test_texts_of_a_hundred_thousand_characters_are_encoded(sentences, text: str) -> None:
    vectors = sentences.encode(["before", text, "after"])
    (before, after) = sentences.encode(["before", "after"])
    assert np.isfinite(vectors).all()
    assert vectors[0] @ before == pytest.approx(1, abs=1e-5)
    assert vectors[2] @ after == pytest.approx(1, abs=1e-5)


def test_half_surrogates_and_other_types_are_refused_before_anything_runs(sentences) -> None:
    with pytest.raises(ContentError, match=r"content 1: .*at position 4"):
        sentences.encode(["fine", "soup\ud83d"])
    with pytest.raises(TypeError, match="bytes"):
        sentences.encode([b"soup"])


def test_a_batch_that_memory_cannot_hold_is_encoded_in_parts(
    sentences, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = sentences.encode(REVIEWS)
    pool, sizes = Network.pool, []

    def little_memory(self, tables, batch):
        sizes.append(len(batch))
        if len(batch) > 2:
            raise MemoryError
        return pool(self, tables, batch)

    monkeypatch.setattr(Network, "pool", little_memory)
    assert sentences.encode(REVIEWS) == pytest.approx(expected, abs=1e-6)
    assert max(sizes) > 2


def test_memory_that_holds_nothing_is_told_by_the_module_it_is_for(
    sentences, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_memory(self, tables, batch):
        raise MemoryError

    monkeypatch.setattr(Network, "pool", no_memory)
    with pytest.raises(ModuleError, match="too small for the module 'use-multilingual'"):
        sentences.encode(REVIEWS)


def test_threads_may_encode_at_once(sentences) -> None:
    expected = sentences.encode(REVIEWS)
    with ThreadPoolExecutor(4) as pool:
        for vectors in pool.map(lambda _: sentences.encode(REVIEWS), range(8)):
            assert vectors == pytest.approx(expected, abs=1e-6)


def test_no_shape_of_batch_traces_the_network_again(sentences) -> None:
    module = our_code.Encoder(our_code.PIECES.read(), our_code.ARRAYS.read())
    for n in (1, 2, 7, 300):
        module.encode([f"text {number}" for number in range(n)], lambda done, total: None)
    for n in (1, 300):  # the exact network and, where the processor has it, the quick one
        network = module._networks.of(n)
        functions = (network._look_up, network._pool, network._finish)
        assert [f.experimental_get_tracing_count() for f in functions] == [1, 1, 1]


def test_a_user_sees_nothing_of_tensorflows_chatter() -> None:
    script = (
        "import os; from semsearch.modules import load_module;"
        "load_module('use-multilingual').encode(['soup']);"
        "os.write(2, b'still open')"
    )
    clean = {k: v for k, v in os.environ.items() if not k.startswith("TF_")}
    done = subprocess.run(
        [sys.executable, "-c", script], env=clean, capture_output=True, check=True
    )
    assert (done.stdout, done.stderr) == (b"", b"still open")
