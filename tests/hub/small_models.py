"""Builders of small SavedModels with the interfaces of published modules, for any test to use.

Every builder saves into a folder that must not exist yet, and returns it.
"""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from semsearch.modules.handles.handle import parse_handle
from semsearch.modules.handles.resolve import Resolved
from semsearch.modules.runtime import import_tensorflow

ROWS = 1_000
VOCABULARY = ("soup", "cold", "shoes", "comfortable", "service")


def resolved(path: Path, options: str = "", *, trust: bool = False) -> Resolved:
    """Return what the resolver would for a folder or file and the options after the `#`."""
    files = [path] if path.is_file() else sorted(file for file in path.rglob("*") if file.is_file())
    content = b"".join(file.read_bytes() for file in files)
    handle = parse_handle(f"{path}#{options}" if options else str(path))
    digest = hashlib.sha256(content).hexdigest()
    return Resolved(handle, path, f"the folder {path}", digest, len(content), trust)


@contextmanager
def quiet_tensorflow() -> Iterator[None]:
    """Silence what TensorFlow and Keras themselves warn of while they save."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def save(
    folder: Path,
    root: Any,
    signatures: Any = None,
    *,
    experimental: Mapping[str, Any] | None = None,
) -> Path:
    """Save a trackable object."""
    tf = import_tensorflow()
    with quiet_tensorflow():
        tf.saved_model.save(root, str(folder), signatures=signatures)
    return folder


def table(width: int, seed: int = 1, rows: int = ROWS) -> np.ndarray:
    """Return rows of random numbers, the same every time."""
    return np.random.default_rng(seed).normal(size=(rows, width)).astype(np.float32)


def text_module(
    folder: Path,
    *,
    dim: int = 512,
    batch: int | None = None,
    output: str | None = "outputs",
    shape: tuple[int | None, ...] | None = None,
    has_signature: bool = True,
) -> Path:
    """Save string -> (n, dim), the mean of hashed words: like the Universal Sentence Encoder v4.

    With `batch` it takes that many texts at once and no others; without `has_signature` it can be
    called and has no signature.
    """
    tf = import_tensorflow()
    root = tf.Module()
    root.table = tf.Variable(table(dim), name="table")

    def embed(inputs: Any) -> Any:
        words = tf.strings.split(tf.reshape(inputs, [-1]))
        ids = tf.strings.to_hash_bucket_fast(words.values, ROWS)
        sums = tf.math.segment_sum(tf.gather(root.table, ids), words.value_rowids())
        missing = tf.shape(inputs)[0] - tf.shape(sums)[0]
        vectors = tf.pad(sums, [[0, missing], [0, 0]])
        return tf.ensure_shape(vectors, [batch, dim])

    spec = tf.TensorSpec(shape or [batch], tf.string, name="inputs")
    if not has_signature:
        root.__call__ = tf.function(embed, input_signature=[spec], autograph=False)
        return save(folder, root)
    named = (lambda inputs: {output: embed(inputs)}) if output else embed
    serving = tf.function(named, input_signature=[spec], autograph=False)
    return save(folder, root, {"serving_default": serving})


def nnlm_module(folder: Path, *, dim: int = 128) -> Path:
    """Save a TensorFlow 2 text module with a vocabulary file among its assets, like nnlm."""
    tf = import_tensorflow()
    words = folder.parent / f"{folder.name}_words.txt"
    words.write_text("\n".join(VOCABULARY) + "\n")

    class Root(tf.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            index = tf.lookup.TextFileIndex
            rows = tf.lookup.TextFileInitializer(
                str(words), tf.string, index.WHOLE_LINE, tf.int64, index.LINE_NUMBER
            )
            self.words = tf.lookup.StaticVocabularyTable(rows, 10)
            self.table = tf.Variable(table(dim, rows=len(VOCABULARY) + 10))

        @tf.function(input_signature=[tf.TensorSpec([None], tf.string)], autograph=False)
        def __call__(self, texts: Any) -> Any:
            words = tf.strings.split(texts)
            rows = tf.gather(self.table, self.words.lookup(words.values))
            return tf.math.segment_mean(rows, words.value_rowids())

    return save(folder, Root())


def tf1_text_module(folder: Path, *, dim: int = 128) -> Path:
    """Save a module in TensorFlow 1's hub format: no tags, signature `default`, an asset."""
    tf = import_tensorflow()
    tf1 = tf.compat.v1
    words = folder.parent / f"{folder.name}_words.txt"
    words.write_text("\n".join(VOCABULARY) + "\n")
    with quiet_tensorflow(), tf1.Graph().as_default():
        weights = tf1.get_variable("weights", initializer=table(dim, rows=len(VOCABULARY) + 10))
        name = tf1.constant(str(words))
        index = tf.lookup.TextFileIndex
        rows = tf.lookup.TextFileInitializer(
            name, tf.string, index.WHOLE_LINE, tf.int64, index.LINE_NUMBER
        )
        lookup = tf.lookup.StaticVocabularyTable(rows, 10)
        text = tf1.placeholder(tf.string, [None], name="text")
        split = tf.strings.split(text)
        vectors = tf.math.segment_mean(
            tf.gather(weights, lookup.lookup(split.values)), split.value_rowids()
        )
        vectors.set_shape([None, dim])
        signature = _tf1_signature({"text": text}, {"default": vectors})
        _save_tf1(folder, {(): {"default": signature}})
    return folder


