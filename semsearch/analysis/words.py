"""Texts to terms, in any script, and which terms of English say nothing about a subject."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import cache
from itertools import pairwise

_LETTER = r"[^\W\d_]"
# Scripts written without spaces: Thai, Lao, Myanmar, Khmer, kana, Han.
_UNSPACED = (
    r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    r"\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff]"
)
_JOINERS = "\u200c\u200d"  # stand inside words of Persian and of Indic scripts
_BASIC_PLANE = 0x10000
_MEANT_BY_A_WORD = 2  # letters; a single one says nothing, but a single ideogram does

# Common in English, all but absent elsewhere ("of", "is" and "was" are Dutch as well).
_SIGNS_OF_ENGLISH = {"the", "and", "with", "this", "that", "you", "for", "are", "from", "it"}
_ENGLISH_SHARE = 0.02

# After the list of scikit-learn (itself of the Glasgow Information Retrieval Group): without its
# words that name a subject ("fire", "bill", "system") and with those it lacks, two faults told of
# in Nothman, Qin and Yurchak, "Stop word lists in free open-source software packages", 2018.
# Importing the original would cost a clustering a second or more, as it brings all of scikit-learn.
_ENGLISH_FILLERS = frozenset(
    """
    about above across after afterwards again against all almost alone along already also although
    always am among amongst amount an and another any anyhow anyone anything anyway anywhere are
    around as at back be became because become becomes becoming been before beforehand behind being
    below beside besides between beyond both but by can cannot cant could couldnt did didnt do does
    doesnt doing don done dont down due during each eight either eleven else elsewhere enough etc
    even ever every everyone everything everywhere except few fifteen fifty find first five for
    former formerly forty found four from further get give go got had has hasnt have havent he
    hence her here hereafter hereby herein hereupon hers herself him himself his how however i if im
    in indeed into is isnt it its itself ive just keep last latter latterly least less let made
    many may me meanwhile might more moreover most mostly much must my myself namely neither never
    nevertheless next nine no nobody none nor not nothing now nowhere of off often on once one only
    onto or other others otherwise our ours ourselves out over own per perhaps please put rather
    really same see seem seemed seeming seems several she should shouldnt since six sixty so some
    somehow someone something sometime sometimes somewhere still such take ten than that the their
    them themselves then thence there thereafter thereby therefore therein thereupon these they
    third this those though three through throughout thru thus to together too toward towards
    twelve twenty two under until up upon us used using very via want was wasnt we well went were
    what whatever when whence whenever where whereafter whereas whereby wherein whereupon wherever
    whether which while whither who whoever whole whom whose why will with within without wont
    would wouldnt yet you your youre yours yourself yourselves
    """.split()  # noqa: SIM905 - a list literal of 240 words would hide them in quotes
)


def terms(text: str) -> list[str]:
    """Return the terms of a text in order, lower-cased and with repetition.

    A term is a word of two letters or more with the marks and apostrophes inside it ("l'été";
    the English 's is taken off). Where a script puts no spaces between words (Chinese, Japanese,
    Thai, Lao, Khmer, Burmese), every two neighbouring letters make a term: a rule without a
    dictionary, so some terms are halves of words.
    """
    found: list[str] = []
    plain = unicodedata.normalize("NFC", text).lower().replace("’", "'")
    for match in _term_pattern().finditer(plain):
        if match.lastgroup == "unspaced":
            found += _pairs(match[0])
        else:
            word = match[0].removesuffix("'s")
            found += [word] if len(word) >= _MEANT_BY_A_WORD else []
    return found


def looks_english(words: Iterable[str]) -> bool:
    """Tell whether the commonest words of English are among the terms as often as in prose."""
    n, signs = 0, 0
    for word in words:
        n += 1
        signs += word in _SIGNS_OF_ENGLISH
    return signs > _ENGLISH_SHARE * n


def is_english_filler(term: str) -> bool:
    """Tell whether a term is grammar rather than subject in English: "the", "you'll", "don't"."""
    return term.endswith("n't") or term.partition("'")[0] in _ENGLISH_FILLERS


@cache
def _marks() -> str:
    """Return a character class of the combining marks, which `re` does not count as letters."""
    marks = (chr(code) for code in range(_BASIC_PLANE))
    return "".join(m for m in marks if unicodedata.category(m).startswith("M")) + _JOINERS


@cache
def _term_pattern() -> re.Pattern[str]:
    unspaced = f"(?:(?={_UNSPACED}){_LETTER}[{_marks()}]*)+"
    spaced = f"(?:(?!{_UNSPACED}){_LETTER}[{_marks()}]*)+"
    return re.compile(f"(?P<unspaced>{unspaced})|(?P<spaced>{spaced}(?:'{spaced})*)")


@cache
def _letter_pattern() -> re.Pattern[str]:
    return re.compile(f"{_LETTER}[{_marks()}]*")


def _pairs(run: str) -> list[str]:
    letters = _letter_pattern().findall(run)
    if len(letters) == 1:
        return letters
    return [first + second for first, second in pairwise(letters)]
