"""Changes since a given version, so that any number of browsers, fast and slow, cost no queue each."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable


class PicturePart(StrEnum):
    """The parts of the picture; the values are the keys of the messages to browsers."""

    CALLS = "calls"
    LINES = "lines"
    """A call's transcript; the rest of the call is the same."""
    LEVELS = "levels"
    ALERTS = "alerts"
    CLOSED = "closed"
    MISSED = "missed"
    AGENTS = "agents"
    COMMANDS = "commands"
    EXTENSIONS = "extensions"
    RINGING = "ringing"
    """Calls that no one has answered yet."""
    SITE = "site"


Key = tuple[PicturePart, str]

AT_ONCE = frozenset({PicturePart.ALERTS, PicturePart.COMMANDS})
"""Parts that do not wait for the interval of the pages: somebody waits for them."""

LEAST_GONE = 4000


class ChangeLog:
    """The last change of each key.

    A key that exists is never forgotten, so the log is as large as the picture. Of those that are gone as many are
    kept as exist, and at least `least_gone`; what is forgotten beyond is answered with None.
    """

    def __init__(self, least_gone: int = LEAST_GONE) -> None:
        self.version = 0
        self.at_once = 0
        """Version of the last change of a part of `AT_ONCE`."""
        self.on_gone: list[Callable[[PicturePart, str], None]] = []
        """Called with each key that is gone."""
        self.on_at_once: list[Callable[[PicturePart, str], None]] = []
        """Called with each change that is sent at once."""
        self._least_gone = least_gone
        self._touched: dict[Key, int] = {}
        """Version of the last change, oldest first, with the keys that are gone."""
        self._gone: dict[Key, None] = {}
        """Keys that are gone, the earliest first."""
        self._forgotten_up_to = 0

    def touch(self, part: PicturePart, name: str = "") -> None:
        """Note that a key exists and has changed."""
        self._gone.pop((part, name), None)
        self._note((part, name))

    def touch_all(self, part: PicturePart, names: Iterable[str]) -> None:
        """Note that keys exist and have changed; of a part that is not sent at once."""
        version = self.version
        for name in names:
            key = (part, name)
            version += 1
            self._gone.pop(key, None)
            self._touched.pop(key, None)
            self._touched[key] = version
        self.version = version

    def remove(self, part: PicturePart, name: str) -> None:
        """Note that a key is gone."""
        key = (part, name)
        self._note(key)
        self._gone.pop(key, None)
        self._gone[key] = None
        while len(self._gone) > max(self._least_gone, len(self._touched) - len(self._gone)):
            oldest = next(iter(self._gone))
            del self._gone[oldest]
            self._forgotten_up_to = self._touched.pop(oldest)
        for forget in self.on_gone:
            forget(part, name)

    def _note(self, key: Key) -> None:
        self.version += 1
        self._touched.pop(key, None)
        self._touched[key] = self.version
        if key[0] in AT_ONCE:
            self.at_once = self.version
            for tell in self.on_at_once:
                tell(*key)

    def version_of(self, part: PicturePart, name: str) -> int:
        """Return the version at which a key last changed; 0 for one that never did or is forgotten."""
        return self._touched.get((part, name), 0)

    def since(self, version: int, without: Container[PicturePart] = ()) -> list[Key] | None:
        """Return the keys changed after `version`, each once; None when that is too long ago to know.

        `without`: parts that are left out.
        """
        if version < self._forgotten_up_to:
            return None
        changed: list[Key] = []
        for key, at in reversed(self._touched.items()):
            if at <= version:
                break
            if key[0] not in without:
                changed.append(key)
        return changed
