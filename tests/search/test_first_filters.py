"""The first filters of a process, asked by several threads while the parser is being loaded."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
AT_ONCE = """
import sys, threading
from semsearch.search import parse_filter

wrong = []

def ask():
    try:
        parse_filter("stars <= 2", {"stars": "number"})
    except Exception as error:
        wrong.append(repr(error))

def ask_meanwhile():
    while "sqlglot.errors" not in sys.modules:
        pass
    ask()

sys.setswitchinterval(1e-6)
threads = [threading.Thread(target=each) for each in (ask_meanwhile, ask_meanwhile, ask)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
sys.exit(wrong[0] if wrong else 0)
"""


def test_threads_that_filter_first_wait_for_one_another() -> None:
    for _ in range(5):
        subprocess.run([sys.executable, "-c", AT_ONCE], check=True, cwd=ROOT)
