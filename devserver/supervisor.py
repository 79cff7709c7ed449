"""Runs the whole portal on this machine until it is told to stop. Behind script/server."""

import contextlib
import os
import signal
import sys
import time
from datetime import UTC, datetime
from types import FrameType
from zoneinfo import ZoneInfo

from devserver import choices
from devserver.choices import Choices
from devserver.errors import INVALID_SETTING_EXIT, CannotStart, InvalidSetting
from devserver.portal import Portal

LOOKS_EVERY = 0.2  # seconds


class Told(BaseException):
    """A signal told us to stop. Not an Exception: nothing on the way may take it for a fault."""


class StopSignals:
    """Raises Told at the first signal; those after it change nothing, since the stop has an end."""

    def __init__(self) -> None:
        self._told = False

    def install(self) -> None:
        signal.signal(signal.SIGINT, self._receive)
        signal.signal(signal.SIGTERM, self._receive)
        # Under nohup the portal outlives its terminal.
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
            signal.signal(signal.SIGHUP, self._receive)
        # setting_up.py holds them back until here.
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT, signal.SIGTERM, signal.SIGHUP})

    def _receive(self, _number: int, _frame: FrameType | None) -> None:
        if not self._told:
            self._told = True
            raise Told


def say(line: str) -> None:
    """Print a line; a terminal that has gone away is no reason to fail."""
    try:
        print(line, flush=True)
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def complain(error: Exception) -> None:
    with contextlib.suppress(OSError):
        print(error, file=sys.stderr, flush=True)


def main() -> int:
    try:
        chosen = choices.read()
    except InvalidSetting as error:
        complain(error)
        return INVALID_SETTING_EXIT
    os.umask(0o077)
    signals = StopSignals()
    portal = Portal(chosen, say)
    try:
        signals.install()
        say(f"Starting. Logs: tail -F '{chosen.data}'/logs/*.log")
        portal.start()
        portal.wait_until_ready()
        announce(chosen, portal)
        while True:
            time.sleep(LOOKS_EVERY)
            portal.look_after()
    except Told:
        say("Stopping.")
        return 0
    except InvalidSetting as error:
        complain(error)
        return INVALID_SETTING_EXIT
    except (CannotStart, OSError) as error:
        complain(error)
        return 1
    finally:
        portal.stop()


def announce(chosen: Choices, portal: Portal) -> None:
    say(f"ready: {chosen.portal_url}")
    if portal.clock is None:
        say("No sign-ins are made on the real clock. Make one in another terminal:")
        say("  .venv/bin/python manage.py createsuperuser")
    else:
        for name, address, what in (
            ("admin", "/admin/", "everything"),
            ("staff", "/admin/", "project staff"),
            ("steering", "/steering/", "steering group"),
        ):
            say(f"  {name:8}  {portal.password}  {chosen.portal_url}{address}  {what}")
        moment = portal.clock.at(datetime.now(UTC)).astimezone(ZoneInfo("Europe/London"))
        say(
            f"This is a rehearsal: its clock stands at {moment:%H:%M on %-d %B %Y} (UK time). "
            "REHEARSE_FROM moves it."
        )
    say("Ctrl-C stops everything.")


if __name__ == "__main__":
    sys.exit(main())
