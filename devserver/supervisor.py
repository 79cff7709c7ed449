"""script/server: run the whole portal on this machine until a signal stops it."""

import contextlib
import os
import signal
import sys
import time
from datetime import UTC, datetime
from types import FrameType
from zoneinfo import ZoneInfo

from devserver import server_settings
from devserver.errors import INVALID_SETTING_EXIT, CannotStart, InvalidSetting
from devserver.portal import Portal
from devserver.server_settings import ServerSettings

CHECK_INTERVAL = 0.2  # seconds between two looks at the processes


class StopRequested(BaseException):
    """A signal asks us to stop. It is no Exception, so that no `except Exception` takes it."""


class StopSignals:
    """Raises StopRequested at the first signal, and ignores the others: a stop ends by itself."""

    def __init__(self) -> None:
        self._stopping = False

    def install(self) -> None:
        signal.signal(signal.SIGINT, self._receive)
        signal.signal(signal.SIGTERM, self._receive)
        # Under nohup the portal runs on after its terminal is closed.
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
            signal.signal(signal.SIGHUP, self._receive)
        # setting_up.py blocked them until there was a portal to stop.
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT, signal.SIGTERM, signal.SIGHUP})

    def _receive(self, _number: int, _frame: FrameType | None) -> None:
        if not self._stopping:
            self._stopping = True
            raise StopRequested


def print_line(line: str) -> None:
    """Print a line, or do without if the terminal has been closed."""
    try:
        print(line, flush=True)
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def print_error(error: Exception) -> None:
    with contextlib.suppress(OSError):
        print(error, file=sys.stderr, flush=True)


def main() -> int:
    try:
        settings = server_settings.read()
    except InvalidSetting as error:
        print_error(error)
        return INVALID_SETTING_EXIT
    os.umask(0o077)
    signals = StopSignals()
    portal = Portal(settings, print_line)
    try:
        signals.install()
        print_line(f"Starting. Logs: tail -F '{settings.data}'/logs/*.log")
        portal.start()
        portal.wait_until_ready()
        announce(settings, portal)
        while True:
            time.sleep(CHECK_INTERVAL)
            portal.restart_what_ended()
    except StopRequested:
        print_line("Stopping.")
        return 0
    except InvalidSetting as error:
        print_error(error)
        return INVALID_SETTING_EXIT
    except (CannotStart, OSError) as error:
        print_error(error)
        return 1
    finally:
        portal.stop()


def announce(settings: ServerSettings, portal: Portal) -> None:
    print_line(f"ready: {settings.portal_url}")
    if portal.clock is None:
        print_line("No sign-ins are made on the real clock. Make one in another terminal:")
        print_line("  .venv/bin/python manage.py createsuperuser")
    else:
        for name, address, what in (
            ("admin", "/admin/", "everything"),
            ("staff", "/admin/", "project staff"),
            ("steering", "/steering/", "steering group"),
        ):
            print_line(f"  {name:8}  {portal.password}  {settings.portal_url}{address}  {what}")
        moment = portal.clock.at(datetime.now(UTC)).astimezone(ZoneInfo("Europe/London"))
        print_line(
            f"This is a rehearsal: its clock stands at {moment:%H:%M on %-d %B %Y} (UK time). "
            "REHEARSE_FROM moves it."
        )
    print_line("Ctrl-C stops everything.")


if __name__ == "__main__":
    sys.exit(main())
