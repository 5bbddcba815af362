"""The structured values of SIP headers: URIs, addresses, Via, CSeq. Source: RFC 3261, sections 19 and 20."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import unquote

from kikimori.media.sip.message import SipError, split_outside
from kikimori.media.sip.text import words_of

_CSEQ = re.compile(r"([0-9]{1,10})\s+([A-Za-z0-9.!%*_+`'~-]{1,64})")
_VIA = re.compile(r"SIP\s*/\s*2\.0\s*/\s*([A-Za-z0-9-]{1,16})\s+(.+)", re.IGNORECASE | re.DOTALL)
_NUMBER = re.compile(r"\+?[0-9*#]+")
_NO_SEPARATORS = str.maketrans("", "", "-.() ")
_HOST_PORT = re.compile(r"(\[[0-9A-Fa-f:.%]{2,64}\]|[A-Za-z0-9._-]{1,255})(?:\s*:\s*([0-9]{1,5}))?")

Parameters = dict[str, str]
"""Values by name in lower case; a parameter without a value is the empty string."""


@dataclass(frozen=True, slots=True)
class Uri:
    """`sip:user@host:port;parameters` or `tel:number`."""

    scheme: str
    user: str
    """Decoded; without parameters of its own; empty when there is none. For `tel:` the number."""
    host: str
    """Without the brackets of an IPv6 address; empty for `tel:`."""
    port: int | None = None
    parameters: Parameters = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Address:
    """From, To, Contact, Route: `"Display" <uri>;parameters`."""

    display: str
    uri: str
    """URI as it stands."""
    parameters: Parameters

    @property
    def tag(self) -> str:
        return self.parameters.get("tag", "")


@dataclass(frozen=True, slots=True)
class Via:
    transport: str
    """Transport in capitals: UDP, TCP, TLS, …"""
    host: str
    port: int | None
    parameters: Parameters

    @property
    def branch(self) -> str:
        return self.parameters.get("branch", "")

    def text(self) -> str:
        where = bracketed(self.host) + (f":{self.port}" if self.port is not None else "")
        return f"SIP/2.0/{self.transport} {where}{parameter_text(self.parameters)}"


def parse_uri(text: str) -> Uri:
    """Read a SIP, SIPS or TEL URI, also one whose scheme was left out (`204@10.0.0.5`), as some SRCs write it.

    Raises:
        SipError: `bad_uri`.
    """
    text = text.strip()
    scheme, colon, rest = text.partition(":")
    if not colon or scheme.lower() not in {"sip", "sips", "tel"}:
        scheme, rest = "sip", text
    scheme = scheme.lower()
    rest = rest.partition("?")[0]
    if scheme == "tel":
        number, *parameters = rest.split(";")
        return Uri("tel", unquote(number.strip()), "", None, _parameters(parameters))
    user, at, where = rest.rpartition("@")
    host_port, *parameters = where.split(";")
    found = _HOST_PORT.fullmatch(host_port.strip())
    if not found:
        raise SipError("bad_uri")
    # Without the name-parameters of a user: `+815000000000;phone-context=…@host`.
    name = unquote(user.partition(";")[0].partition(":")[0]) if at else ""
    return Uri(scheme, name, found[1].strip("[]"), _port(found[2]), _parameters(parameters))


def plain_number(text: str) -> str:
    """Return a telephone number without the separators that only please the eye (RFC 3966, 5.1.1); other text as it is."""
    plain = text.translate(_NO_SEPARATORS)
    return plain if _NUMBER.fullmatch(plain) else text


def parse_address(text: str) -> Address:
    """Read a From, To, Contact or Route value.

    Raises:
        SipError: `bad_address`.
    """
    text = text.strip()
    display = ""
    if "<" in text:
        # Quotes first: a display name may hold "<".
        opening = _outside_quotes(text, "<")
        closing = text.find(">", opening) if opening >= 0 else -1
        if closing < 0:
            raise SipError("bad_address")
        display = words_of(_unquote(text[:opening].strip()))
        uri, rest = text[opening + 1 : closing].strip(), text[closing + 1 :]
    else:
        # Without brackets the parameters are the header's, not the URI's (RFC 3261, 20.10).
        uri, semicolon, rest = text.partition(";")
        uri, rest = uri.strip(), semicolon + rest
    if not uri:
        raise SipError("bad_address")
    return Address(display, uri, _parameters(split_outside(rest, ";")))


def parse_via(text: str) -> Via:
    """Read one Via value.

    Raises:
        SipError: `bad_via`.
    """
    found = _VIA.fullmatch(text.strip())
    if not found:
        raise SipError("bad_via")
    where, *parameters = split_outside(found[2], ";") or [""]
    host_port = _HOST_PORT.fullmatch(where)
    if not host_port:
        raise SipError("bad_via")
    port = _port(host_port[2], reason="bad_via")
    return Via(found[1].upper(), host_port[1].strip("[]"), port, _parameters(parameters))


def parse_cseq(text: str) -> tuple[int, str]:
    """Read `314 INVITE`.

    Raises:
        SipError: `bad_cseq`.
    """
    found = _CSEQ.fullmatch(text.strip())
    if not found or int(found[1]) >= 2**31:
        raise SipError("bad_cseq")
    return int(found[1]), found[2].upper()


def parse_parameters(text: str) -> tuple[str, Parameters]:
    """Split `value;name=x;flag` (Content-Type, Session-Expires, …) into the value and its parameters."""
    value, *parameters = split_outside(text, ";") or [""]
    return value, _parameters(parameters)


def parameter_text(parameters: Parameters) -> str:
    return "".join(f";{name}={value}" if value else f";{name}" for name, value in parameters.items())


def bracketed(host: str) -> str:
    """A host as it stands in a URI: IPv6 in brackets."""
    return f"[{host}]" if ":" in host else host


def _parameters(parts: list[str]) -> Parameters:
    found: Parameters = {}
    for part in parts:
        name, _, value = part.partition("=")
        name = name.strip().lower()
        if name and name not in found:
            found[name] = _unquote(value.strip())
    return found


def _port(text: str | None, reason: str = "bad_uri") -> int | None:
    if text is None:
        return None
    port = int(text)
    if not 0 < port < 65536:
        raise SipError(reason)
    return port


def _outside_quotes(text: str, letter: str) -> int:
    quoted = escaped = False
    for at, each in enumerate(text):
        if escaped:
            escaped = False
        elif quoted:
            escaped = each == "\\"
            quoted = each != '"'
        elif each == '"':
            quoted = True
        elif each == letter:
            return at
    return -1


def _unquote(text: str) -> str:
    if len(text) >= 2 and text[0] == text[-1] == '"':
        return re.sub(r"\\(.)", r"\1", text[1:-1])
    return text
