"""A `.keras` file read without Keras: refused where it holds code, else how it is called."""

from __future__ import annotations

import json
import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from semsearch.errors import ModuleError
from semsearch.modules.saved_model.interface import Interface, interface
from semsearch.modules.saved_model.structures import Port, Signature

ENDING = ".keras"
CONFIG = "config.json"
LARGEST_CONFIG = 64_000_000
MEMBERS = re.compile(r"config\.json|metadata\.json|model(_\d+)?\.weights\.(h5|json)|assets/.*")
MODULES = re.compile(
    r"keras(\.src)?(\.(layers|models|initializers|regularizers|constraints|activations"
    r"|dtype_policies|quantizers|ops|optimizers|losses|metrics)(\..+)?)?"
)
CLASSES = re.compile(r"[A-Z]\w*|__(keras_tensor|tensor|numpy|bytes|ellipsis|slice)__")
"""Classes have names like these; functions, which Keras would look up and call, do not."""
UNSAFE_CLASSES = frozenset(
    {"Lambda", "TorchModuleWrapper", "TFSMLayer", "JaxLayer", "FlaxLayer", "Loader"}
)
NOT_LOADED = "compile_config"
SMALL_SCALE = 0.02
"""A model that scales its pixels by less than this takes them as bytes."""
MODEL = "model"
REMEDY = "save the network without them, or as a SavedModel with model.export(FOLDER)"

BROKEN = (
    OSError,
    ValueError,
    KeyError,
    RecursionError,
    EOFError,
    RuntimeError,  # encrypted
    NotImplementedError,  # packed in a way that Python has not
    zlib.error,
    zipfile.BadZipFile,
)


def is_keras_file(path: Path) -> bool:
    """Tell whether a module is one `.keras` file."""
    return path.suffix == ENDING and not path.is_dir()


def read_config(path: Path) -> dict[str, Any]:
    """Return the configuration of a `.keras` file that holds layers of Keras and nothing else.

    Raises:
        ModuleError: the file is damaged, or holds code, pickles, or layers that load either.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            _check_members(path, archive)
            config = json.loads(archive.read(CONFIG))
    except BROKEN as error:
        raise ModuleError(
            f"{str(path)!r} is no whole .keras file ({error})", "save it anew with model.save"
        ) from error
    if not isinstance(config, dict):
        raise ModuleError(f"{str(path)!r} holds no model", "save it anew with model.save")
    # Compiling is not asked for, but Keras would compile the models inside a model.
    for part in _objects({key: value for key, value in config.items() if key != NOT_LOADED}):
        _check_object(path, part)
    return config


def keras_interface(path: Path, options: Mapping[str, str], known: Mapping[str, Any]) -> Interface:
    """Return how a `.keras` file is called.

    Raises:
        ModuleError: see `read_config`; or it takes neither texts nor pictures alone.
    """
    config = read_config(path)
    inputs = tuple(_inputs(config))
    if len(inputs) != 1:
        raise ModuleError(
            f"the model in {str(path)!r} has {len(inputs)} inputs that it names",
            "use a model with one input, for texts or for pictures",
        )
    facts = dict(known)
    if _scales_bytes(config):
        facts.setdefault("pixel_range", (0.0, 255.0))
    return interface(path, Signature(MODEL, inputs, ()), None, options, facts)


def layer_names(config: Mapping[str, Any]) -> list[str]:
    """Return the names of the layers of a model."""
    return [str(_inner(layer).get("name", "")) for layer in _layers(_inner(config))]


def _layers(inner: Mapping[str, Any]) -> list[dict[str, Any]]:
    layers = inner.get("layers")
    if not isinstance(layers, list):
        return []
    return [layer for layer in layers if isinstance(layer, dict)]


def _check_members(path: Path, archive: zipfile.ZipFile) -> None:
    for name in archive.namelist():
        if not MEMBERS.fullmatch(name) or ".." in PurePosixPath(name).parts:
            raise ModuleError(
                f"the model in {str(path)!r} holds {name!r}, which is no part of a .keras file",
                "save it anew with model.save",
            )
    if archive.getinfo(CONFIG).file_size > LARGEST_CONFIG:
        raise ValueError("its configuration is far too long")


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    """Yield every object that Keras would make from a configuration."""
    if isinstance(value, dict):
        if "class_name" in value:
            yield value
        for part in value.values():
            yield from _objects(part)
    elif isinstance(value, list):
        for part in value:
            yield from _objects(part)


def _check_object(path: Path, part: dict[str, Any]) -> None:
    name, module = part["class_name"], part.get("module")
    registered = part.get("registered_name")
    if isinstance(name, str) and name in UNSAFE_CLASSES:
        raise _refused(path, f"a {name} layer, which is code")
    if not isinstance(name, str) or not CLASSES.fullmatch(name):
        raise _refused(path, f"the function {name!r}")
    if module is not None and not (isinstance(module, str) and MODULES.fullmatch(module)):
        raise _refused(path, f"{name!r} of the package {module!r}")
    if registered is not None and registered != name:
        raise _refused(path, f"{registered!r}, which is not Keras' own")
    if isinstance(_inner(part).get("vocabulary"), str):
        raise _refused(path, f"a {name} layer that reads the file {_inner(part)['vocabulary']!r}")


def _refused(path: Path, what: str) -> ModuleError:
    return ModuleError(f"the model in {str(path)!r} is refused: it holds {what}", REMEDY)


def _inputs(config: Mapping[str, Any]) -> Iterator[Port]:
    inner = _inner(config)
    layers = _layers(inner)
    named = set(_strings(inner.get("input_layers", [])))
    for layer in layers:
        facts = _inner(layer)
        is_input = layer.get("class_name") == "InputLayer"
        if is_input and (not named or facts.get("name") in named):
            yield _port(facts)


def _port(facts: Mapping[str, Any]) -> Port:
    dtype, shape = facts.get("dtype"), facts.get("batch_shape")
    if isinstance(dtype, dict):
        dtype = _inner(dtype).get("name")
    sizes = [size if type(size) is int else None for size in shape or ()]
    known = tuple(sizes) if isinstance(shape, list) else None
    return Port(str(facts.get("name", "inputs")), "", str(dtype or "float32"), known)


def _scales_bytes(config: Mapping[str, Any]) -> bool:
    for part in _objects(config):
        if part["class_name"] == "Rescaling":
            scale = _inner(part).get("scale")
            scales = scale if isinstance(scale, list) else [scale]
            return all(isinstance(one, float) and one < SMALL_SCALE for one in scales)
    return False


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for part in value:
            yield from _strings(part)


def _inner(part: Mapping[str, Any]) -> Mapping[str, Any]:
    inner = part.get("config")
    return inner if isinstance(inner, dict) else {}
