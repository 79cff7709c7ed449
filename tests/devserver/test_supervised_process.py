import os
import signal
import sys
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from devserver import supervised_process
from devserver.children import wait_until
from devserver.errors import CannotStart
from devserver.supervised_process import Program, SupervisedProcess


@pytest.fixture
def seconds(monkeypatch):
    """A clock that a test sets, in a list of one."""
    now = [1000.0]
    monkeypatch.setattr(supervised_process, "time", SimpleNamespace(monotonic=lambda: now[0]))
    return now


def program(tmp_path, code, **more):
    return Program(
        [sys.executable, "-c", code],
        env=dict(os.environ),
        cwd=tmp_path,
        log=tmp_path / "part.log",
        patience=5,
        death_signal=signal.SIGTERM,
        **more,
    )


def wait_for_death(supervised):
    assert wait_until(lambda: not supervised.process.running(), seconds=10)


def test_part_that_was_killed_is_started_again_after_a_pause(tmp_path, seconds):
    said = []
    supervised = SupervisedProcess(
        "web", program(tmp_path, "import time; time.sleep(60)"), said.append
    )
    supervised.start()
    first = supervised.process.child.pid
    supervised.restart_if_ended()
    supervised.process.child.send(signal.SIGKILL)
    wait_for_death(supervised)
    supervised.restart_if_ended()
    seconds[0] += 0.4
    supervised.restart_if_ended()
    assert not supervised.process.running()
    seconds[0] += 0.2
    supervised.restart_if_ended()
    assert supervised.process.running()
    assert supervised.process.child.pid != first
    supervised.process.stop()
    assert said == [
        f"web ended by signal SIGKILL. Starting it again in 0.5 s. Its log: {tmp_path}/part.log",
        "web is started again.",
    ]


def test_part_that_dies_at_once_each_time_is_given_up(tmp_path, seconds):
    said = []
    supervised = SupervisedProcess(
        "worker", program(tmp_path, "import sys; sys.exit('no such module')"), said.append
    )
    supervised.start()
    pauses = []
    with pytest.raises(CannotStart) as given_up:  # noqa: PT012 - the loop is what is tested
        for _ in range(20):
            wait_for_death(supervised)
            supervised.restart_if_ended()
            before = seconds[0]
            while not supervised.process.running() and supervised._start_at is not None:
                seconds[0] += 0.5
                supervised.restart_if_ended()
            pauses.append(seconds[0] - before)
    assert str(given_up.value) == (
        "worker ended with exit code 1, 5 times in a row; giving up. "
        f"The end of {tmp_path}/part.log: no such module"
    )
    assert pauses == [0.5, 1.0, 2.0, 4.0]


def test_deaths_far_apart_are_not_counted_together(tmp_path, seconds):
    supervised = SupervisedProcess("beat", program(tmp_path, "pass"), lambda _line: None)
    supervised.start()
    for _ in range(10):
        wait_for_death(supervised)
        seconds[0] += 61
        supervised.restart_if_ended()
        seconds[0] += 1
        supervised.restart_if_ended()
    wait_for_death(supervised)


def test_stop_ends_what_the_part_started_as_well(tmp_path):
    code = (
        "import signal, subprocess, sys, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        "print('started', flush=True)\n"
        "time.sleep(60)\n"
    )
    stubborn = program(tmp_path, code)
    stubborn.stops_within = 0.2
    stubborn.start()
    assert wait_until(lambda: stubborn.log.read_text() == "started\n", seconds=10)
    family = [psutil.Process(stubborn.child.pid)]
    family += family[0].children(recursive=True)
    stubborn.stop()
    assert len(family) == 2
    assert psutil.wait_procs(family, timeout=5)[1] == []


@pytest.mark.parametrize(("gives_way", "niceness"), [(True, 5), (False, 0)])
def test_part_that_gives_way_is_nice_and_so_is_its_session(tmp_path, gives_way, niceness):
    part = program(tmp_path, "import time; time.sleep(60)", gives_way=gives_way)
    part.start()
    pid = part.child.pid
    own = os.getpriority(os.PRIO_PROCESS, 0)
    group = Path(f"/proc/{pid}/autogroup")
    try:
        assert os.getpriority(os.PRIO_PROCESS, pid) == max(niceness, own)
        # Some kernels have no groups of sessions.
        assert not group.exists() or group.read_text().endswith(f" nice {niceness}\n")
    finally:
        part.stop()
