"""What the children do to a collection, and the model that says what must then stand in it."""

from __future__ import annotations

import io
import json
import random
import tempfile
import zlib
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

import semsearch
from semsearch.collection.passages import encoder_of
from tests.faults.channel import acknowledge

DIM = 8
VERSIONS = 40
"""How often a key may change; more are not told apart."""

Step = dict[str, Any]
State = dict[str, dict[str, int]]
Vectors = npt.NDArray[np.float32]

EMPTY: State = {"items": {}, "results": {}}

MODULES = {"texts": "hashing", "pictures": "colours"}

WORDS = ("soup", "shoes", "film", "waiter", "plot", "laces", "salt", "office")


LONG = 4
"""One key in so many has a long text."""


def vector_of(key: str, version: int) -> Vectors:
    """Return the unit vector (DIM,) that a version of a key has in a collection of own vectors."""
    chance = np.random.default_rng(zlib.crc32(f"{key}:{version}".encode()))
    vector = chance.standard_normal(DIM).astype(np.float32)
    return np.asarray(vector / np.linalg.norm(vector), dtype=np.float32)


def row_of(key: str, version: int) -> dict[str, Any]:
    """Return the row that a version of a key has in a collection of texts.

    Every second version changes only a field, so that the row is refreshed and not encoded. The
    texts of one key in four are so long that they are split into passages.
    """
    number = zlib.crc32(key.encode())
    word = WORDS[number % len(WORDS)]
    text = f"{word} number {key} told for the {version // 2}th time"
    if number % LONG == 0:
        text = " ".join(f"{text}, in its part {part}." for part in range(12))
    return {"id": key, "text": text, "stars": version, "even": version % 2 == 0}


@cache
def picture_of(key: str, version: int) -> bytes:
    """Return the image file that a version of a key has in a collection of pictures."""
    chance = random.Random(f"{key}:{version // 2}")
    picture = Image.frombytes("RGB", (4, 4), chance.randbytes(48)).resize((24, 24))
    file = io.BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()


def mixed_steps(seed: int, rounds: int = 2, rows: int = 5, index: str | None = None) -> list[Step]:
    """Return a workload of every kind of change, drawn by a seed; `index` is a kind to build."""
    chance = random.Random(seed)
    alive: dict[str, int] = {}
    steps: list[Step] = [{"do": "create"}]
    born = 0
    for number in range(rounds):
        new = [f"k{born + n}" for n in range(rows + number)]
        born += len(new)
        steps.append(_add(alive, {key: 0 for key in new}))
        changed = chance.sample(sorted(alive), min(3, len(alive)))
        steps.append(_add(alive, {f"k{born}": 0} | {key: alive[key] + 1 for key in changed}))
        born += 1
        steps.append({"do": "result", "name": "a", "version": number})
        gone = chance.sample(sorted(alive), 3)
        steps.append(_delete(alive, gone))
        steps.append({"do": "result", "name": f"b{number % 2}", "version": number})
        steps.append({"do": "index", "kind": index} if index else {"do": "reopen"})
        steps.append(_add(alive, {key: 0 for key in gone[:1]}))  # a key that was deleted comes back
        steps.append({"do": "compact"})
        steps.append(_delete(alive, chance.sample(sorted(alive), 2), purge=number == rounds - 1))
    return steps


def _add(alive: dict[str, int], rows: Mapping[str, int]) -> Step:
    alive.update(rows)
    return {"do": "add", "rows": dict(rows)}


def _delete(alive: dict[str, int], keys: Sequence[str], *, purge: bool = False) -> Step:
    for key in keys:
        del alive[key]
    return {"do": "purge" if purge else "delete", "keys": list(keys)}


def after(state: State, step: Step) -> State:
    """Return what must stand after a step."""
    items, results = dict(state["items"]), dict(state["results"])
    match step["do"]:
        case "add":
            items |= step["rows"]
        case "delete" | "purge":
            items = {key: version for key, version in items.items() if key not in step["keys"]}
        case "result":
            results[step["name"]] = step["version"]
    return {"items": items, "results": results}


def states(steps: Sequence[Step]) -> list[State]:
    """Return what must stand before the first step, after it, after the second, ..."""
    found = [EMPTY]
    for step in steps:
        found.append(after(found[-1], step))
    return found


