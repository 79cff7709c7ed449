"""What one GET costs a process, as far as a busy machine lets one see it."""

import time

from django.test import Client

BLOCK = 20  # requests


def cpu_of(client: Client, address: str, times: int) -> float:
    """Return the milliseconds of this process's CPU that one GET takes, in the cheapest block.

    Whatever else the machine does makes a block dearer, never cheaper.
    """
    for _ in range(BLOCK):
        answer = client.get(address)
        assert answer.status_code == 200, answer
    return min(_block(client, address) for _ in range(times // BLOCK))


def _block(client: Client, address: str) -> float:
    began = time.process_time()
    for _ in range(BLOCK):
        client.get(address)
    return (time.process_time() - began) * 1000 / BLOCK
