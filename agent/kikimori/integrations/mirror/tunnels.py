"""Removal of the tunnels that a mirror across a network puts around each packet. Pure; RFC 791 to 8926.

By IP protocol: GRE (RFC 2784, 2890; PPTP's of RFC 2637) with ERSPAN I, II and III (draft-foschiano-erspan-03), IP in IP
(RFC 2003, 4213), MPLS (RFC 4023), EtherIP (RFC 3378), AH (RFC 4302). By UDP: VXLAN (RFC 7348) and VXLAN-GPE, Geneve
(RFC 8926), TZSP, GRE (RFC 8086) and MPLS (RFC 7510). Each may hold another.
"""

from __future__ import annotations

from struct import Struct

from kikimori.integrations.mirror.link import BRIDGED, MPLS, ethernet_payload, payload

IP_IN_IP, IPV6_IN_IP, GRE, AH, ETHER_IN_IP, MPLS_IN_IP = 4, 41, 47, 51, 97, 137
PROTOCOLS = frozenset({IP_IN_IP, IPV6_IN_IP, GRE, AH, ETHER_IN_IP, MPLS_IN_IP})
"""IP protocols that are looked into."""

VXLAN_PORTS = (4789, 8472)
VXLAN_GPE_PORT = 4790
GENEVE_PORT = 6081
TZSP_PORT = 37008
GRE_PORT = 4754
MPLS_PORT = 6635

PORTS = frozenset({*VXLAN_PORTS, VXLAN_GPE_PORT, GENEVE_PORT, TZSP_PORT, GRE_PORT, MPLS_PORT})

MOST_TUNNELS = 8
"""Most tunnels inside each other."""

_PAIR = Struct("!HH")
_TYPE = Struct("!H")
_PPP, _ERSPAN, _ERSPAN_III = 0x880B, 0x88BE, 0x22EB
_PPP_IP = (0x0021, 0x0057)
_CHECKSUM, _ROUTING, _KEY, _SEQUENCE, _ACKNOWLEDGE = 0x8000, 0x4000, 0x2000, 0x1000, 0x0080
_GPE = {1: 0x0800, 2: 0x86DD, 3: BRIDGED, 5: MPLS[0]}
_TZSP_ETHERNET = 1

Found = tuple[str, int]
"""Name of what was taken off, and where the inner IP packet begins."""


def of_protocol(protocol: int, data: bytes, at: int, end: int) -> Found | None:
    """Look into what an IP packet of `protocol` carries from `at` to `end`; None when it is not understood."""
    if protocol in (IP_IN_IP, IPV6_IN_IP):
        return _found("ipip", _ip(data, at))
    if protocol == GRE:
        return _gre(data, at, end)
    if protocol == MPLS_IN_IP:
        return _found("mpls", payload(MPLS[0], data, at))
    if protocol == ETHER_IN_IP:
        return _found("etherip", ethernet_payload(data, at + 2))
    if protocol == AH and end >= at + 8:
        inner = at + (data[at + 1] + 2) * 4
        if data[at] in PROTOCOLS - {AH}:
            return of_protocol(data[at], data, inner, end)
    return None


def of_udp(source: int, target: int, data: bytes, at: int, end: int) -> Found | None:
    """Look into a datagram whose payload is from `at` to `end`; None when it is none of these.

    VXLAN is known by its form on any port, as many networks give it another; the others by their port and form.
    """
    if end - at < 8:
        return None
    first = data[at]
    if first == 0x08 or target in VXLAN_PORTS:
        # Without its flag from some senders.
        return _vxlan(data, at, known=target in VXLAN_PORTS)
    if target == VXLAN_GPE_PORT:
        kind = _GPE.get(data[at + 3]) if first & 0x04 else BRIDGED
        return None if kind is None else _found("vxlan", _checked(kind, data, at + 8))
    if target == GENEVE_PORT:
        return _geneve(data, at)
    if TZSP_PORT in (target, source):
        return _tzsp(data, at, end)
    if target == GRE_PORT:
        return _gre(data, at, end)
    if target == MPLS_PORT:
        inner = _checked(MPLS[0], data, at)
        # Labels look like anything: only a packet that fits is one.
        return _found("mpls", inner) if inner is not None and _fits(data, inner, end) else None
    return None


