"""Teams of the extensions, on which rights to calls depend."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kikimori_dashboard.access.roles import AccessTarget

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class ExtensionTeams:
    """Teams by extension, as the directory says; another `version` with each change."""

    def __init__(self) -> None:
        self.version = 0
        self.changed: Callable[[], None] = lambda: None
        """Called after a change."""
        self._teams: Mapping[str, str] = {}

    def replace(self, teams: Mapping[str, str]) -> None:
        if teams != self._teams:
            self._teams = dict(teams)
            self.version += 1
            self.changed()

    def others_than(self, teams: frozenset[str]) -> frozenset[str]:
        """Return the extensions of all other teams."""
        return frozenset(extension for extension, team in self._teams.items() if team not in teams)

    def target(self, extension: str | None) -> AccessTarget:
        """Return the calls of an extension as an object of rights; without one they are of no team."""
        return AccessTarget(
            extension=extension, team=None if extension is None else self._teams.get(extension)
        )
