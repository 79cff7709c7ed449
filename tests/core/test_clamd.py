import socket

import pytest

from core import clamd
from core.clamd import ScannerAway, Verdict, scan
from tests.scanner import NAME, SCANNERS, SIGNATURE, Double, real_clamd


@pytest.fixture(params=SCANNERS)
def url(request, tmp_path):
    if request.param == "clamd":
        with real_clamd(tmp_path) as address:
            yield address
    else:
        double = Double()
        yield double.url
        double.close()


def test_scanner_tells_clean_from_infected_and_from_too_long(url):
    assert scan(url, [b"a" * 100_000, b"b"]) == Verdict()
    assert scan(url, [b"words ", SIGNATURE, b" words"]) == Verdict(found=f"{NAME}.UNOFFICIAL")
    assert scan(url, [b"a" * 1_000_000] * 12) == Verdict(failed="INSTREAM size limit exceeded")
    assert scan(url, []) == Verdict()


def test_scanner_at_a_socket_of_the_machine_gets_the_bytes_in_pieces(tmp_path):
    double = Double(str(tmp_path / "clamd.sock"))
    content = bytes(range(256)) * 1000
    assert scan(double.url, [content, b"", content]) == Verdict()
    double.close()
    assert double.seen == [content * 2]


def test_scanner_that_hangs_up_could_not_tell():
    double = Double(hangs_up=True)
    assert scan(double.url, [b"a"]).failed.startswith("it ")
    double.close()


def test_scanner_that_falls_silent_could_not_tell(monkeypatch):
    monkeypatch.setattr(clamd, "ANSWER_TIMEOUT", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        verdict = scan(f"tcp://127.0.0.1:{silent.getsockname()[1]}", [b"a"])
    assert verdict == Verdict(failed="it broke off (TimeoutError)")


def test_scanner_that_cannot_be_reached_is_away(tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    for url in (f"tcp://127.0.0.1:{port}", f"unix://{tmp_path}/none"):
        with pytest.raises(ScannerAway):
            scan(url, [b"a"])
