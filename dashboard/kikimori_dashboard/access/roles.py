"""Rights of the roles: one table role × right × scope, and one function that answers from it. Pure.

HTTP routes, WebSockets and commands all ask `may`; nobody has a right that the table gives to no role.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from kikimori_dashboard.access.who import Principal


class PersonRole(StrEnum):
    """Role of a person; one person may have several, and then the rights of all of them."""

    OPERATOR = "operator"
    SUPERVISOR = "supervisor"
    RECORDS = "records"
    """Consultation desk (相談窓口): incidents, care, recordings."""
    ADMIN = "admin"
    WALL = "wall"
    """Display on a wall."""


class Right(StrEnum):
    """Something that a person may be allowed to do."""

    OWN_PAGE = "own_page"
    """Open the operator's page and follow the call there."""
    WATCH = "watch"
    """Follow calls as the supervisor's page shows them: words, levels, alerts."""
    COMMAND = "command"
    """Hold, transfer and everything else that the PBX is asked to do."""
    ESCALATE = "escalate"
    """Call for help in a call, and take that back."""
    HOLD_UNANSWERED = "hold_unanswered"
    """Put the own customer on hold while nobody answers a call for help, and end that hold."""
    END_CALL = "end_call"
    """Take part in the decision of people to end a call, and carry it out; a supervisor is always among them."""
    STOP_RECORDING = "stop_recording"
    """Have a running call not recorded, and erase what was recorded of it."""
    SEE_MISSED = "see_missed"
    """Take missed alerts off the page."""
    CLAIM = "claim"
    FALSE_ALARM = "false_alarm"
    NOTE = "note"
    """Write a note on a call that others read."""
    LISTEN_LIVE = "listen_live"
    TRANSCRIPT = "transcript"
    """Open a kept transcript."""
    CUSTOMERS = "customers"
    """Read and change the list of customers, and which numbers are one customer's."""
    PLAY = "play"
    EXPORT = "export"
    ERASE = "erase"
    LEGAL_HOLD = "legal_hold"
    INCIDENTS = "incidents"
    CARE = "care"
    DIRECTORY = "directory"
    """Read the names, extensions and teams."""
    PEOPLE = "people"
    """Change people, their roles and superiors."""
    KIOSKS = "kiosks"
    SETTINGS = "settings"
    AUDIT = "audit"
    OWN_RECORD = "own_record"
    """Read what is kept about oneself, and who looked at it."""
    ACCOUNT = "account"
    """Change one's own password, second factor and sessions."""


class Scope(StrEnum):
    """Part of the site for which a role has a right."""

    ALL = "all"
    TEAM = "team"
    """Calls and people of the own team, and those of no team; everything for a person without a team."""
    OWN = "own"
    """Calls on the own extension, things about oneself."""


@dataclass(frozen=True, slots=True)
class AccessTarget:
    """Object of an action: a call by its extension, or a person."""

    extension: str | None = None
    team: str | None = None
    """Team of the extension or the person; None = of none, or not known."""
    person_id: str | None = None


_CALLS_OF_TEAM = (
    Right.WATCH,
    Right.COMMAND,
    Right.ESCALATE,
    Right.END_CALL,
    Right.STOP_RECORDING,
    Right.SEE_MISSED,
    Right.CLAIM,
    Right.FALSE_ALARM,
    Right.NOTE,
)
_EVERYBODY = {Right.ACCOUNT: Scope.OWN, Right.OWN_RECORD: Scope.OWN}

RIGHTS: Mapping[PersonRole, Mapping[Right, Scope]] = {
    PersonRole.OPERATOR: {
        Right.OWN_PAGE: Scope.OWN,
        Right.ESCALATE: Scope.OWN,
        Right.HOLD_UNANSWERED: Scope.OWN,
        Right.END_CALL: Scope.OWN,
        Right.STOP_RECORDING: Scope.OWN,
        **_EVERYBODY,
    },
    PersonRole.SUPERVISOR: {
        **dict.fromkeys(_CALLS_OF_TEAM, Scope.TEAM),
        Right.OWN_PAGE: Scope.TEAM,
        Right.LISTEN_LIVE: Scope.TEAM,
        Right.TRANSCRIPT: Scope.TEAM,
        Right.CUSTOMERS: Scope.ALL,
        Right.DIRECTORY: Scope.ALL,
        **_EVERYBODY,
    },
    PersonRole.RECORDS: {
        Right.INCIDENTS: Scope.ALL,
        Right.CARE: Scope.ALL,
        Right.TRANSCRIPT: Scope.ALL,
        Right.CUSTOMERS: Scope.ALL,
        Right.PLAY: Scope.ALL,
        Right.EXPORT: Scope.ALL,
        Right.LEGAL_HOLD: Scope.ALL,
        Right.ERASE: Scope.ALL,
        Right.AUDIT: Scope.ALL,
        Right.DIRECTORY: Scope.ALL,
        **_EVERYBODY,
    },
    PersonRole.ADMIN: {
        Right.PEOPLE: Scope.ALL,
        Right.DIRECTORY: Scope.ALL,
        Right.KIOSKS: Scope.ALL,
        Right.SETTINGS: Scope.ALL,
        Right.AUDIT: Scope.ALL,
        **_EVERYBODY,
    },
    PersonRole.WALL: {
        Right.WATCH: Scope.ALL,
        **_EVERYBODY,
    },
}
"""The table. A kiosk, which is no person, has the rights of `KIOSK`."""

KIOSK: Mapping[Right, Scope] = dict.fromkeys(
    (Right.OWN_PAGE, Right.ESCALATE, Right.HOLD_UNANSWERED, Right.END_CALL, Right.STOP_RECORDING), Scope.OWN
)


def may(who: Principal, right: Right, target: AccessTarget | None = None) -> bool:
    """Return whether somebody has a right on an object.

    Without an object the answer tells whether they have it on any: enough to open a page, never enough to act.
    """
    return any(_reaches(who, scope, target) for scope in _scopes(who, right))


def widest(who: Principal, right: Right) -> Scope | None:
    """Return the largest scope for which somebody has a right; None when they have it nowhere."""
    scopes = set(_scopes(who, right))
    if Scope.TEAM in scopes and not who.teams:
        return Scope.ALL
    return next((each for each in (Scope.ALL, Scope.TEAM, Scope.OWN) if each in scopes), None)


def _scopes(who: Principal, right: Right) -> Iterable[Scope]:
    if who.kiosk_id is not None and right in KIOSK:
        yield KIOSK[right]
    for role in who.roles:
        if right in RIGHTS[role]:
            yield RIGHTS[role][right]


def _reaches(who: Principal, scope: Scope, target: AccessTarget | None) -> bool:
    if scope is Scope.ALL or target is None:
        return True
    if scope is Scope.TEAM:
        return not who.teams or target.team is None or target.team in who.teams
    return (target.extension is not None and target.extension in who.extensions) or (
        target.person_id is not None and target.person_id == who.person_id
    )
