"""What the command line tells of texts that are split, and shows of them."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.conftest import Run

LONG = (
    "Nothing of note was decided on that day. " * 60 + "Zebras drink lemonade." + " It rained." * 9
)
"""Of some 2,600 characters."""


def test_long_texts_are_told_of_before_and_after(run: Run, tmp_path: Path) -> None:
    rows = [{"id": "long", "text": LONG}, {"id": "short", "text": "A short text."}]
    (tmp_path / "texts.json").write_text(json.dumps(rows))
    told = run("index", "c", tmp_path / "texts.json", "--module", "hashing", "--key", "id").stderr
    assert "long texts are split into passages of up to 64 tokens" in told
    assert told.count("1 long text split into") == 1
    assert "more where texts are long" in told
    assert "2 texts, long ones in" in run("info", "c").stdout
    shown = run("search", "c", "zebras drink lemonade", "-k", "1").stdout
    assert "Zebras drink lemonade." in shown
    assert "characters 2," in shown
    assert f"of {len(LONG):,}" in shown
