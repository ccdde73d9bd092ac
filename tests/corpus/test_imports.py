"""Reading a corpus loads no heavy library unless its format needs one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from semsearch.corpus import read_corpus


def test_reading_a_csv_loads_neither_pandas_nor_pyarrow(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("text\nsoup\n")
    code = (
        "import sys; from semsearch.corpus import read_corpus; "
        f"list(read_corpus({str(tmp_path / 'a.csv')!r}).entries); "
        "raise SystemExit(bool({'pandas', 'pyarrow'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_rows_are_read_while_another_thread_is_halfway_through_importing_pandas(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "pandas", ModuleType("pandas"))
    assert read_corpus(["soup"]).size == 1
