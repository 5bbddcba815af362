"""Caller and callee from SIP headers, and the caller's wish for privacy.

RFC 3323 (Privacy), RFC 3325 (P-Asserted-Identity), RFC 3966 (numbers). Japanese carriers say why a number is not told by
the display name (TTC JJ-90.30): `Anonymous`, `Coin line/payphone`, `Unavailable`, `Interaction with other service`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kikimori.media.sip.message import SipError
from kikimori.media.sip.values import parse_address, parse_uri, plain_number
from kikimori.taps.sides import Endpoint
from kikimori.taps.withheld import reason_of, reason_of_user

if TYPE_CHECKING:
    from kikimori.media.sip.message import Headers

_NO_CALLER = frozenset({"", "unknown"})
_PRIVATE = frozenset({"id", "user", "header", "critical"})
_PRIVATE_REMOTE = frozenset({"full", "uri"})


def called_party(text: str) -> Endpoint:
    """Read To; raises `SipError`."""
    address = parse_address(text)
    uri = parse_uri(address.uri)
    name = f"{uri.user}@{uri.host}" if uri.host else uri.user
    return Endpoint(name=name, number=plain_number(uri.user), display=address.display)


def caller_of(headers: Headers) -> Endpoint:
    """Return the caller, as the network asserts it where the telephone does not say.

    Its number is kept also where it is withheld, to know the same caller again; it must then never be shown.

    Raises:
        SipError: From cannot be read.
    """
    said = called_party(headers.first("from") or "")
    asserted = _asserted(headers)
    private = _wants_privacy(headers)
    reasons = [
        reason_of(said.display),
        reason_of(asserted.display) if asserted else "",
        reason_of_user(said.name),
    ]
    named = not private and not any(reasons[:2]) and not said.name.lower().endswith(".invalid")
    number, display = said.number, said.display
    if reasons[2] or number.lower() in _NO_CALLER:
        number = ""
    if not number and asserted is not None and not reason_of_user(asserted.name):
        number, display = asserted.number, asserted.display or said.display
    if number and named:
        # The network's word is the caller's where nobody asks for privacy.
        return Endpoint(name=said.name, number=number, display=display)
    reasons.append(reason_of_user(asserted.name) if asserted is not None else "")
    withheld = [each for each in (*reasons, "anonymous" if private else "") if each]
    # Everybody who is not named is anonymous; anything else says more.
    why = next((each for each in withheld if each != "anonymous"), withheld[0] if withheld else "")
    return Endpoint(name=said.name, number=number, display=display, withheld=why)


def _asserted(headers: Headers) -> Endpoint | None:
    """Return the first asserted identity with a number, else the first one."""
    found = []
    for value in headers.values("p-asserted-identity"):
        try:
            found.append(called_party(value))
        except SipError:
            continue
    with_number = (each for each in found if each.number.strip("+").isdecimal())
    return next(with_number, found[0] if found else None)


def _wants_privacy(headers: Headers) -> bool:
    words = {
        word.strip().lower()
        for value in headers.each("privacy")
        for part in value.split(",")
        for word in part.split(";")
    }
    if words & _PRIVATE and "none" not in words:
        return True
    for value in headers.each("remote-party-id"):
        try:
            parameters = parse_address(value).parameters
        except SipError:
            continue
        if parameters.get("privacy", "").lower() in _PRIVATE_REMOTE:
            return True
    return False
