"""Every command of the README runs as it stands there, and every command is documented."""

from __future__ import annotations

import csv
import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import click
import pytest
from PIL import Image

from semsearch.cli.main import main
from semsearch.corpus import sample_path
from semsearch.modules.catalogue import BUILT_IN, FROM_HUB
from semsearch.modules.handles.handle import OPTIONS

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
LINKS = re.compile(r"\]\((?!http)([^)#]+)")

pytestmark = [pytest.mark.tensorflow]


def blocks(language: str) -> list[str]:
    """Return the code blocks of the README in a language."""
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def commands(program: str) -> list[str]:
    """Return the README's commands of a program, without their comments."""
    lines = "".join(blocks("sh")).splitlines()
    return [line.split(" #")[0].strip() for line in lines if line.startswith(program)]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as a newcomer has it after `make demo`, with a table and some pictures."""
    folder = tmp_path_factory.mktemp("home")
    sentences = [
        json.loads(line) for line in sample_path("reviews").read_text().split("\n") if line
    ]
    with (folder / "reviews.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "review", "stars"])
        for number, row in enumerate(sentences[:50]):
            writer.writerow([row["id"], row["review"], number % 5 + 1])
    (folder / "Pictures").mkdir()
    for number in range(12):
        picture = Image.new("RGB", (300, 200), (number * 20, 255 - number * 20, 90))
        picture.save(folder / "Pictures" / f"{number}.jpg")
    picture.save(folder / "cat.jpg")
    run(folder, "semsearch demo --no-serve")
    return folder


def run(home: Path, command: str) -> str:
    """Run a command in `home` as a shell with an activated environment would."""
    done = subprocess.run(
        ["bash", "-c", command],
        check=False,
        cwd=home,
        env=environment(home),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, f"{command}\n{done.stderr}"
    return done.stdout


def environment(home: Path) -> dict[str, str]:
    """Return an environment whose PATH begins with the tests' Python and whose HOME is `home`."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TF_")}
    return {**kept, "PATH": path, "HOME": str(home)}


def test_the_commands_of_the_readme_run_in_their_order(home: Path) -> None:
    asked = [command for command in commands("semsearch") if command != "semsearch serve"]
    assert len(asked) >= 9
    for command in asked:
        out = run(home, command)
        assert out or " index " in command, command


def test_the_python_of_the_readme_runs(home: Path) -> None:
    for number, code in enumerate(blocks("python")):
        script = home / f"example{number}.py"
        script.write_text(code)
        assert "My order took ages to arrive." in run(home, f"python {shlex.quote(str(script))}")


def test_serve_answers_a_search_at_its_address(home: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = home / "serve.log"
    with log.open("w") as told:
        server = subprocess.Popen(
            ["semsearch", "serve", "--port", str(port)],
            cwd=home,
            env=environment(home),
            stdout=told,
            stderr=told,
        )
    try:
        assert b"semsearch" in opened(f"http://127.0.0.1:{port}/", server, log)
        question = urllib.request.Request(
            f"http://127.0.0.1:{port}/api/v1/collections/reviews/search",
            json.dumps({"text": "the food arrived cold", "k": 3}).encode(),
            {"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(question, timeout=60) as answer:
            assert len(json.load(answer)["hits"]) == 3
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(timeout=20)
    assert server.returncode == 0, log.read_text()
    assert log.read_text() == f"semsearch is at http://127.0.0.1:{port}/\nPress Ctrl-C to stop.\n"


def opened(address: str, server: subprocess.Popen[bytes], log: Path) -> bytes:
    """Return what stands at an address, as soon as something does; 30 s are enough."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and server.poll() is None:
        try:
            with urllib.request.urlopen(address, timeout=5) as page:
                return bytes(page.read())
        except OSError:
            time.sleep(0.1)
    raise AssertionError(f"nothing answered at {address}: {log.read_text()[-2000:]}")


def test_the_page_of_modules_has_every_short_name_and_every_option() -> None:
    page = (ROOT / "docs" / "modules.md").read_text()
    missing = [name for name in (*BUILT_IN, *FROM_HUB, *OPTIONS) if f"`{name}`" not in page]
    assert missing == []


def test_the_two_commands_of_the_readme_are_targets_of_make() -> None:
    asked = commands("make")
    assert asked == ["make demo", "make test"]
    for command in asked:
        planned = subprocess.run(
            [*command.split(), "--dry-run"], cwd=ROOT, capture_output=True, text=True, check=True
        )
        assert {"make demo": "semsearch demo", "make test": "pytest"}[command] in planned.stdout


def test_every_command_is_named_in_the_docs() -> None:
    pages = "".join(page.read_text() for page in [ROOT / "README.md", *ROOT.glob("docs/*.md")])
    for name in main.list_commands(click.Context(main)):
        assert re.search(rf"semsearch {name}\b", pages), name


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "docs/architecture.md"])
def test_every_link_leads_to_a_file(page: str) -> None:
    for target in LINKS.findall((ROOT / page).read_text()):
        assert ((ROOT / page).parent / target).exists(), target


def test_every_folder_of_the_engine_is_drawn_in_the_architecture() -> None:
    drawing = (ROOT / "docs" / "architecture.md").read_text()
    rooms = {path.parent.name for path in (ROOT / "semsearch").glob("*/__init__.py")}
    for room in rooms:
        assert f"{room}/" in drawing, room