def tf1_image_module(
    folder: Path, *, dim: int = 32, size: int | None = None, told: int | None = None
) -> Path:
    """Save an image module in TensorFlow 1's hub format.

    Its signature `default` classifies, `image_feature_vector` gives vectors and the maps of a
    layer. A second graph has the tag `train`. `told` is the size that is attached to the graph.
    """
    tf = import_tensorflow()
    tf1 = tf.compat.v1
    graphs: dict[tuple[str, ...], Any] = {}
    with quiet_tensorflow(), tf1.Graph().as_default() as graph:
        images = tf1.placeholder(tf.float32, [None, size, size, 3], name="images")
        kernel = tf1.get_variable("kernel", initializer=table(dim, rows=27).reshape(3, 3, 3, dim))
        with tf1.name_scope("Block_1"):
            maps = tf.nn.relu(tf.nn.conv2d(images, kernel, 2, "SAME"))
        vectors = tf.reduce_mean(maps, [1, 2])
        logits = tf.matmul(vectors, tf.constant(table(5, rows=dim)))
        signatures = {
            "default": _tf1_signature({"images": images}, {"default": logits}),
            "image_feature_vector": _tf1_signature(
                {"images": images}, {"default": vectors, "Block_1": maps}
            ),
        }
        if told is not None:
            size_message = b"\x08" + _varint(told) + b"\x10" + _varint(told)
            info = b"\x0a" + bytes([len(size_message)]) + size_message
            key = b"image_module_info"
            attached = b"\x0a" + bytes([len(key)]) + key + b"\x12" + bytes([len(info)]) + info
            graph.add_to_collection("hub_module_attachments", attached)
        graphs[()] = graphs["train",] = signatures
        _save_tf1(folder, graphs)
    return folder


def image_module(
    folder: Path,
    *,
    size: int | None = None,
    dim: int = 24,
    batch: int | None = None,
    dtype: str = "float32",
    outputs: Callable[[Any], Any] | None = None,
) -> Path:
    """Save images (n, size, size, 3) in 0..1 -> feature vectors (n, dim), seeing colours and edges.

    `outputs` makes something else of the vectors.
    """
    tf = import_tensorflow()
    root = tf.Module()
    root.kernel = tf.Variable(table(dim, rows=27).reshape(3, 3, 3, dim))

    def features(inputs: Any) -> Any:
        maps = tf.nn.relu(tf.nn.conv2d(tf.cast(inputs, tf.float32), root.kernel, 2, "SAME"))
        vectors = tf.reduce_mean(maps, [1, 2])
        return vectors if outputs is None else outputs(vectors)

    spec = tf.TensorSpec([batch, size, size, 3], dtype, name="inputs")
    root.__call__ = tf.function(features, input_signature=[spec], autograph=False)
    return save(folder, root)


def mean_colour_module(folder: Path, *, size: int | None = 8, dtype: str = "float32") -> Path:
    """Save images -> the mean of each channel as it comes in: shows pixel range and order."""
    tf = import_tensorflow()
    root = tf.Module()

    def mean(images: Any) -> Any:
        return tf.reduce_mean(tf.cast(images, tf.float32), [1, 2])

    spec = tf.TensorSpec([None, size, size, 3], dtype, name="images")
    root.mean = tf.function(mean, input_signature=[spec], autograph=False)
    return save(folder, root, {"serving_default": root.mean})


def delf_module(folder: Path, *, dim: int = 40) -> Path:
    """Save image, score_threshold, ... -> locations, descriptors, scores: like DELF."""
    tf = import_tensorflow()
    root = tf.Module()
    root.weights = tf.Variable(table(dim, rows=3))
    specs = [
        tf.TensorSpec([None, None, 3], tf.float32, name="image"),
        tf.TensorSpec([], tf.float32, name="score_threshold"),
        tf.TensorSpec([None], tf.float32, name="image_scales"),
        tf.TensorSpec([], tf.int32, name="max_feature_num"),
    ]

    @tf.function(input_signature=specs, autograph=False)  # type: ignore[untyped-decorator]
    def find(image: Any, score_threshold: Any, image_scales: Any, max_feature_num: Any) -> Any:
        pixels = tf.reshape(image, [-1, 3])[:max_feature_num]
        found = tf.matmul(pixels, root.weights)
        scores = tf.reduce_sum(found, 1) * tf.reduce_max(image_scales)
        places = tf.where(scores >= score_threshold)[:, 0]
        locations = tf.cast(tf.stack([places, places], 1), tf.float32)
        return {
            "locations": locations,
            "descriptors": tf.gather(found, places),
            "scores": tf.gather(scores, places),
        }

    return save(folder, root, {"default": find})


