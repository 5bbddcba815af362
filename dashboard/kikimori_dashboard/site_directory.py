"""The directory as the pages show it. Pure: no clock, no database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kikimori_dashboard.changes import PicturePart

if TYPE_CHECKING:
    from kikimori_dashboard.changes import ChangeLog


class SiteDirectory:
    """Superiors in their order, and what else supervisors see of the people."""

    def __init__(self, changes: ChangeLog) -> None:
        self.superiors: list[dict[str, Any]] = []
        """`id`, `name`, `number`, `open` and `person_id` of each; empty = the agents' own configuration counts."""
        self.own_roles: list[dict[str, Any]] = []
        """`name`, `added` and `at` of people who gave themselves a role lately."""
        self.names_people = False
        """True = operators are in the directory: one who is not known is worth a word."""
        self._changes = changes

    def show(
        self, superiors: list[dict[str, Any]], own_roles: list[dict[str, Any]], *, names_people: bool
    ) -> bool:
        """Show this from now on; False when it is shown already."""
        before = self.superiors, self.own_roles, self.names_people
        if before == (superiors, own_roles, names_people):
            return False
        self.superiors, self.own_roles, self.names_people = superiors, own_roles, names_people
        self._changes.touch(PicturePart.SITE)
        return True
