"""Principal of a request: a person or a kiosk, as the rights are asked of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from aiohttp import web

if TYPE_CHECKING:
    from kikimori_dashboard.access.roles import PersonRole

MOST_ISSUER = 128
"""Most characters of a name in a command."""


@dataclass(frozen=True, slots=True)
class Principal:
    """Person or kiosk with a session, as the rights are asked of it (the principal of access control)."""

    name: str
    roles: frozenset[PersonRole] = frozenset()
    extensions: frozenset[str] = frozenset()
    """Extensions whose calls are their own."""
    teams: frozenset[str] = frozenset()
    """Teams whose calls a supervisor sees; none = all."""
    person_id: str | None = None
    kiosk_id: str | None = None
    session_id: str = ""
    """Hash of the session's token; names the session and opens nothing."""
    must_change: bool = False
    """True = signed in with a password that somebody else set: only the own account is open."""
    must_enroll: bool = False
    """True = without the second factor that this installation asks for with their role: likewise."""

    @property
    def issuer(self) -> str:
        """Return the name that commands carry."""
        return self.name[:MOST_ISSUER]


WHO: web.RequestKey[Principal] = web.RequestKey("who", Principal)
"""Key under which a request carries its sender."""
