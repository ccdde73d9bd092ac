"""How large a collection is, told while others change it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from semsearch.store.folder import Folder


def test_a_size_is_told_while_a_part_of_the_folder_vanishes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = Folder(tmp_path)
    folder.derived.mkdir()
    (folder.derived / "an index").write_bytes(b"12345")
    (tmp_path / "store.db").write_bytes(b"123")
    scan = os.scandir

    def scan_once_it_is_gone(path: str) -> object:
        if str(path) == str(folder.derived):
            shutil.rmtree(path)
        return scan(path)

    monkeypatch.setattr(os, "scandir", scan_once_it_is_gone)
    assert folder.size() == 3