def _gre(data: bytes, at: int, end: int) -> Found | None:
    if end < at + 4:
        return None
    flags, kind = _PAIR.unpack_from(data, at)
    version = flags & 0x07
    at += 4
    if flags & (_CHECKSUM | _ROUTING):
        at += 4
    if flags & _KEY:
        at += 4
    if flags & _SEQUENCE:
        at += 4
    if version == 1 and flags & _ACKNOWLEDGE:
        at += 4
    if version > 1:
        return None
    if flags & _ROUTING:
        routed = _after_routes(data, at, end)
        if routed is None:
            return None
        at = routed
    if kind in (_ERSPAN, _ERSPAN_III):
        return _erspan(data, at, end, numbered=bool(flags & _SEQUENCE))
    if kind == _PPP:
        return _found("gre", _ppp(data, at, end))
    return _found("gre", payload(kind, data, at))


def _after_routes(data: bytes, at: int, end: int) -> int | None:
    """Skip the source routes of RFC 1701."""
    while at + 4 <= end:
        family, length = _TYPE.unpack_from(data, at)[0], data[at + 3]
        at += 4 + length
        if not family and not length:
            return at
    return None


def _erspan(data: bytes, at: int, end: int, *, numbered: bool) -> Found | None:
    """Remove ERSPAN: type I without a header, II with 8 bytes, III with 12 or 20; versions may be wrong."""
    version = data[at] >> 4 if at < end else -1
    if version == 2 and end >= at + 12:
        inner = at + (20 if data[at + 11] & 1 else 12)
        # Frame type 2 is a bare IP packet.
        of_ip = data[at + 10] >> 2 & 0x1F == 2
        found = _ip(data, inner) if of_ip else _checked(BRIDGED, data, inner)
        if found is not None:
            return "erspan", found
    steps = (8, 0) if numbered or version == 1 else (0, 8)
    for step in steps:
        found = _checked(BRIDGED, data, at + step)
        if found is not None:
            return "erspan", found
    return None


def _ppp(data: bytes, at: int, end: int) -> int | None:
    if data[at : at + 2] == b"\xff\x03":
        at += 2
    if at + 2 > end:
        return None
    if data[at] & 1:
        return at + 1 if data[at] in _PPP_IP else None
    return at + 2 if _TYPE.unpack_from(data, at)[0] in _PPP_IP else None


def _vxlan(data: bytes, at: int, *, known: bool) -> Found | None:
    if not known and (data[at + 1 : at + 4] != b"\0\0\0" or data[at + 7]):
        return None
    return _found("vxlan", _checked(BRIDGED, data, at + 8))


def _geneve(data: bytes, at: int) -> Found | None:
    if data[at] >> 6:
        return None
    options = (data[at] & 0x3F) * 4
    return _found("geneve", _checked(_TYPE.unpack_from(data, at + 2)[0], data, at + 8 + options))


def _tzsp(data: bytes, at: int, end: int) -> Found | None:
    version, _, kind = Struct("!BBH").unpack_from(data, at)
    if version != 1 or kind != _TZSP_ETHERNET:
        return None
    at += 4
    while at < end:
        tag = data[at]
        at += 1
        if tag == 1:
            return _found("tzsp", _checked(BRIDGED, data, at))
        if tag:
            if at >= end:
                return None
            at += 1 + data[at]
    return None


def _checked(kind: int, data: bytes, at: int) -> int | None:
    """Return what `payload` does, if an IP header follows: other bytes may only look like a tunnel."""
    inner = payload(kind, data, at)
    return None if inner is None else _ip(data, inner)


def _ip(data: bytes, at: int) -> int | None:
    """Return `at` when an IP header may begin there."""
    if at + 20 > len(data):
        return None
    if data[at] >> 4 == 4:
        return at if data[at] & 0x0F >= 5 else None
    return at if data[at] >> 4 == 6 and at + 40 <= len(data) else None


def _fits(data: bytes, at: int, end: int) -> bool:
    """Return whether an IP packet ends where its datagram does."""
    length: int = _TYPE.unpack_from(data, at + 2)[0]
    if data[at] >> 4 == 6:
        length = _TYPE.unpack_from(data, at + 4)[0] + 40
    return length == end - at


def _found(name: str, at: int | None) -> Found | None:
    return None if at is None else (name, at)
