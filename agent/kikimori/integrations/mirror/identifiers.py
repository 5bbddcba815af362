"""Identifiers of one call on both sides of a PBX, where a PBX passes them on.

Session-ID (RFC 7989, and RFC 7329 before it), the icid-value of P-Charging-Vector (RFC 7315), Cisco-Guid, and headers that
carry the Call-ID of the other side.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kikimori.media.sip.values import parse_parameters

if TYPE_CHECKING:
    from kikimori.media.sip.message import Headers

Identifiers = frozenset[tuple[str, str]]
"""Kind and value."""

CALL_ID = "call-id"

_CALL_ID_HEADERS = ("x-cid", "x-call-id", "x-callid", "x-original-call-id", "x-correlation-id")
_OTHERS = ("cisco-guid", "x-genesys-calluuid", "x-broadworks-correlation-info")
_MOST = 256


def identifiers(headers: Headers) -> Identifiers:
    """Return the identifiers of the call in an INVITE, its own Call-ID among them."""
    found = {(CALL_ID, (headers.first("call-id") or "").strip())}
    # A header of this kind holds the Call-ID of the side that came first, or a value that both sides have.
    found.update((CALL_ID, value) for name in _CALL_ID_HEADERS if (value := _value(headers, name)))
    found.update((name, value) for name in _OTHERS if (value := _value(headers, name)))
    session, parameters = parse_parameters(headers.first("session-id") or "")
    # Who passes a call on puts its own end first and the other one in `remote`.
    for value in (session, parameters.get("remote", "")):
        if value.strip(" 0"):
            found.add(("session-id", value.strip().lower()[:_MOST]))
    icid = parse_parameters(headers.first("p-charging-vector") or "")
    for value in (
        icid[1].get("icid-value", ""),
        icid[0].partition("=")[2] if "icid-value" in icid[0] else "",
    ):
        if value.strip('" '):
            found.add(("icid", value.strip('" ').lower()[:_MOST]))
    return frozenset(found)


def _value(headers: Headers, name: str) -> str:
    return (headers.first(name) or "").strip()[:_MOST]
