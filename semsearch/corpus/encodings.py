"""Find out in which encoding a text is written, and decode it without losing a character."""

from __future__ import annotations

import codecs
import re

from semsearch.corpus.refused import Refused

MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}  # UTF-32's mark begins with UTF-16's, so it comes first
CANDIDATES = [
    "cp1252", "cp1250", "cp1251", "koi8_r", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257",
    "cp1258", "cp874", "cp932", "euc_jp", "gb18030", "big5", "cp949", "iso8859_2",
]  # fmt: skip
WITH_ZEROS = ["utf_16_le", "utf_16_be"]
"""Encodings of bytes that hold zeros; of any four bytes they make two Chinese characters."""
USUAL = "cp1252"
"""The encoding of most old texts: it is taken where nothing speaks against it."""
OF_LATIN_LETTERS = {"cp1250", "cp1254", "cp1257", "cp1258", "iso8859_2"}
"""Encodings that are taken for the usual one, and it for them."""
WESTERN = (
    "àâæçèéêëîïôùûüÿœñ", "äöüßàéè", "áéíóúüñ¿¡ªº", "àáâãçéêíóôõúüªº", "àèéìíîòóùú", "åäöæøáàéèü",
    "áàäéèêëíïóöôúüû",
)  # fmt: skip
"""Letters of French (and English), German, Spanish, Portuguese, Italian, Scandinavian, Dutch."""
IN_ANY_LANGUAGE = set("\xa0‘’‚“”„«»–—…•·€£§°©®™")
LATIN = {"ascii", "iso8859-1", "latin-1", "cp1252"}
"""What is called so is cp1252 in truth, as browsers take it."""
NO_CHARSETS = {"idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs"}
SAMPLE = 1 << 17
NOT_ASCII = re.compile(rb"[\x80-\xff]")
BROKEN = "\ufffd"
GOOD_FOR_BROKEN = 10
"""Characters beyond ASCII for each broken one that make a text UTF-8 that was damaged."""
BINARY = "holds binary data, not text"
UNKNOWN = "is in an encoding that cannot be told; save it as UTF-8"


def decoded(content: bytes, declared: str | None = None, flaws: list[str] | None = None) -> str:
    """Return the text of bytes: by its mark, as UTF-8, as declared, or as it looks most likely.

    Of UTF-8 with a few broken bytes these become U+FFFD, which is added to `flaws` where given.

    Raises:
        Refused: the bytes are no text, or their encoding cannot be told.
    """
    for mark, encoding in MARKS.items():
        if content.startswith(mark):
            return strictly(content, encoding)
    if NOT_ASCII.search(content) is None:
        return of_ascii(content, declared)
    for encoding in ("utf-8", codec_name(declared) or "utf-8"):
        try:
            return checked(content.decode(encoding))
        except (LookupError, UnicodeError):
            continue
    mended = content.decode("utf-8", "replace")
    broken = mended.count(BROKEN)
    beyond_ascii = len(mended) - len(mended.encode("ascii", "ignore"))
    if broken * GOOD_FOR_BROKEN > beyond_ascii - broken:
        return guessed(content)
    if flaws is not None:
        flaws.append(f"is UTF-8 but for {broken:,} broken places, which are shown as {BROKEN}")
    return checked(mended)


def of_ascii(content: bytes, declared: str | None) -> str:
    """Return the text of bytes below 128, of which some encodings make more than ASCII."""
    if b"\0" in content:
        return guessed(content)
    try:
        return content.decode(codec_name(declared) or "ascii")
    except (LookupError, UnicodeError):
        return content.decode("ascii")


def guessed(content: bytes) -> str:
    """Return the text of bytes in the encoding that they most likely are in."""
    return strictly(content, likely_encoding(content))


def likely_encoding(content: bytes) -> str:
    """Return the encoding that bytes most likely are in, by a part of them.

    Raises:
        Refused: the bytes are no text, or no encoding fits them.
    """
    from charset_normalizer import from_bytes

    part = sample(content)
    if b"\0" in content and not is_utf_16(part):
        raise Refused(BINARY)
    matches = from_bytes(part, cp_isolation=WITH_ZEROS if b"\0" in content else CANDIDATES)
    best = matches.best()
    if (best is None or best.encoding in OF_LATIN_LETTERS) and is_western(part):
        return USUAL
    if best is None:
        raise Refused(UNKNOWN)
    tied = {best.encoding, *best.could_be_from_charset}
    for each in matches:
        if (each.chaos, each.coherence) == (best.chaos, best.coherence):
            tied |= {each.encoding}
    return USUAL if USUAL in tied else best.encoding


def is_western(part: bytes) -> bool:
    """Tell whether bytes in the usual encoding hold the letters of one Western language alone.

    Text of other languages, taken for Western, holds letters that no one language has.
    """
    try:
        odd = {each for each in part.decode(USUAL).lower() if not each.isascii()}
    except UnicodeError:
        return False
    return any(odd - IN_ANY_LANGUAGE <= set(letters) for letters in WESTERN)


def is_utf_16(part: bytes) -> bool:
    """Tell whether nearly every second byte is zero, as it is in Western European texts."""
    zeros = sorted((part[0::2].count(0), part[1::2].count(0)))
    return zeros[0] * 50 <= zeros[1] and zeros[1] * 10 >= 7 * (len(part) // 2)


def sample(content: bytes) -> bytes:
    """Return the part of bytes around the first that is not ASCII, cut between characters."""
    if len(content) <= SAMPLE:
        return content
    found = NOT_ASCII.search(content)
    start = max(0, found.start() - SAMPLE // 2) if found else 0
    stop = start + SAMPLE
    if b"\0" in content[start:stop]:  # UTF-16, a pair of bytes a character
        return content[start & ~1 : stop & ~1]
    first = content.rfind(b"\n", 0, start) + 1 if start else 0
    last = content.rfind(b"\n", first, stop)
    return content[max(first, start - SAMPLE) : stop if last < 0 else last]


def strictly(content: bytes, encoding: str) -> str:
    """Return the text of bytes in an encoding; refuse what is not in it."""
    try:
        return checked(content.decode(encoding))
    except UnicodeError as error:
        raise Refused(UNKNOWN) from error


def checked(text: str) -> str:
    """Return the text; refuse it where it holds zeros, as texts never do."""
    if "\0" in text:
        raise Refused(BINARY)
    return text


def codec_name(declared: str | None) -> str | None:
    """Return Python's name for an encoding that a document declares, None where it has none."""
    try:
        name = codecs.lookup((declared or "").strip()).name
        "a".encode(name)  # fails for what is no encoding of texts, such as rot13
    except (LookupError, ValueError):
        return None
    if name in NO_CHARSETS:
        return None
    return USUAL if name in LATIN else name
