"""What led to an exception; without Django, for health checks that run often."""

from collections.abc import Iterator


def led_to(error: BaseException | None) -> Iterator[BaseException]:
    """Yield the exception, and those before it that led to it."""
    met = set()
    while error is not None and id(error) not in met:
        met.add(id(error))
        yield error
        error = error.__cause__ or error.__context__
