"""What changed since a given version: so that any number of browsers, fast and slow, cost no queue each."""

from __future__ import annotations

from enum import StrEnum


class Part(StrEnum):
    """The parts of the picture; the values are the keys of the messages to browsers."""

    CALLS = "calls"
    LEVELS = "levels"
    ALERTS = "alerts"
    CLOSED = "closed"
    AGENTS = "agents"
    COMMANDS = "commands"
    EXTENSIONS = "extensions"
    SITE = "site"


Key = tuple[Part, str]


class ChangeLog:
    """Remembers for each key when it last changed. Bounded: what is forgotten is answered with None."""

    def __init__(self, limit: int = 4000) -> None:
        self.version = 0
        self._limit = limit
        self._touched: dict[Key, int] = {}
        """Oldest change first."""
        self._forgotten_up_to = 0

    def touch(self, part: Part, name: str = "") -> None:
        self.version += 1
        self._touched.pop((part, name), None)
        self._touched[part, name] = self.version
        if len(self._touched) > self._limit:
            self._forgotten_up_to = self._touched.pop(next(iter(self._touched)))

    def since(self, version: int) -> list[Key] | None:
        """Keys changed after `version`, each once; None when that is too long ago to know."""
        if version < self._forgotten_up_to:
            return None
        changed: list[Key] = []
        for key, at in reversed(self._touched.items()):
            if at <= version:
                break
            changed.append(key)
        return changed
