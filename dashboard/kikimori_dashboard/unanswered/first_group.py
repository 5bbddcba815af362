"""Supervisors whose pages ring first for a call: those of its own team, while one of them has a page open."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kikimori_dashboard.access.people_book import PeopleBook
    from kikimori_dashboard.live.live import Live
    from kikimori_dashboard.live.sights import Sights


def first_group(sights: Sights, live: Live, people: PeopleBook, extension: str | None) -> str | None:
    """Return the team whose pages ring first for an extension's call; None = all pages at once."""
    team = sights.target(extension).team
    if team is None:
        return None
    return team if any(live.watching(each) for each in people.supervisors_of(team)) else None
