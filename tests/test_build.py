"""What the build hook makes of npm's packages, on small made-up ones."""

from __future__ import annotations

import csv
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))  # build_hooks is no part of the installed package

from build_hooks import browser, npm, outputs, samples  # noqa: E402

MESSAGES: dict[str, Any] = {
    "groups": [{"order": 0, "message": "people"}, {"order": 1, "message": "food"}],
    "subgroups": [{"order": 0, "message": "adults"}, {"order": 1, "message": "fruit"}],
}


def emoji(code: str, label: str, group: int, **more: object) -> dict[str, Any]:
    return {"hexcode": code, "label": label, "group": group, "subgroup": group, **more}


def rows(**sizes: int) -> list[samples.Picture]:
    return [
        {"file": f"{group}-{number}", "group": group}
        for group, size in sizes.items()
        for number in range(size)
    ]


def test_labelled_sentences_become_rows_with_a_key() -> None:
    sentences = [
        {"text": "Great case. ", "class": 1},
        {"text": "", "class": None},
        {"text": "It broke.", "class": 0},
    ]
    assert samples.reviews("amazon", sentences) == [
        {"id": "amazon-1", "review": "Great case.", "label": "positive", "source": "amazon"},
        {"id": "amazon-2", "review": "It broke.", "label": "negative", "source": "amazon"},
    ]


def test_a_picture_has_a_render_and_is_no_variant() -> None:
    emojis = [
        emoji("1F9D1", "person", 0, tags=["adult"], skins=[{"hexcode": "1F9D1-1F3FB"}]),
        emoji("1F468-200D-1F373", "man cook", 0),
        emoji("1F3C3-200D-2642-FE0F", "man running", 0, gender=1),
        emoji("1F6B6-200D-27A1-FE0F", "person walking: facing right", 0),
        emoji("2764", "red: Heart!", 1),
        emoji("1F34E", "apple", 1),
        {"hexcode": "1F1E6", "label": "regional indicator A"},
    ]
    codes = [
        each["hexcode"].lower() for each in emojis if each["label"] not in ("red: Heart!", "apple")
    ]
    files = [f"{code}.webp" for code in codes] + ["2764-fe0f.webp", "1f9d1-1f3fb.webp"]
    assert samples.pictures(emojis, MESSAGES, files) == [
        {
            "file": "1f9d1.webp",
            "key": "person",
            "text": "person",
            "group": "people",
            "subgroup": "adults",
            "tags": "adult",
        },
        {
            "file": "2764-fe0f.webp",
            "key": "red-heart",
            "text": "red: Heart!",
            "group": "food",
            "subgroup": "fruit",
            "tags": "",
        },
    ]


def test_pictures_are_spread_evenly_over_the_groups_and_inside_them() -> None:
    chosen = samples.spread(rows(large=10, small=2, middle=6), 10)
    assert [row["file"] for row in chosen] == [
        "large-0", "large-2", "large-5", "large-7",
        "small-0", "small-1",
        "middle-0", "middle-1", "middle-3", "middle-4",
    ]  # fmt: skip


def test_fewer_pictures_than_wanted_are_all_taken() -> None:
    assert samples.spread(rows(one=2, two=1), 10) == rows(one=2, two=1)


def test_the_same_packages_make_the_same_zip(tmp_path: Path) -> None:
    assets = tmp_path / "@lobehub/fluent-emoji-3d/assets"
    english = tmp_path / "emojibase-data/en"
    assets.mkdir(parents=True)
    english.mkdir(parents=True)
    (assets / "1f34e.webp").write_bytes(b"render")
    (english / "data.json").write_text(json.dumps([emoji("1F34E", "red apple", 1)]))
    (english / "messages.json").write_text(json.dumps(MESSAGES))
    for name in ("a.zip", "b.zip"):
        samples.write_pictures(tmp_path, tmp_path / name)
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
    with ZipFile(tmp_path / "a.zip") as archive:
        assert archive.read("1f34e.webp") == b"render"
        table = list(csv.DictReader(archive.read("items.csv").decode().splitlines()))
    assert table == [
        {
            "file": "1f34e.webp",
            "key": "red-apple",
            "text": "red apple",
            "group": "food",
            "subgroup": "fruit",
            "tags": "",
        }
    ]


def test_an_unknown_form_of_a_library_stops_the_build() -> None:
    with pytest.raises(npm.BuildError, match="BARE_IMPORTS"):
        browser.with_relative_imports("import everything from 'elsewhere';")


def test_no_module_in_place_imports_by_a_bare_name() -> None:
    for module in (ROOT / outputs.VENDOR).glob("*.js"):
        bare = re.findall(
            r"""^\s*import\s[^'"]*['"]([^.'"][^'"]*)""", module.read_text("utf-8"), re.M
        )
        assert bare == [], module


def test_the_lock_file_names_no_address_and_every_package_with_its_digest() -> None:
    text = (ROOT / "webui/package-lock.json").read_text()
    assert "://" not in text
    packages = json.loads(text)["packages"]
    assert all(each.get("integrity") for name, each in packages.items() if name)


def test_constraints_name_no_address() -> None:
    assert "://" not in (ROOT / "constraints.txt").read_text()


def test_a_failing_npm_is_one_sentence_with_the_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for file in npm.PACKAGE_FILES:
        (tmp_path / file).write_text("{}")
    script = "import sys; sys.exit('npm error code E404\\nnpm error not there')"
    monkeypatch.setattr(npm, "npm_command", lambda: [sys.executable, "-c", script])
    with (
        pytest.raises(npm.BuildError, match=r"not there; check that npm's registry"),
        npm.installed_packages(tmp_path),
    ):
        pass


def test_outputs_are_made_once_until_the_lock_file_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder in ("webui", "build_hooks", outputs.VENDOR, outputs.SAMPLES):
        (tmp_path / folder).mkdir(parents=True, exist_ok=True)
    lock = tmp_path / "webui/package-lock.json"
    lock.write_text("{}")
    for output in outputs.OUTPUTS:
        (tmp_path / output).touch()
    assert not outputs.is_made(tmp_path)
    (tmp_path / outputs.STAMP).write_text(outputs.digest(tmp_path))
    assert outputs.is_made(tmp_path)
    assert outputs.make_outputs(tmp_path) is False
    lock.write_text('{"changed": true}')
    assert not outputs.is_made(tmp_path)


def test_the_makefile_refuses_an_old_python_in_one_sentence(tmp_path: Path) -> None:
    make = shutil.which("make")
    if make is None:
        pytest.skip("make is not here")
    old = tmp_path / "python3.9"
    old.write_text('#!/bin/sh\n[ "$1" = -V ] && exec echo Python 3.9.2\nexit 1\n')
    old.chmod(0o755)
    command = [make, "-f", str(ROOT / "Makefile"), ".venv/.made-venv", f"PYTHON={old}"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "semsearch needs Python 3.11 or newer" in done.stderr
    assert "is Python 3.9.2; name another one" in done.stderr
