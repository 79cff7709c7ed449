"""One password is hashed at a time, and as Django hashes it."""

import threading
import time

from django.contrib.auth.hashers import PBKDF2PasswordHasher

from accounts.password_hashing import OneAtATime


def test_hash_is_djangos_own():
    ours = OneAtATime().encode("a password", "salt", iterations=10)
    assert ours == PBKDF2PasswordHasher().encode("a password", "salt", iterations=10)
    assert PBKDF2PasswordHasher().verify("a password", ours)
    assert OneAtATime().verify("a password", ours)


def test_passwords_are_hashed_one_at_a_time(monkeypatch):
    at_work, seen = [], []

    def encode(*_args):
        at_work.append(1)
        time.sleep(0.02)
        seen.append(len(at_work))
        at_work.pop()

    monkeypatch.setattr(PBKDF2PasswordHasher, "encode", encode)
    threads = [
        threading.Thread(target=OneAtATime().encode, args=("a password", "salt")) for _ in range(5)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [1] * 5
