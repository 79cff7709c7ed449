"""Where Django's `{% cache %}` keeps the parts of pages that are the same for everybody."""

from typing import Any

from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache

MOST = 1_000  # parts; some kilobytes each


class FragmentCache(BaseCache):
    """The process's own memory, without what Django's does on each reading.

    That one locks, looks at the key letter by letter and unpickles, which takes as long as
    many a part takes to be written anew. Strings need none of it. Nothing here ends by time: a
    part is named by the revision of what it shows. When there are MOST, all are forgotten.
    """

    def __init__(self, _location: str, params: dict[str, Any]) -> None:
        super().__init__(params)
        self._parts: dict[str, str] = {}

    def get(self, key: str, default: Any = None, version: int | None = None) -> Any:
        del version
        return self._parts.get(key, default)

    def set(
        self,
        key: str,
        value: str,
        timeout: float | None = DEFAULT_TIMEOUT,
        version: int | None = None,
    ) -> None:
        del timeout, version
        if len(self._parts) >= MOST:
            self._parts.clear()
        self._parts[key] = value

    def clear(self) -> None:
        self._parts.clear()
