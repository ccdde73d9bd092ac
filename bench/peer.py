"""A peer that encodes texts in a process of its own, one timed round for each line it reads.

python bench/peer.py MODEL_FOLDER TEXTS.json VECTORS.npy
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path


def main() -> None:
    """Load sentence-transformers, then answer every line with the seconds of one round."""
    import numpy
    import torch
    from sentence_transformers import SentenceTransformer

    folder, texts_file, vectors_file = sys.argv[1:]
    texts = json.loads(Path(texts_file).read_text(encoding="utf-8"))
    model = SentenceTransformer(folder, device="cpu", local_files_only=True)
    model.encode(texts[:600], show_progress_bar=False)
    print(f"sentence-transformers on torch {torch.__version__}", flush=True)
    for _ in sys.stdin:
        start = time.perf_counter()
        vectors = model.encode(texts, batch_size=32, show_progress_bar=False)
        print(time.perf_counter() - start, flush=True)
    numpy.save(vectors_file, vectors)


if __name__ == "__main__":
    main()
