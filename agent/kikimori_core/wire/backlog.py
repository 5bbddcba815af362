"""Messages that wait to be read, without loss: beyond a limit the socket is not read until there is room."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

FULL_AT = 10_000
ROOM_AT = 5_000

T = TypeVar("T")


class Backlog(asyncio.Queue[T]):
    """Queue that has its source stopped while it is full. `stop` and `go_on` must be set before anything is put."""

    stop: Callable[[], None]
    go_on: Callable[[], None]
    stopped = False

    def _put(self, item: T) -> None:
        super()._put(item)
        if not self.stopped and self.qsize() >= FULL_AT:
            self.stopped = True
            self.stop()

    def _get(self) -> T:
        item = super()._get()
        if self.stopped and self.qsize() <= ROOM_AT:
            self.stopped = False
            self.go_on()
        return item
