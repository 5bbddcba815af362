"""From a captured frame to its IP packet: Ethernet with any VLAN tags, Linux cooked capture, raw IP. Without sockets.

Numbers are those of https://www.tcpdump.org/linktypes.html .
"""

from __future__ import annotations

from struct import Struct

NULL = 0
ETHERNET = 1
RAW_BSD = 12
RAW_OPENBSD = 14
RAW = 101
LOOP = 108
LINUX_SLL = 113
IPV4 = 228
IPV6 = 229
LINUX_SLL2 = 276

KNOWN = frozenset({NULL, ETHERNET, RAW_BSD, RAW_OPENBSD, RAW, LOOP, LINUX_SLL, IPV4, IPV6, LINUX_SLL2})

_TYPE = Struct("!H")
_IP = (0x0800, 0x86DD)
_TAGS = (0x8100, 0x88A8, 0x9100, 0x9200)
_PPPOE = 0x8864
_PPP_IP = (0x0021, 0x0057)

MOST_TAGS = 4


def ip_offset(link_type: int, frame: bytes) -> int | None:
    """Return where the IP packet begins; None when the frame carries none, or is cut off before it."""
    if link_type == ETHERNET:
        return _after_type(frame, 12)
    if link_type == LINUX_SLL:
        return _after_type(frame, 14)
    if link_type == LINUX_SLL2:
        return 20 if len(frame) > 20 and _TYPE.unpack_from(frame)[0] in _IP else None
    if link_type in (NULL, LOOP):
        return 4 if len(frame) > 4 else None
    return 0 if frame and link_type in KNOWN else None


def _after_type(frame: bytes, at: int) -> int | None:
    """`at`: where the EtherType stands."""
    for _ in range(MOST_TAGS + 1):
        if len(frame) < at + 3:
            return None
        kind = _TYPE.unpack_from(frame, at)[0]
        if kind in _IP:
            return at + 2
        if kind == _PPPOE:
            # Six bytes of PPPoE, then the PPP protocol.
            inner = at + 8
            return (
                inner + 2
                if len(frame) > inner + 2 and _TYPE.unpack_from(frame, inner)[0] in _PPP_IP
                else None
            )
        if kind not in _TAGS:
            return None
        at += 4
    return None
