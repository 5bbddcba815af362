"""IP packet in a captured frame, behind everything that a switch puts before it. Without sockets.

Ethernet with VLAN tags (802.1Q, QinQ), VN-Tag, E-Tag (802.1BR), provider backbone (802.1ah), Cisco metadata, MPLS
(RFC 3032, with pseudowires of RFC 4448), PPPoE, LLC/SNAP; Linux cooked capture, raw IP. Numbers of link types are those of
https://www.tcpdump.org/linktypes.html .
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
MPLS_LINK = 219
IPV4 = 228
IPV6 = 229
LINUX_SLL2 = 276

KNOWN = frozenset(
    {NULL, ETHERNET, RAW_BSD, RAW_OPENBSD, RAW, LOOP, LINUX_SLL, MPLS_LINK, IPV4, IPV6, LINUX_SLL2}
)

ETHER_IP = (0x0800, 0x86DD)
MPLS = (0x8847, 0x8848)
BRIDGED = 0x6558
"""A whole Ethernet frame follows (GRE, Geneve)."""

_TYPE = Struct("!H")
_PPPOE = 0x8864
_PPP_IP = (0x0021, 0x0057)

_SKIPPED = {
    0x8100: 2,
    0x88A8: 2,
    0x9100: 2,
    0x9200: 2,
    0x9300: 2,
    0x8926: 4,  # VN-Tag
    0x893F: 6,  # E-Tag
    0x8909: 6,  # Cisco metadata (security group tags)
    0x88E7: 16,  # I-Tag, then the customer's addresses
    0x8903: 14,  # FabricPath, then the inner addresses
}
"""Bytes between such an EtherType and the next one."""

TAG_TYPES = frozenset(_SKIPPED)

MOST_LAYERS = 12
_LONGEST_802_3 = 1500
_SNAP = b"\xaa\xaa\x03\0\0\0"


def ip_offset(link_type: int, frame: bytes) -> int | None:
    """Return where the IP packet begins; None when the frame carries none, or is cut off before it."""
    if link_type == ETHERNET:
        return ethernet_payload(frame, 0)
    if link_type == LINUX_SLL:
        return _after_type(frame, 14)
    if link_type == LINUX_SLL2:
        return payload(_TYPE.unpack_from(frame)[0], frame, 20) if len(frame) > 20 else None
    if link_type in (NULL, LOOP):
        return 4 if len(frame) > 4 else None
    if link_type == MPLS_LINK:
        return payload(MPLS[0], frame, 0)
    return 0 if frame and link_type in KNOWN else None


def ethernet_payload(frame: bytes, at: int) -> int | None:
    """Return where the IP packet of an Ethernet frame begins that itself begins at `at`."""
    return _after_type(frame, at + 12)


def payload(kind: int, frame: bytes, at: int) -> int | None:
    """Return where the IP packet begins in what follows an EtherType `kind` at `at`; None when there is none."""
    for _ in range(MOST_LAYERS):
        if len(frame) <= at:
            return None
        if kind in ETHER_IP:
            return at
        if kind in MPLS:
            below = _below_labels(frame, at)
            if below is None or frame[below] >> 4 in (4, 6):
                return below
            # A pseudowire: Ethernet, behind a control word or not (RFC 4448, 4.6).
            at = below + 4 if frame[below] >> 4 == 0 and _is_ethernet(frame, below + 4) else below
            kind = BRIDGED
        elif kind == BRIDGED:
            at += 12
            if len(frame) < at + 2:
                return None
            kind, at = _TYPE.unpack_from(frame, at)[0], at + 2
        elif kind == _PPPOE:
            # Six bytes of PPPoE, then the PPP protocol.
            inner = at + 6
            is_ip = len(frame) > inner + 2 and _TYPE.unpack_from(frame, inner)[0] in _PPP_IP
            return inner + 2 if is_ip else None
        else:
            skipped = _SKIPPED.get(kind)
            if skipped is None and kind <= _LONGEST_802_3 and frame[at : at + 6] == _SNAP:
                skipped = 6
            if skipped is None or len(frame) < at + skipped + 2:
                return None
            at += skipped
            kind, at = _TYPE.unpack_from(frame, at)[0], at + 2
    return None


def _after_type(frame: bytes, at: int) -> int | None:
    """Return where the IP packet begins. `at`: position of the EtherType."""
    if len(frame) < at + 3:
        return None
    kind = _TYPE.unpack_from(frame, at)[0]
    return at + 2 if kind in ETHER_IP else payload(kind, frame, at + 2)


def _below_labels(frame: bytes, at: int) -> int | None:
    """Return what follows the label with the bottom-of-stack bit."""
    for _ in range(MOST_LAYERS):
        if len(frame) <= at + 4:
            return None
        bottom = frame[at + 2] & 1
        at += 4
        if bottom:
            return at
    return None


def _is_ethernet(frame: bytes, at: int) -> bool:
    if len(frame) < at + 15:
        return False
    kind = _TYPE.unpack_from(frame, at + 12)[0]
    return kind in ETHER_IP or kind in MPLS or kind in _SKIPPED or kind == _PPPOE
