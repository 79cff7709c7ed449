"""What is read of a file, up to as much as the portal keeps of one."""

from types import FrameType

MOST_CHARACTERS = 400_000  # a report of two hundred pages


class Enough(BaseException):
    """No more is read: the limit of characters or of time is reached.

    No Exception: what reads a file may catch all of these and go on.
    """


class Collected:
    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._left = MOST_CHARACTERS

    def add(self, piece: str) -> None:
        """Keep the piece. Raises Enough where it is more than is kept."""
        self._pieces.append(piece[: self._left])
        self._left -= len(piece)
        if self._left < 0:
            raise Enough

    @property
    def text(self) -> str:
        return "".join(self._pieces)


def stop_reading(_signal: int, _frame: FrameType | None) -> None:
    """End the reading from outside, as a handler of a signal."""
    raise Enough