def keras_network(
    *, kind: str = "image", size: int = 16, rescales: bool = False, extra: Any = None
) -> Any:
    """Return a Keras model: pictures -> 5 classes over layers `maps` and `features`, or texts."""
    import_tensorflow()
    import keras

    keras.utils.set_random_seed(1)
    if kind == "text":
        words = keras.layers.TextVectorization(vocabulary=list(VOCABULARY), name="words")
        layers = [
            keras.Input((), dtype="string"),
            words,
            keras.layers.Embedding(20, 12, mask_zero=True, name="table"),
            keras.layers.GlobalAveragePooling1D(name="features"),
        ]
    else:
        layers = [
            keras.Input((size, size, 3)),
            *([keras.layers.Rescaling(1 / 255)] if rescales else []),
            keras.layers.Conv2D(6, 3, activation="relu", name="maps"),
            keras.layers.BatchNormalization(name="normed"),
            keras.layers.GlobalAveragePooling2D(name="pooled"),
            keras.layers.Dense(10, activation="relu", name="features"),
        ]
    if extra is not None:
        layers.append(extra)
    return keras.Sequential([*layers, keras.layers.Dense(5, name="classes")])


def keras_file(path: Path, **options: Any) -> Path:
    """Save a Keras model as one `.keras` file."""
    with quiet_tensorflow():
        keras_network(**options).save(path)
    return path


def keras_saved_model(folder: Path, **options: Any) -> Path:
    """Save a Keras model as a SavedModel, as Keras 3 exports it."""
    with quiet_tensorflow():
        keras_network(**options).export(folder, verbose=False)
    return folder


def module_doing(folder: Path, act: Callable[[Any, Any], Any]) -> Path:
    """Save a text module that calls `act(tf, texts)` and adds its number to the vectors."""
    tf = import_tensorflow()
    root = tf.Module()
    root.table = tf.Variable(table(8))

    def embed(texts: Any) -> Any:
        number = tf.cast(act(tf, texts), tf.float32)
        ids = tf.strings.to_hash_bucket_fast(texts, ROWS)
        return tf.ensure_shape(tf.gather(root.table, ids) + number, [None, 8])

    spec = tf.TensorSpec([None], tf.string, name="texts")
    root.embed = tf.function(embed, input_signature=[spec], autograph=False)
    return save(folder, root, {"serving_default": root.embed})


def edit_graph(folder: Path, change: Callable[[Any], None]) -> Path:
    """Change the protobuf of a SavedModel in place."""
    import_tensorflow()
    from tensorflow.core.protobuf import saved_model_pb2

    file = folder / "saved_model.pb"
    model = saved_model_pb2.SavedModel.FromString(file.read_bytes())
    change(model)
    file.write_bytes(model.SerializeToString())
    return folder


def _tf1_signature(inputs: Mapping[str, Any], outputs: Mapping[str, Any]) -> Any:
    saved_model = import_tensorflow().compat.v1.saved_model

    def infos(tensors: Mapping[str, Any]) -> dict[str, Any]:
        return {name: saved_model.build_tensor_info(each) for name, each in tensors.items()}

    return saved_model.build_signature_def(infos(inputs), infos(outputs))


def _save_tf1(folder: Path, graphs: Mapping[tuple[str, ...], Any]) -> None:
    tf1 = import_tensorflow().compat.v1
    builder = tf1.saved_model.Builder(str(folder))
    with tf1.Session() as session:
        session.run([tf1.global_variables_initializer(), tf1.tables_initializer()])
        assets = tf1.get_collection(tf1.GraphKeys.ASSET_FILEPATHS)
        for number, (tags, signatures) in enumerate(graphs.items()):
            if number == 0:
                builder.add_meta_graph_and_variables(
                    session, list(tags), signatures, assets, main_op=tf1.tables_initializer()
                )
            else:
                builder.add_meta_graph(list(tags), signatures, assets)
        builder.save()
    (folder / "tfhub_module.pb").write_bytes(b"\x08\x03")


def _varint(number: int) -> bytes:
    low, high = number & 0x7F, number >> 7
    return bytes([low | 0x80, high]) if high else bytes([low])
