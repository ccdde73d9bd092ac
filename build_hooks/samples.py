"""Make the two sample collections' files: `reviews.jsonl` and `pictures.zip`.

Both are made the same, byte for byte, every time: fixed order, fixed dates.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any
from zipfile import ZIP_STORED, ZipFile, ZipInfo

REVIEW_SOURCES = ("amazon", "imdb", "yelp")
REVIEW_LABELS = {0: "negative", 1: "positive"}
N_PICTURES = 1000
PICTURE_COLUMNS = ("file", "key", "text", "group", "subgroup", "tags")
# A man, a woman or a turned figure of a picture that is there already.
VARIANT = re.compile(r"^1f46[89]-200d|-200d-27a1")

Picture = dict[str, str]


def reviews(source: str, sentences: Iterable[dict[str, Any]]) -> list[dict[str, str]]:
    """Return the labelled sentences of one source as rows with a key; unlabelled ones are left out.

    The number in the key counts the sentences of the source from 1.
    """
    labelled = [each for each in sentences if each["class"] in REVIEW_LABELS]
    return [
        {
            "id": f"{source}-{number}",
            "review": each["text"].strip(),
            "label": REVIEW_LABELS[each["class"]],
            "source": source,
        }
        for number, each in enumerate(labelled, 1)
    ]


def write_reviews(node_modules: Path, path: Path) -> None:
    """Write the sentences of the npm package `sentiment` as JSON Lines."""
    fixtures = node_modules / "sentiment/test/fixtures"
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for source in REVIEW_SOURCES:
            for row in reviews(source, json.loads((fixtures / f"{source}.json").read_text())):
                file.write(json.dumps(row, ensure_ascii=False) + "\n")


def slug(name: str) -> str:
    """Return a name as a key of lower-case words joined by hyphens."""
    return re.sub(r"[^\w]+", "-", name.lower().replace("#", "number sign")).strip("-")


def pictures(
    emojis: Iterable[dict[str, Any]], messages: dict[str, Any], files: Iterable[str]
) -> list[Picture]:
    """Return a row for every emoji that has a render and is no variant of another.

    `files` are the names of the renders; skin tones stand inside an emoji's own record and are
    therefore left out.
    """
    known = set(files)
    groups = {each["order"]: each["message"] for each in messages["groups"]}
    subgroups = {each["order"]: each["message"] for each in messages["subgroups"]}
    rows = []
    for emoji in emojis:
        code = emoji["hexcode"].lower()
        file = next((f for f in (f"{code}.webp", f"{code}-fe0f.webp") if f in known), None)
        if file is None or "group" not in emoji or "gender" in emoji or VARIANT.search(code):
            continue
        rows.append(
            {
                "file": file,
                "key": slug(emoji["label"]),
                "text": emoji["label"],
                "group": groups[emoji["group"]],
                "subgroup": subgroups[emoji["subgroup"]],
                "tags": ", ".join(emoji.get("tags", ())),
            }
        )
    return rows


def spread(rows: Sequence[Picture], n: int) -> list[Picture]:
    """Choose `n` rows, as evenly over the groups as their sizes allow and evenly inside each."""
    by_group: dict[str, list[Picture]] = defaultdict(list)
    for row in rows:
        by_group[row["group"]].append(row)
    chosen: list[Picture] = []
    smallest_first = sorted(by_group.values(), key=len)
    for place, members in enumerate(smallest_first):
        share = (n - len(chosen)) // (len(smallest_first) - place)
        take = min(share, len(members))
        chosen += [members[i * len(members) // take] for i in range(take)]
    wanted = {row["file"] for row in chosen}
    return [row for row in rows if row["file"] in wanted]


def as_csv(rows: Iterable[Picture]) -> str:
    """Return rows as the text of a csv file with a header."""
    text = io.StringIO()
    writer = csv.DictWriter(text, PICTURE_COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def write_pictures(node_modules: Path, path: Path) -> None:
    """Write a zip of `N_PICTURES` renders and the `items.csv` that describes them."""
    assets = node_modules / "@lobehub/fluent-emoji-3d/assets"
    english = node_modules / "emojibase-data/en"
    emojis = json.loads((english / "data.json").read_text("utf-8"))
    messages = json.loads((english / "messages.json").read_text("utf-8"))
    rows = spread(pictures(emojis, messages, (file.name for file in assets.iterdir())), N_PICTURES)
    with ZipFile(path, "w") as archive:
        add_member(archive, "items.csv", as_csv(rows).encode())
        for row in rows:
            add_member(archive, row["file"], (assets / row["file"]).read_bytes())


def add_member(archive: ZipFile, name: str, content: bytes) -> None:
    """Store a member as it is: the renders are compressed already, and the date is always 1980."""
    member = ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
    member.compress_type = ZIP_STORED
    member.external_attr = 0o644 << 16
    archive.writestr(member, content)