class Hand:
    """Holds a collection and does one step after another.

    `flavour` is "own" (vectors), "texts" or "pictures".
    """

    def __init__(self, path: str, flavour: str) -> None:
        self.path = Path(path)
        self.flavour = flavour
        self._open: semsearch.Collection | None = None

    @property
    def collection(self) -> semsearch.Collection:
        """The open collection."""
        if self._open is None:
            self._open = semsearch.open(self.path)
        return self._open

    def close(self) -> None:
        """Close the collection, if it is open."""
        if self._open is not None:
            self._open.close()
            self._open = None

    def do(self, step: Step) -> None:
        """Do one step; a step that was done before may be done again, and changes nothing then."""
        getattr(self, f"_{step['do']}")(step)

    def _create(self, _: Step) -> None:
        if (self.path / "FORMAT").exists():
            return
        if self.flavour == "own":
            self._open = semsearch.create(self.path, module=None, dim=DIM)
        else:
            self._open = semsearch.create(self.path, module=MODULES[self.flavour])

    def _add(self, step: Step) -> None:
        rows = step["rows"]
        if self.flavour == "own":
            vectors = np.stack([vector_of(key, version) for key, version in rows.items()])
            self.collection.add(vectors=vectors, keys=list(rows))
        elif self.flavour == "texts":
            self.collection.add(
                [row_of(key, version) for key, version in rows.items()], text="text", key="id"
            )
        else:
            with tempfile.TemporaryDirectory() as folder:
                pictures = [self._picture(Path(folder), *row) for row in rows.items()]
                self.collection.add(pictures, image="picture", key="id")

    def _picture(self, folder: Path, key: str, version: int) -> dict[str, Any]:
        path = folder / f"{key}.png"
        path.write_bytes(picture_of(key, version))
        row = row_of(key, version)
        return {"id": key, "picture": str(path), "stars": row["stars"], "even": row["even"]}

    def _delete(self, step: Step) -> None:
        if there := sorted(self.collection.known(step["keys"])):
            self.collection.delete(there)

    def _purge(self, step: Step) -> None:
        if there := sorted(self.collection.known(step["keys"])):
            self.collection.delete(there, purge=True)
        else:
            self.collection.compact()  # finishes a purge that was cut short

    def _result(self, step: Step) -> None:
        with self.collection._store.writing() as writer:
            writer.save_result("clustering", step["name"], result_of(step), {"n": step["version"]})

    def _compact(self, _: Step) -> None:
        self.collection.compact()

    def _index(self, step: Step) -> None:
        self.collection.build_index(step["kind"])

    def _reopen(self, _: Step) -> None:
        self.close()


def result_of(step: Step) -> dict[str, npt.NDArray[Any]]:
    """Return the arrays that a stored result of this name and version has."""
    chance = np.random.default_rng(zlib.crc32(json.dumps([step["name"], step["version"]]).encode()))
    return {"values": chance.standard_normal(20)}


def work(path: str, flavour: str, steps: Sequence[Step], start: int = 0) -> None:
    """Do the steps from number `start` on, and acknowledge each by its number when it is done."""
    hand = Hand(path, flavour)
    for number in range(start, len(steps)):
        hand.do(steps[number])
        acknowledge(number)
    hand.close()


def observed(collection: semsearch.Collection, flavour: str) -> State:
    """Return what stands in a collection, read through its public face.

    Raises:
        Wrong: a row that was never stored this way, or one that comes twice.
    """
    keys, vectors = collection.vectors()
    if len(set(keys)) != len(keys) or len(keys) != len(collection):
        raise Wrong(f"{len(keys)} keys, {len(set(keys))} different ones, length {len(collection)}")
    hits = {hit.key: hit for hit in collection.get(keys)}
    items = {}
    for key, vector in zip(keys, vectors, strict=True):
        if flavour == "own":
            items[key] = _version_of(key, vector)
        elif flavour == "texts":
            items[key] = _version_of_row(key, hits[key], vector)
        else:
            items[key] = _version_of_picture(collection, hits[key], vector)
    names = collection.clusterings()
    return {"items": items, "results": {name: _result_version(collection, name) for name in names}}


class Wrong(Exception):
    """Raised when a collection answers with what was never put into it."""


def _version_of(key: str, vector: Vectors) -> int:
    for version in range(VERSIONS):
        if np.allclose(vector_of(key, version), vector, atol=1e-6):
            return version
    raise Wrong(f"the vector of {key!r} was never stored")


def _version_of_row(key: str, hit: semsearch.Hit, vector: Vectors) -> int:
    version = hit.fields.get("stars")
    if not isinstance(version, int):
        raise Wrong(f"the fields of {key!r} are {hit.fields}")
    row = row_of(key, version)
    if (hit.text, hit.fields) != (row["text"], {"stars": version, "even": row["even"]}):
        raise Wrong(f"the row of {key!r} is {hit.text!r} with {hit.fields}")
    if not np.allclose(_encoded(row["text"]), vector, atol=1e-6):
        raise Wrong(f"the vector of {key!r} is not that of its text")
    return version


def _version_of_picture(
    collection: semsearch.Collection, hit: semsearch.Hit, vector: Vectors
) -> int:
    version = hit.fields.get("stars")
    if not isinstance(version, int) or hit.fields.get("even") != (version % 2 == 0):
        raise Wrong(f"the fields of {hit.key!r} are {hit.fields}")
    if collection.image(hit.key) != picture_of(hit.key, version):
        raise Wrong(f"the image of {hit.key!r} was never stored")
    if not np.allclose(_seen(hit.key, version // 2), vector, atol=1e-5):
        raise Wrong(f"the vector of {hit.key!r} is not that of its image")
    return version


def _result_version(collection: semsearch.Collection, name: str) -> int:
    arrays, detail = collection._store.load_result("clustering", name)
    version = detail.get("n")
    expected = result_of({"name": name, "version": version})
    if set(arrays) != set(expected) or not np.array_equal(arrays["values"], expected["values"]):
        raise Wrong(f"the arrays of the result {name!r} were never stored")
    return int(version)


@cache
def _encoded(text: str) -> Vectors:
    encoder = encoder_of(semsearch.load_module("hashing"))
    return np.asarray(encoder.encode_prepared([encoder.prepare(text)])[-1], dtype=np.float32)


@cache
def _seen(key: str, half: int) -> Vectors:
    vectors = semsearch.load_module("colours").encode([picture_of(key, half * 2)])
    return np.asarray(vectors[0], dtype=np.float32)
