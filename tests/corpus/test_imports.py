"""Reading a corpus loads no heavy library unless its format needs one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def test_reading_a_csv_loads_neither_pandas_nor_pyarrow(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("text\nsoup\n")
    code = (
        "import sys; from semsearch.corpus import read_corpus; "
        f"list(read_corpus({str(tmp_path / 'a.csv')!r}).entries); "
        "raise SystemExit(bool({'pandas', 'pyarrow'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
