"""Kernel filter: UDP, fragments, tunnels, and TCP of SIP, behind up to two VLAN tags, and nothing else.

Of tunnels (MPLS, VN-Tag and the like, GRE, IP in IP) all passes: what is in them is looked at later.

Classic BPF (https://www.kernel.org/doc/Documentation/networking/filter.txt). An office's port may carry everything the
office does; a filter in the kernel costs a fraction of one in Python.
"""

from __future__ import annotations

from struct import pack
from typing import TYPE_CHECKING

from kikimori.integrations.mirror.content import FIRST_WORDS
from kikimori.integrations.mirror.link import MPLS, TAG_TYPES
from kikimori.integrations.mirror.tunnels import PROTOCOLS

if TYPE_CHECKING:
    from collections.abc import Iterable

_LD_H, _LD_B = 0x28, 0x30
_LD_H_INDEX = 0x48
_LD_W_INDEX, _LD_B_INDEX = 0x40, 0x50
_LDX = 0x01
_AND, _SHIFT_RIGHT, _ADD_X, _TAX = 0x54, 0x74, 0x0C, 0x07
_LDX_HEADER = 0xB1
_JEQ, _JSET = 0x15, 0x45
_RETURN = 0x06

ACCEPT = 0x40000
"""Most bytes of a frame that are kept: more than any frame has."""

_V4, _V6 = 0x0800, 0x86DD
_TAGS = (0x8100, 0x88A8, 0x9100)
_LOOKED_INTO = sorted((TAG_TYPES | set(MPLS) | {0x8864}) - set(_TAGS))
_TUNNELS = sorted(PROTOCOLS)
_MOST_TAGS = 2

Instruction = tuple[int, int, int, int]
"""Code, jump if true, jump if false, operand."""


def sip_and_udp(tcp_ports: Iterable[int]) -> list[Instruction]:
    """Return the program for Ethernet frames: TCP of these ports passes; of others, segments with SIP."""
    ports = sorted(set(tcp_ports))
    program: list[_Line] = []
    for tag in range(_MOST_TAGS + 1):
        _one_depth(program, tag, ports, last=tag == _MOST_TAGS)
    return _assemble(program)


def encoded(program: list[Instruction]) -> bytes:
    """Return the program as `struct sock_filter[]`."""
    return b"".join(pack("HBBI", *each) for each in program)


class _Line:
    """Instruction whose jumps are labels; none = the next line."""

    def __init__(self, code: int, operand: int, *, yes: str = "", no: str = "", label: str = "") -> None:
        self.code, self.operand, self.yes, self.no, self.label = code, operand, yes, no, label


def _one_depth(program: list[_Line], tag: int, ports: list[int], *, last: bool) -> None:
    """Append the lines for `tag` VLAN tags. Each block returns itself: jumps reach 255 instructions."""
    kind = 12 + 4 * tag
    ip = kind + 2
    reject = f"reject_{tag}"
    deeper = f"accept_{tag}" if last else f"type_{tag + 1}"
    program.append(_Line(_LD_H, kind, label=f"type_{tag}"))
    program.append(_Line(_JEQ, _V4, yes=f"v4_{tag}"))
    program.append(_Line(_JEQ, _V6, yes=f"v6_{tag}"))
    program += [_Line(_JEQ, each, yes=deeper) for each in _TAGS]
    # Tags beyond the second, which are rare, pass too.
    program += [_Line(_JEQ, each, yes=f"accept_{tag}") for each in _LOOKED_INTO]
    _returns(program, f"accept_{tag}", reject)
    # IPv4: UDP at once; TCP by port, a fragment of TCP is let through.
    accept, reject = f"accept_v4_{tag}", f"reject_v4_{tag}"
    program.append(_Line(_LD_B, ip + 9, label=f"v4_{tag}"))
    program += [_Line(_JEQ, each, yes=accept) for each in (17, *_TUNNELS)]
    program.append(_Line(_JEQ, 6, no=reject))
    program.append(_Line(_LD_H, ip + 6))
    program.append(_Line(_JSET, 0x3FFF, yes=accept))
    program.append(_Line(_LDX_HEADER, ip))
    for side in (0, 2):
        program.append(_Line(_LD_H_INDEX, ip + side))
        program += [_Line(_JEQ, port, yes=accept) for port in ports]
    _sip_over_tcp(program, ip, accept)
    _returns(program, accept, reject)
    # IPv6: UDP, fragments and other headers at once; TCP by port.
    accept, reject = f"accept_v6_{tag}", f"reject_v6_{tag}"
    program.append(_Line(_LD_B, ip + 6, label=f"v6_{tag}"))
    program += [_Line(_JEQ, each, yes=accept) for each in (17, 44, 0, 43, 60, *_TUNNELS)]
    program.append(_Line(_JEQ, 6, no=reject))
    for side in (0, 2):
        program.append(_Line(_LD_H, ip + 40 + side))
        program += [_Line(_JEQ, port, yes=accept) for port in ports]
    program.append(_Line(_LDX, 40))
    _sip_over_tcp(program, ip, accept)
    _returns(program, accept, reject)


def _sip_over_tcp(program: list[_Line], ip: int, accept: str) -> None:
    """Append the acceptance of a segment that begins SIP. The index register holds the IP header's length."""
    program.append(_Line(_LD_B_INDEX, ip + 12))
    program.append(_Line(_AND, 0xF0))
    program.append(_Line(_SHIFT_RIGHT, 2))
    program.append(_Line(_ADD_X, 0))
    program.append(_Line(_TAX, 0))
    # Beyond the end of the packet the kernel drops it.
    program.append(_Line(_LD_W_INDEX, ip))
    program += [_Line(_JEQ, int.from_bytes(each), yes=accept) for each in FIRST_WORDS]


def _returns(program: list[_Line], accept: str, reject: str) -> None:
    program.append(_Line(_RETURN, 0, label=reject))
    program.append(_Line(_RETURN, ACCEPT, label=accept))


def _assemble(program: list[_Line]) -> list[Instruction]:
    places = {line.label: at for at, line in enumerate(program) if line.label}

    def jump(at: int, label: str) -> int:
        return places[label] - at - 1 if label else 0

    return [
        (line.code, jump(at, line.yes), jump(at, line.no), line.operand) for at, line in enumerate(program)
    ]
