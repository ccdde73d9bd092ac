"""R16: SIGTERM, SIGINT and SIGHUP to the program: while it indexes, and while it serves."""

from __future__ import annotations

import http.client
import json
import os
import random
import re
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from tests.faults.pool import ONE_THREAD, ROOT
from tests.faults.record import Result, Setting, Suite
from tests.faults.workload import WORDS

SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
SCENES = ("index", "serve", "serve and index")
ROWS, BATCH = 30_000, 256
SECONDS = 10
"""How long the program may take to end."""

PROGRAM = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)
{defect}
from semsearch.cli.main import main
sys.exit(main())
"""


def run(setting: Setting) -> Result:
    """Send each signal in each scene, at moments drawn by the seed."""
    result = setting.result()
    chance = random.Random(setting.seed)
    with setting.place("source") as folder:
        source = folder / "many.csv"
        source.write_text(
            "id,text\n" + "".join(f"{n},{WORDS[n % 8]} {'word ' * 40}{n}\n" for n in range(ROWS))
        )
        for number in range(setting.size):
            scene = SCENES[number % 3]
            sent = SIGNALS[number // 3 % 3]
            with setting.place("signal") as place:
                case = Scene(setting, place, source, chance.uniform(0, 0.4))
                problems = case.play(scene, sent)
                result.counts.update(case.counts)
            result.case(problems, f"{scene}, {sent.name} after {case.delay:.2f} s")
    return result


class Scene:
    """One start of the program, one signal, and what is looked at afterwards."""

    def __init__(self, setting: Setting, place: Path, source: Path, delay: float) -> None:
        self.setting = setting
        self.indexes = place / "indexes"
        self.log = place / "log"
        self.source = source
        self.delay = delay
        self.counts: Counter[str] = Counter()
        self.problems: list[str] = []

    def play(self, scene: str, sent: signal.Signals) -> list[str]:
        """Play a scene, and return what went wrong."""
        if scene == "index":
            self._index(sent)
        else:
            self._serve(sent, with_index=scene != "serve")
        if (self.indexes / "many").exists():
            self._look()
        return self.problems

    def _index(self, sent: signal.Signals) -> None:
        process = self._start(*self._indexing())
        self._wait_for_the_writer(process)
        time.sleep(self.delay)
        self._end(process, sent, allowed=(0, 130, -sent))

    def _serve(self, sent: signal.Signals, *, with_index: bool) -> None:
        first = self.source.with_name("few.csv")
        with self.source.open() as lines:
            first.write_text("".join(line for line, _ in zip(lines, range(500), strict=False)))
        subprocess.run(self._command(*self._indexing(first)), env=_environment(), check=True,
                       capture_output=True)  # fmt: skip
        server = self._start("serve", "--port", "0")
        port = self._port(server)
        clients = [threading.Thread(target=self._ask, args=(port,)) for _ in range(2)]
        for client in clients:
            client.start()
        indexing = self._start(*self._indexing()) if with_index else None
        self._wait_for_the_writer(indexing)
        time.sleep(0.1 + self.delay)
        self._end(server, sent, allowed=(0,))
        for client in clients:
            client.join()
        if indexing is not None:
            self._end(indexing, sent, allowed=(0, 130, -sent))

    def _indexing(self, source: Path | None = None) -> Sequence[str]:
        return ("index", "many", str(source or self.source), "--text", "text", "--key", "id",
                "--module", "hashing")  # fmt: skip

    def _command(self, *words: str) -> list[str]:
        program = PROGRAM.format(defect=_DEFECTS.get(self.setting.defect or "", ""))
        return [sys.executable, "-c", program, "--indexes", str(self.indexes), *words]

    def _start(self, *words: str) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            return subprocess.Popen(
                self._command(*words), env=_environment(), stdout=log, stderr=log, cwd=ROOT
            )

    def _wait_for_the_writer(self, process: subprocess.Popen[bytes] | None) -> None:
        """Wait until the program has begun to write: its name stands in LOCK."""
        lock = self.indexes / "many" / "LOCK"
        deadline = time.monotonic() + 30
        while process is not None and time.monotonic() < deadline and process.poll() is None:
            if lock.exists() and lock.stat().st_size:
                return
            time.sleep(0.01)

    def _end(
        self, process: subprocess.Popen[bytes], sent: signal.Signals, allowed: Sequence[int]
    ) -> None:
        process.send_signal(sent)
        try:
            status = process.wait(SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            self.problems.append(f"still there {SECONDS} s after {sent.name}")
            return
        if status not in allowed:
            self.problems.append(f"ended with {status}: {self.log.read_text()[-300:]}")
        if "Traceback" in self.log.read_text():
            self.problems.append(f"a traceback: {self.log.read_text()[-300:]}")

    def _port(self, server: subprocess.Popen[bytes]) -> int:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and server.poll() is None:
            if found := re.search(r"http://127\.0\.0\.1:(\d+)/", self.log.read_text()):
                return int(found[1])
            time.sleep(0.02)
        raise RuntimeError(f"the server did not start: {self.log.read_text()[-500:]}")

    def _ask(self, port: int) -> None:
        """Ask until nobody listens; an answer that has begun must come whole."""
        body = json.dumps({"text": "soup", "k": 3})
        while True:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)
            try:
                connection.connect()
            except OSError:
                return
            try:
                self._one_answer(connection, body)
            except ConnectionError:
                self.counts["not taken any more"] += 1  # it lay in the queue of the listener
            except Exception as error:
                self.problems.append(f"an answer was cut: {type(error).__name__}: {error}")
            finally:
                connection.close()

    def _one_answer(self, connection: http.client.HTTPConnection, body: str) -> None:
        path = "/api/v1/collections/many/search"
        connection.request("POST", path, body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        content = answer.read()
        if answer.status == http.HTTPStatus.OK:
            self.counts["answers"] += len(json.loads(content)["hits"]) == 3
        elif answer.status != http.HTTPStatus.SERVICE_UNAVAILABLE:
            self.problems.append(f"answered {answer.status}: {content[:200]!r}")

    def _look(self) -> None:
        seen = self.setting.pool.servers[0].run(
            "tests.faults.jobs:look_at_texts", path=str(self.indexes / "many"), batch=BATCH
        )
        if seen.result is None:
            self.problems.append(seen.last_line)
            return
        self.problems += seen.result["problems"]
        self.counts["rows kept"] += seen.result["rows"]


_DEFECTS = {
    "signals-ignored": "for each in (1, 2, 15): signal.signal(each, signal.SIG_IGN)\n"
    "signal.signal = lambda *_: None",
}


def _environment() -> dict[str, str]:
    return {**os.environ, **ONE_THREAD, "PYTHONPATH": str(ROOT), "SEMSEARCH_OFFLINE": "1"}


SUITE = Suite(
    number="R16",
    title="SIGTERM, SIGINT, SIGHUP while indexing and while serving",
    run=run,
    sizes={"fast": 9, "deep": 200},
    defects=("signals-ignored",),
    defect_size=2,
    unit="signals",
)
