"""People and kiosks as this process knows them, so that open sessions go on while the database is away."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kikimori_dashboard.access.roles import PersonRole
from kikimori_dashboard.access.who import Principal
from kikimori_records.people import list_people
from kikimori_records.sessions.confirmed import kiosk_names

if TYPE_CHECKING:
    from kikimori_dashboard.access.extension_teams import ExtensionTeams
    from kikimori_records.people import Person
    from kikimori_records.sessions import Session
    from kikimori_records.store import Store


class PeopleBook:
    """Everybody of the office by id."""

    def __init__(self, teams: ExtensionTeams, *, second_factor: frozenset[PersonRole] = frozenset()) -> None:
        """Begin with nobody known.

        Args:
            teams: Kept as the people's teams and extensions are.
            second_factor: Roles whose people need one.
        """
        self._teams = teams
        self._second_factor = second_factor
        self._people: dict[str, Person] = {}
        self._kiosks: dict[str, tuple[str, str]] = {}

    async def read(self, store: Store) -> None:
        """Read everybody anew."""
        self._people = {each.id: each for each in await list_people(store)}
        self._kiosks = await kiosk_names(store)
        self._teams.replace(
            {
                extension: each.team
                for each in self._people.values()
                if each.team is not None
                for extension in each.extensions
            }
        )

    def who(self, person_id: str | None, kiosk_id: str | None, session_id: str) -> Principal | None:
        """Return somebody as the rights are asked of them; None where they were disabled or revoked."""
        if kiosk_id is not None:
            kiosk = self._kiosks.get(kiosk_id)
            return None if kiosk is None else who_of_kiosk(kiosk_id, *kiosk, session_id=session_id)
        person = self._people.get(person_id or "")
        return None if person is None else who_of(person, session_id, second_factor=self._second_factor)

    def people(self) -> list[Principal]:
        """Return all persons as the rights are asked of them."""
        return [who_of(each) for each in self._people.values()]

    def supervisors_of(self, team: str) -> list[str]:
        """Return the ids of a team's supervisors."""
        return [
            each.id
            for each in self._people.values()
            if each.team == team and PersonRole.SUPERVISOR in each.roles
        ]

    def who_has(self, session: Session) -> Principal | None:
        return self.who(session.person_id, session.kiosk_id, session.token_hash)


def who_of(
    person: Person, session_id: str = "", *, second_factor: frozenset[PersonRole] = frozenset()
) -> Principal:
    """Return a person as the rights are asked of them. A role that this version does not know gives none."""
    known = {each.value for each in PersonRole}
    roles = frozenset(PersonRole(each) for each in person.roles if each in known)
    return Principal(
        name=person.name,
        roles=roles,
        extensions=person.extensions,
        teams=frozenset() if person.team is None else frozenset((person.team,)),
        person_id=person.id,
        session_id=session_id,
        must_change=person.must_change,
        must_enroll=bool(second_factor & roles) and person.totp_secret is None,
    )


def who_of_kiosk(kiosk_id: str, name: str, extension: str, *, session_id: str = "") -> Principal:
    """Return an operator's PC as the rights are asked of it: the calls of its extension, and no person."""
    return Principal(
        name=name or f"operator {extension}",
        extensions=frozenset((extension,)),
        kiosk_id=kiosk_id,
        session_id=session_id,
    )
