"""Make what is missing or older than what it is made from, and nothing else."""

from __future__ import annotations

import hashlib
from pathlib import Path

from build_hooks.browser import place_libraries
from build_hooks.npm import installed_packages
from build_hooks.samples import write_pictures, write_reviews

VENDOR = Path("webui/static/vendor")
SAMPLES = Path("semsearch/samples")
STAMP = VENDOR / "made-from.txt"
OUTPUTS = (
    VENDOR / "preact.js",
    VENDOR / "pub-sub-es.js",
    VENDOR / "regl.js",
    VENDOR / "regl-scatterplot.js",
    SAMPLES / "reviews.jsonl",
    SAMPLES / "pictures.zip",
)


def digest(root: Path) -> str:
    """Return the SHA-256 of the lock file and of the code that makes the outputs."""
    hashing = hashlib.sha256()
    for path in (root / "webui/package-lock.json", *sorted((root / "build_hooks").glob("*.py"))):
        hashing.update(path.read_bytes())
    return hashing.hexdigest()


def is_made(root: Path) -> bool:
    """Tell whether every output is there and made from today's lock file and code."""
    stamp = root / STAMP
    return (
        stamp.is_file()
        and stamp.read_text("utf-8").strip() == digest(root)
        and all((root / output).is_file() for output in OUTPUTS)
    )


def make_outputs(root: Path) -> bool:
    """Put the vendor and sample files in place under `root`; False when they were there already.

    The stamp is removed first and written last, so that an interrupted run is done again.
    """
    if is_made(root):
        return False
    (root / STAMP).unlink(missing_ok=True)
    (root / SAMPLES).mkdir(parents=True, exist_ok=True)
    with installed_packages(root / "webui") as node_modules:
        place_libraries(node_modules, root / VENDOR)
        write_reviews(node_modules, root / SAMPLES / "reviews.jsonl")
        write_pictures(node_modules, root / SAMPLES / "pictures.zip")
    (root / STAMP).write_text(digest(root) + "\n", "utf-8")
    return True
