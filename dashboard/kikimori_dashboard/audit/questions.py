"""Questions to the audit as an address asks them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kikimori_dashboard.access.asked import BadQuestionError, asked_number, asked_time
from kikimori_records.audit.queries import AboutPerson, AuditFilter

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kikimori_dashboard.access.who import Principal

MOST_TEXT = 200
HIGHEST = 2**31 - 1
"""Largest number of an entry that the database can hold."""


def asked_filter(query: Mapping[str, str], zone: str) -> AuditFilter:
    """Return the filter of an address; raises BadQuestionError."""
    return AuditFilter(
        since=asked_time(query.get("since", ""), zone),
        until=asked_time(query.get("until", ""), zone),
        actor=_text(query, "person"),
        action=_text(query, "action"),
        object_id=_text(query, "object"),
        outcome=_text(query, "outcome"),
    )


def asked_before(query: Mapping[str, str]) -> int | None:
    """Return the number below which entries are wanted; raises BadQuestionError."""
    given = query.get("before", "")
    return asked_number(given, 0, HIGHEST) if given else None


def about(who: Principal) -> AboutPerson:
    """Return somebody who is signed in, as the object of entries."""
    return AboutPerson(who.person_id or "", who.extensions, next(iter(who.teams), None))


def _text(query: Mapping[str, str], name: str) -> str:
    found = query.get(name, "").strip()
    # No database takes either in a question.
    if len(found) > MOST_TEXT or "\0" in found or not _is_text(found):
        raise BadQuestionError
    return found


def _is_text(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
