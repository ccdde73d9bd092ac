"""Find the sample data that the build hook put in place."""

from __future__ import annotations

from pathlib import Path

from semsearch.errors import SourceError

FOLDER = Path(__file__).parents[1] / "samples"
SAMPLES = {"reviews": "reviews.jsonl", "pictures": "pictures.zip"}


def sample_path(name: str) -> Path:
    """Return the path of a sample source: `reviews` (table) or `pictures` (zip of images).

    Raises:
        ValueError: when there is no sample of this name.
        SourceError: when the installation lacks it.
    """
    if name not in SAMPLES:
        raise ValueError(f"no sample is named {name!r}; there are: {', '.join(SAMPLES)}")
    path = FOLDER / SAMPLES[name]
    if not path.is_file():
        raise SourceError(
            f"the sample data {name!r} is not installed ({str(path)!r} is not there)",
            "install semsearch again: `pip install .`, or `make demo` in its repository",
        )
    return path
