"""Requests that nobody's browser sends: no fault, nothing reflected, no traceback.

python -m bench.fuzz sends many more.
"""

import os
import sys
from random import Random

import pytest

from tests.fuzz.running import fuzz

SEED = os.environ.get("PORTAL_FUZZ_SEED", "a seed for the tests")
REQUESTS = int(os.environ.get("PORTAL_FUZZ_REQUESTS", "0"))
ONLY = os.environ.get("PORTAL_FUZZ_ONLY", "")


def some(everyone):
    return Random(SEED).sample(everyone, 20)


@pytest.mark.django_db
def test_generated_requests_find_no_fault():
    numbers = [int(ONLY)] if ONLY else range(REQUESTS or 30)
    report = fuzz(seed=SEED, numbers=numbers, pairs=None if REQUESTS else some)
    sys.stdout.write(f"{report}\n")
    assert report.faults == []
