"""A `.keras` file is opened for who trusts it, and never with code in it."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import pytest

from semsearch.errors import ModuleError
from semsearch.modules.saved_model.encoders import open_saved_model
from semsearch.modules.saved_model.facts import card_of
from tests.hub import small_models as small

pytestmark = [pytest.mark.tensorflow]


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small.keras_file(tmp_path_factory.mktemp("keras") / "net.keras", rescales=True)


def rewritten(
    file: Path, target: Path, change: Callable[[Any], None], **more: bytes | None
) -> Path:
    """Copy a `.keras` file with another configuration, more members, or some changed."""
    with zipfile.ZipFile(file) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "config.json":
                config = json.loads(content)
                change(config)
                content = json.dumps(config).encode()
            if name not in more:
                new.writestr(name, content)
        for name, added in more.items():
            if added is not None:
                new.writestr(name, added)
    return target


def test_the_card_needs_no_trust_and_no_keras(file) -> None:
    card = card_of(small.resolved(file))
    assert (card.modality, card.image_size, card.form) == ("image", 16, "Keras file")
    assert (card.is_dynamic, card.dim) == (False, 0)


def test_a_model_that_rescales_takes_pixels_up_to_255(file) -> None:
    assert card_of(small.resolved(file)).pixel_range == (0.0, 255.0)


def test_without_trust_it_is_refused_with_the_way_to_give_it(file) -> None:
    with pytest.raises(ModuleError, match=r"is a \.keras file.*modules add .* --trust"):
        open_saved_model(small.resolved(file))


def in_first_layer(**facts: Any) -> Callable[[Any], None]:
    return lambda config: config["config"]["layers"][2].update(facts)


def vocabulary_in_a_file(config: Any) -> None:
    config["config"]["layers"][2]["config"]["vocabulary"] = "/etc/passwd"


def loss_of_an_inner_model(config: Any) -> None:
    loss = {"module": "builtins", "class_name": "function", "config": "eval"}
    config["config"]["layers"][2]["compile_config"] = {"loss": loss}


def loss_of_the_model(config: Any) -> None:
    loss = {"module": "builtins", "class_name": "function", "config": "mine"}
    config["compile_config"] = {"loss": loss}


def test_how_the_model_was_trained_does_not_matter(file, tmp_path: Path) -> None:
    trained = rewritten(file, tmp_path / "trained.keras", loss_of_the_model)
    assert open_saved_model(small.resolved(trained, trust=True)).card.dim == 5


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (in_first_layer(class_name="Lambda"), "a Lambda layer, which is code"),
        (in_first_layer(class_name="TFSMLayer"), "a TFSMLayer layer, which is code"),
        (in_first_layer(module="os", class_name="System"), "'System' of the package 'os'"),
        (in_first_layer(module="keras.utils", class_name="Get"), "of the package 'keras.utils'"),
        (in_first_layer(class_name="get_file"), "the function 'get_file'"),
        (in_first_layer(class_name="__lambda__"), "the function '__lambda__'"),
        (in_first_layer(registered_name="Mine>Layer"), "'Mine>Layer', which is not Keras' own"),
        (loss_of_an_inner_model, "the function 'function'"),
        (vocabulary_in_a_file, "reads the file '/etc/passwd'"),
    ],
)
def test_code_in_the_configuration_is_refused_whatever_the_trust(
    file, tmp_path: Path, change, words: str
) -> None:
    bad = rewritten(file, tmp_path / "bad.keras", change)
    with pytest.raises(ModuleError, match=f"is refused: it holds .*{words}"):
        open_saved_model(small.resolved(bad, trust=True))


def test_a_real_lambda_layer_is_refused(tmp_path: Path) -> None:
    import keras

    file = small.keras_file(
        tmp_path / "lambda.keras", extra=keras.layers.Lambda(lambda values: values * 2)
    )
    with pytest.raises(ModuleError, match="holds a Lambda layer"):
        open_saved_model(small.resolved(file, trust=True))


@pytest.mark.parametrize("name", ["weights.pkl", "../evil", "assets/../../evil", "model.py"])
def test_files_that_do_not_belong_are_refused(file, tmp_path: Path, name: str) -> None:
    bad = rewritten(file, tmp_path / "bad.keras", lambda config: None, **{name: b"x"})
    with pytest.raises(ModuleError, match="is no part of a .keras file"):
        open_saved_model(small.resolved(bad, trust=True))


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x05\x06" + bytes(18)])
def test_damaged_files_are_refused(tmp_path: Path, content: bytes) -> None:
    bad = tmp_path / "bad.keras"
    bad.write_bytes(content)
    with pytest.raises(ModuleError, match="no whole .keras file"):
        open_saved_model(small.resolved(bad, trust=True))


def test_a_file_without_weights_is_told(file, tmp_path: Path) -> None:
    bad = rewritten(file, tmp_path / "bad.keras", lambda config: None, **{"model.weights.h5": None})
    with pytest.raises(ModuleError, match="cannot be loaded"):
        open_saved_model(small.resolved(bad, trust=True))


def test_weights_that_lead_to_another_file_are_refused(file, tmp_path: Path) -> None:
    packed = io.BytesIO()
    with h5py.File(packed, "w") as weights:
        weights["layers/out"] = h5py.ExternalLink("/etc/other.h5", "/x")
    bad = rewritten(
        file,
        tmp_path / "bad.keras",
        lambda config: None,
        **{"model.weights.h5": packed.getvalue()},
    )
    with pytest.raises(ModuleError, match="lead to another file at '/layers/out'"):
        open_saved_model(small.resolved(bad, trust=True))
