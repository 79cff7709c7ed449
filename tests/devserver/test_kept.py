import os
import signal
import sys
from types import SimpleNamespace

import psutil
import pytest

from devserver import kept as kept_module
from devserver.children import wait_until
from devserver.errors import CannotStart
from devserver.kept import Kept, Program


@pytest.fixture
def seconds(monkeypatch):
    """A clock that a test sets, in a list of one."""
    now = [1000.0]
    monkeypatch.setattr(kept_module, "time", SimpleNamespace(monotonic=lambda: now[0]))
    return now


def program(tmp_path, code):
    return Program(
        [sys.executable, "-c", code],
        env=dict(os.environ),
        cwd=tmp_path,
        log=tmp_path / "part.log",
        patience=5,
        death_signal=signal.SIGTERM,
    )


def wait_for_death(kept):
    assert wait_until(lambda: not kept.service.running(), seconds=10)


def test_part_that_was_killed_is_started_again_after_a_pause(tmp_path, seconds):
    said = []
    kept = Kept("web", program(tmp_path, "import time; time.sleep(60)"), said.append)
    kept.start()
    first = kept.service.child.pid
    kept.look_after()
    kept.service.child.send(signal.SIGKILL)
    wait_for_death(kept)
    kept.look_after()
    seconds[0] += 0.4
    kept.look_after()
    assert not kept.service.running()
    seconds[0] += 0.2
    kept.look_after()
    assert kept.service.running()
    assert kept.service.child.pid != first
    kept.service.stop()
    assert said == [
        f"web ended by signal SIGKILL. Starting it again in 0.5 s. Its log: {tmp_path}/part.log",
        "web is started again.",
    ]


def test_part_that_dies_at_once_each_time_is_given_up(tmp_path, seconds):
    said = []
    kept = Kept("worker", program(tmp_path, "import sys; sys.exit('no such module')"), said.append)
    kept.start()
    pauses = []
    with pytest.raises(CannotStart) as given_up:  # noqa: PT012 - the loop is what is tested
        for _ in range(20):
            wait_for_death(kept)
            kept.look_after()
            before = seconds[0]
            while not kept.service.running() and kept._start_at is not None:
                seconds[0] += 0.5
                kept.look_after()
            pauses.append(seconds[0] - before)
    assert str(given_up.value) == (
        "worker ended with exit code 1, 5 times in a row; giving up. "
        f"The end of {tmp_path}/part.log: no such module"
    )
    assert pauses == [0.5, 1.0, 2.0, 4.0]


def test_deaths_far_apart_are_not_counted_together(tmp_path, seconds):
    kept = Kept("beat", program(tmp_path, "pass"), lambda _line: None)
    kept.start()
    for _ in range(10):
        wait_for_death(kept)
        seconds[0] += 61
        kept.look_after()
        seconds[0] += 1
        kept.look_after()
    wait_for_death(kept)


def test_stop_ends_what_the_part_started_as_well(tmp_path):
    code = (
        "import signal, subprocess, sys, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        "print('started', flush=True)\n"
        "time.sleep(60)\n"
    )
    stubborn = program(tmp_path, code)
    stubborn._patience = 0.2
    stubborn.start()
    assert wait_until(lambda: stubborn.log.read_text() == "started\n", seconds=10)
    family = [psutil.Process(stubborn.child.pid)]
    family += family[0].children(recursive=True)
    stubborn.stop()
    assert len(family) == 2
    assert psutil.wait_procs(family, timeout=5)[1] == []
