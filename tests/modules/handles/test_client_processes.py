"""Programs that fetch for us are watched, and stopped when nothing moves."""

from __future__ import annotations

import sys
import time

import pytest

from semsearch.errors import ModuleError
from semsearch.modules.handles import current_policy
from semsearch.modules.handles.processes import run


def python(code: str, folder, **options):
    told = []
    policy = current_policy(on_progress=lambda *args: told.append(args))
    ended = run([sys.executable, "-c", code], folder, what="soup", policy=policy, **options)
    return ended, told


def test_how_a_program_ended_and_what_it_said_is_kept(tmp_path) -> None:
    ended, told = python("import sys; print('soup'); sys.exit('is cold')", tmp_path)
    assert (ended.status, ended.output, ended.last_line()) == (1, "soup\nis cold\n", "is cold")
    assert told[0] == ("soup", 0, None)


def test_a_program_works_in_its_folder_alone(tmp_path) -> None:
    code = "import os, tempfile; print(os.getcwd(), tempfile.gettempdir())"
    assert python(code, tmp_path)[0].output.split() == [str(tmp_path), str(tmp_path)]


def test_what_arrives_in_the_folder_is_the_progress(tmp_path) -> None:
    code = "import time; open('a', 'wb').write(bytes(500)); time.sleep(0.8)"
    assert ("soup", 500, None) in python(code, tmp_path)[1]


def test_a_program_that_gets_nothing_done_is_stopped(tmp_path) -> None:
    begun = time.monotonic()
    with pytest.raises(ModuleError, match="nothing has arrived for 0 seconds"):
        python("import time; time.sleep(60)", tmp_path, standstill=0.1)
    assert time.monotonic() - begun < 30


def test_a_program_that_gets_a_byte_now_and_then_is_stopped_too(tmp_path) -> None:
    code = (
        "import time; file = open('a', 'wb', 0)\n"
        "for _ in range(100): file.write(b'x'); time.sleep(0.05)"
    )
    begun = time.monotonic()
    with pytest.raises(ModuleError, match="next to nothing has arrived for 1 seconds"):
        python(code, tmp_path, standstill=0.6)
    assert time.monotonic() - begun < 4


def test_a_program_that_is_not_there_is_named(tmp_path) -> None:
    with pytest.raises(ModuleError, match="'/no/such/soup' cannot be started"):
        run(["/no/such/soup"], tmp_path, what="soup", policy=current_policy())
