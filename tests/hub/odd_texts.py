"""Texts on which tokenisers and networks like to disagree, written for the tests."""

ODD_TEXTS = [
    "",
    "   ",
    "a",
    "Soup",
    "don't-stop!?…“quoted” (and) $5.99 @home #tag a_b",
    "Crème brûlée à la façon de Zoë, élève in São Paulo",
    "İstanbul ΟΔΟΣ straße ŉ ǅ",
    "中文字符mixed日本語テキスト",
    "한국어 텍스트도 있습니다",
    "Привет, как дела? Ещё раз: йод",
    "مرحبا بالعالم",
    "हिन्दी में एक वाक्य",
    "👍🏽 emoji 👨‍👩‍👧 and ½ ² ﬁ １２３",
    "tab\tnewline\nreturn\rform\x0cvertical\x0bnull\x00bell\x07",
    "zero\u200bwidth, soft\u00adhyphen, no\u00a0break, \u2028line and \ufffdreplaced",
    "x" * 150,
    "antidisestablishmentarianism pneumonoultramicroscopicsilicovolcanoconiosis",
    "word " * 300,
    "A long sentence that goes on and on, " * 20 + "until it ends.",
    "def mean(values): return sum(values) / len(values)  # 3.14e-10 <= x != y && z",
]
