"""The directory as the pages show it. Pure: no clock, no database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kikimori_dashboard.site.changes import PicturePart

if TYPE_CHECKING:
    from kikimori_dashboard.site.changes import ChangeLog


class SiteDirectory:
    """Superiors in their order, and what else supervisors see of the people."""

    def __init__(self, changes: ChangeLog) -> None:
        self.superiors: list[dict[str, Any]] = []
        """`id`, `name`, `number`, `open` and `person_id` of each; empty = the agents' own configuration counts."""
        self.help: dict[str, str | None] | None = None
        """`name` of the superior whom a call for help would ring now, None outside all hours, and `opens_at`, when the first is
        back; None as a whole = the agents' own configuration counts."""
        self.own_roles: list[dict[str, Any]] = []
        """`name`, `added` and `at` of people who gave themselves a role lately."""
        self.names_people = False
        """True = operators are in the directory: one who is not known is worth a word."""
        self._changes = changes

    def show(
        self,
        superiors: list[dict[str, Any]],
        own_roles: list[dict[str, Any]],
        *,
        names_people: bool,
        help_: dict[str, str | None] | None = None,
    ) -> bool:
        """Show this from now on; False when it is shown already."""
        before = self.superiors, self.own_roles, self.names_people, self.help
        if before == (superiors, own_roles, names_people, help_):
            return False
        self.superiors, self.own_roles, self.names_people, self.help = (
            superiors,
            own_roles,
            names_people,
            help_,
        )
        self._changes.touch(PicturePart.SITE)
        return True
