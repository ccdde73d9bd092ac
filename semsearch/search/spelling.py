"""How a term of a question is written in one line, on the command line and in an address.

`great service` is a text, `key:r-12` a stored item, `text:key: C major` a text that begins like
one. `*0.5` at the end is the weight; a text that itself ends so is written with a weight behind it.
"""

from __future__ import annotations

import re

from semsearch.search.question import Term

KEY, TEXT = "key:", "text:"
WEIGHT = re.compile(r"(.*)\*([0-9]*\.?[0-9]+(?:e[+-]?[0-9]+)?)", re.DOTALL)


def parse_term(spelled: str) -> Term:
    """Return the term that was written; whether it can be looked for is checked by the search.

    Raises:
        ValueError: nothing stands where the text or key should.
    """
    found = WEIGHT.fullmatch(spelled)
    content, weight = (found[1], float(found[2])) if found else (spelled, 1.0)
    kind = next((prefix for prefix in (KEY, TEXT) if content.startswith(prefix)), "")
    content = content.removeprefix(kind)
    if not content.strip():
        raise ValueError(
            f"the term {spelled!r} is empty; write a text, or key: and the key of a stored item"
        )
    return Term(weight, key=content) if kind == KEY else Term(weight, text=content)


def spell_term(term: Term) -> str:
    """Return a term as `parse_term` reads it; ValueError where it is an image."""
    if term.key is not None:
        content = KEY + term.key
    elif term.text is not None:
        content = TEXT + term.text if term.text.startswith((KEY, TEXT)) else term.text
    else:
        raise ValueError("an image cannot be written in a line; give it as {'image': path}")
    if term.weight == 1 and not WEIGHT.fullmatch(content):
        return content
    return f"{content}*{_plain(term.weight)}"


def _plain(weight: float) -> str:
    return str(int(weight)) if weight == int(weight) else repr(weight)
