"""Files in two stores while they are moved from one to the other (`manage.py move_files`)."""

from collections.abc import Callable
from datetime import datetime
from typing import IO, Any, TypeVar

from django.core.files.base import File
from django.core.files.storage import Storage, storages
from django.utils.deconstruct import deconstructible

Found = TypeVar("Found")


@deconstructible
class TwoStores(Storage):
    """New files go into `first`, an alias in STORAGES; what is not there is looked for in `second`.

    Whatever can raise FileNotFoundError asks `first` once more in the end: a file may have been
    moved there meanwhile. A file is deleted in `second` first: whoever moves it looks there after
    copying it, and takes the copy back.
    """

    def __init__(self, *, first: str, second: str) -> None:
        self._names = first, second

    @property
    def first(self) -> Storage:
        return storages[self._names[0]]

    @property
    def second(self) -> Storage:
        return storages[self._names[1]]

    def save(self, name: str | None, content: IO[Any], max_length: int | None = None) -> str:
        return self.first.save(name, content, max_length)

    def open(self, name: str, mode: str = "rb") -> File:
        return self._where_it_is(lambda store: store.open(name, mode))

    def size(self, name: str) -> int:
        return self._where_it_is(lambda store: store.size(name))

    def get_modified_time(self, name: str) -> datetime:
        return self._where_it_is(lambda store: store.get_modified_time(name))

    def _where_it_is(self, ask: Callable[[Storage], Found]) -> Found:
        for store in (self.first, self.second):
            try:
                return ask(store)
            except FileNotFoundError:
                continue
        return ask(self.first)

    def exists(self, name: str) -> bool:
        return any(store.exists(name) for store in (self.first, self.second, self.first))

    def delete(self, name: str) -> None:
        self.second.delete(name)
        self.first.delete(name)

    def listdir(self, path: str) -> tuple[list[str], list[str]]:
        """Return what either has. Raises what the first raises; NotListed of the second, too."""
        folders, files = set(), set()
        for store in (self.first, self.second):
            try:
                found = store.listdir(path)
            except FileNotFoundError:
                continue
            folders.update(found[0])
            files.update(found[1])
        return sorted(folders), sorted(files)

    def url(self, name: str | None) -> str:
        """Refuse: views send files to those who may have them."""
        raise NotImplementedError("files have no address")
