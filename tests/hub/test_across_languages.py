"""One query finds the documents that mean the same in each of the sixteen languages."""

from __future__ import annotations

import pytest

import semsearch

pytestmark = pytest.mark.tensorflow

ENOUGH = 0.95
"""Of 1,200 questions 1,194 found their document when this was written."""

TOPICS = ("station", "thunder", "soup", "rates", "violin")

SENTENCES = {
    "ar": (
        "أين محطة القطار؟",
        "كلبي يخاف من الرعد.",
        "الحساء مالح جدا.",
        "أسعار الفائدة ترتفع مرة أخرى.",
        "هي تعزف على الكمان بشكل جيد جدا.",
    ),
    "de": (
        "Wo ist der Bahnhof?",
        "Mein Hund hat Angst vor Donner.",
        "Die Suppe ist zu salzig.",
        "Die Zinsen steigen wieder.",
        "Sie spielt sehr gut Geige.",
    ),
    "en": (
        "Where is the train station?",
        "My dog is afraid of thunder.",
        "The soup is too salty.",
        "Interest rates are rising again.",
        "She plays the violin very well.",
    ),
    "es": (
        "¿Dónde está la estación de tren?",
        "Mi perro tiene miedo de los truenos.",
        "La sopa está demasiado salada.",
        "Los tipos de interés vuelven a subir.",
        "Ella toca muy bien el violín.",
    ),
    "fr": (
        "Où est la gare ?",
        "Mon chien a peur du tonnerre.",
        "La soupe est trop salée.",
        "Les taux d'intérêt augmentent de nouveau.",
        "Elle joue très bien du violon.",
    ),
    "it": (
        "Dov'è la stazione dei treni?",
        "Il mio cane ha paura dei tuoni.",
        "La zuppa è troppo salata.",
        "I tassi di interesse stanno salendo di nuovo.",
        "Lei suona molto bene il violino.",
    ),
    "ja": (
        "駅はどこですか。",
        "私の犬は雷を怖がります。",
        "スープがしょっぱすぎます。",
        "金利がまた上がっています。",
        "彼女はバイオリンをとても上手に弾きます。",
    ),
    "ko": (
        "기차역이 어디에 있습니까?",
        "우리 개는 천둥을 무서워합니다.",
        "수프가 너무 짭니다.",
        "금리가 다시 오르고 있습니다.",
        "그녀는 바이올린을 아주 잘 연주합니다.",
    ),
    "nl": (
        "Waar is het treinstation?",
        "Mijn hond is bang voor onweer.",
        "De soep is te zout.",
        "De rente stijgt weer.",
        "Zij speelt heel goed viool.",
    ),
    "pl": (
        "Gdzie jest dworzec kolejowy?",
        "Mój pies boi się grzmotów.",
        "Zupa jest za słona.",
        "Stopy procentowe znowu rosną.",
        "Ona bardzo dobrze gra na skrzypcach.",
    ),
    "pt": (
        "Onde fica a estação de trem?",
        "Meu cachorro tem medo de trovão.",
        "A sopa está salgada demais.",
        "As taxas de juros estão subindo de novo.",
        "Ela toca violino muito bem.",
    ),
    "ru": (
        "Где находится вокзал?",
        "Моя собака боится грома.",
        "Суп слишком солёный.",
        "Процентные ставки снова растут.",
        "Она очень хорошо играет на скрипке.",
    ),
    "th": (
        "สถานีรถไฟอยู่ที่ไหน",
        "สุนัขของฉันกลัวเสียงฟ้าร้อง",
        "ซุปเค็มเกินไป",
        "อัตราดอกเบี้ยกำลังสูงขึ้นอีกครั้ง",
        "เธอเล่นไวโอลินเก่งมาก",
    ),
    "tr": (
        "Tren istasyonu nerede?",
        "Köpeğim gök gürültüsünden korkuyor.",
        "Çorba çok tuzlu.",
        "Faiz oranları yeniden yükseliyor.",
        "O çok iyi keman çalıyor.",
    ),
    "zh-Hans": (
        "火车站在哪里？",
        "我的狗怕打雷。",
        "汤太咸了。",
        "利率又在上升。",
        "她小提琴拉得很好。",
    ),
    "zh-Hant": (
        "火車站在哪裡？",
        "我的狗害怕打雷。",
        "這湯太鹹了。",
        "利率又在上升了。",
        "她的小提琴拉得非常好。",
    ),
}


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> semsearch.Collection:
    """Each sentence in each language as one document."""
    made = semsearch.create(tmp_path_factory.mktemp("across") / "library", "use-multilingual")
    made.add(
        [
            {"id": f"{topic} in {language}", "text": sentence, "language": language}
            for language, sentences in SENTENCES.items()
            for topic, sentence in zip(TOPICS, sentences, strict=True)
        ],
        text="text",
        key="id",
    )
    return made


def test_the_sixteen_languages_of_the_module_are_tried(library: semsearch.Collection) -> None:
    assert sorted(library.module.card.languages) == sorted(SENTENCES)


@pytest.mark.parametrize("language", sorted(SENTENCES))
def test_queries_in_any_language_find_the_documents_in_this_one(
    library: semsearch.Collection, language: str
) -> None:
    asked = [
        (other, topic, sentence)
        for other, sentences in SENTENCES.items()
        if other != language
        for topic, sentence in zip(TOPICS, sentences, strict=True)
    ]
    found = library.search_many(
        [sentence for *_, sentence in asked], k=1, where=f"language = '{language}'"
    )
    missed = [
        (other, topic, hits[0].key)
        for (other, topic, _), hits in zip(asked, found, strict=True)
        if hits[0].key != f"{topic} in {language}"
    ]
    assert len(missed) <= (1 - ENOUGH) * len(asked), missed
