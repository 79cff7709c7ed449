"""python -m bench.fuzz: thousands of generated requests over every form and query parameter.

Runs tests/fuzz with a PostgreSQL and a Valkey of its own, which the tests start: as a stranger, as
respondents with a draft, a receipt and opened changes, as each role of one of two calls, and as an
administrator. Addresses come out of the URLconf, forms and fields out of the pages. Fails on a
status of 500 or more, text that is shown unescaped, a traceback in a page, an error in the log, a
redirect elsewhere, an answer without the security headers. Prints the seed; the same seed sends
the same requests. Each fault begins with the number of its request: --only sends that one again.
"""

import argparse
import os
import secrets
import sys

import pytest


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--requests", type=int, default=10_000, help="default 10,000")
    parser.add_argument("--seed", default="", help="default: a new one")
    parser.add_argument("--only", type=int, help="the number of one request")
    chosen = parser.parse_args()
    os.environ["PORTAL_FUZZ_REQUESTS"] = str(chosen.requests)
    os.environ["PORTAL_FUZZ_SEED"] = chosen.seed or secrets.token_hex(4)
    os.environ["PORTAL_FUZZ_ONLY"] = "" if chosen.only is None else str(chosen.only)
    return pytest.main(
        ["tests/fuzz/test_fuzz.py", "-q", "-s", "--timeout=0", "--tb=no", "-p", "no:randomly"]
    )


if __name__ == "__main__":
    sys.exit(main())
