"""HTTP route of the seating plan: extensions with team, queue and seat, for the supervisor's page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiohttp import web

from kikimori_dashboard.access.answering import answering
from kikimori_dashboard.access.roles import Right
from kikimori_dashboard.access.rules import add_route, needs
from kikimori_records.people import list_people

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kikimori_records.people import Person
    from kikimori_records.store import Store


class SeatingPlanRoutes:
    """The route `/api/seating-plan`."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add_to(self, app: web.Application) -> None:
        add_route(app, "GET", "/api/seating-plan", answering(self._seats), needs(Right.DIRECTORY))

    async def _seats(self, _request: web.Request) -> web.Response:
        """Return the extensions of the directory with team, queue and seat, in the order of the seats."""
        return web.json_response({"seats": seats_of(await list_people(self._store))})


def seats_of(people: Iterable[Person]) -> list[dict[str, Any]]:
    """Return each extension once; of several people who share one, the first who has a seat tells it, and no name stands there."""
    found: dict[str, dict[str, Any]] = {}
    for person in sorted(people, key=lambda each: (each.seat_row is None, each.name)):
        for extension in person.extensions:
            if extension in found:
                found[extension]["name"] = None
                continue
            found[extension] = {
                "extension": extension,
                "name": person.name,
                "team": person.team,
                "queue": person.queue,
                "row": person.seat_row,
                "column": person.seat_column,
            }
    return sorted(found.values(), key=_place)


def _place(seat: dict[str, Any]) -> tuple[bool, int, int, int, str]:
    extension = str(seat["extension"])
    return (seat["row"] is None, seat["row"] or 0, seat["column"] or 0, len(extension), extension)
