"""A network interface read through the kernel's ring of packets (AF_PACKET, TPACKET_V3). Linux only.

The kernel fills blocks of a shared ring and hands over whole ones, so that a busy port costs a wake-up per block and
not per packet. Needs CAP_NET_RAW and nothing else. Layout: `linux/if_packet.h`,
https://docs.kernel.org/networking/packet_mmap.html .
"""

from __future__ import annotations

import errno
import fcntl
import mmap
import socket
from ctypes import addressof, create_string_buffer
from struct import Struct, pack
from typing import TYPE_CHECKING

from kikimori.errors import KikimoriError
from kikimori.integrations.mirror.bpf import encoded, sip_and_udp

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

SOL_PACKET = 263
SO_ATTACH_FILTER = 26
PACKET_ADD_MEMBERSHIP = 1
PACKET_RX_RING = 5
PACKET_STATISTICS = 6
PACKET_VERSION = 10
PACKET_MR_PROMISC = 1
PACKET_OUTGOING = 4
TPACKET_V3 = 2
ETH_P_ALL = 3
ARPHRD_ETHER = 1
ARPHRD_LOOPBACK = 772
SIOCGIFHWADDR = 0x8927
SIOCGIFFLAGS = 0x8913
IFF_UP = 1

BLOCK_BYTES = 1 << 18
RETIRE_MS = 20
"""Milliseconds after which a block that is not full is handed over."""

_FRAME_BYTES = 2048
_BLOCK_HEAD = Struct("=IIIII")
_FRAME_HEAD = Struct("=IIIIIIHH")
_FRAME_HEAD_BYTES = 48
_PACKET_TYPE_AT = _FRAME_HEAD_BYTES + 10
_BLOCKS_AT_ONCE = 8


class LiveError(KikimoriError):
    """An interface cannot be listened to."""


class LiveInterface:
    """Frames of one Ethernet interface, in the order in which they came."""

    def __init__(self, interface: str, tcp_ports: Iterable[int], buffer_bytes: int) -> None:
        """Open it, in promiscuous mode: a mirror port gets packets for others.

        Raises:
            LiveError: it is not there, is no Ethernet, or CAP_NET_RAW is missing; with the next step.
        """
        self._interface = interface
        self._blocks = max(2, buffer_bytes // BLOCK_BYTES)
        self._at = 0
        self._outgoing_too = True
        try:
            self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        except OSError as error:
            # A service that systemd keeps to other families of addresses is told that there is no such family.
            if isinstance(error, PermissionError) or error.errno == errno.EAFNOSUPPORT:
                raise no_permission(interface) from error
            raise LiveError.of("mirror_not_listening", interface=interface, reason=error.strerror) from error
        try:
            self._ring = self._set_up(tcp_ports)
        except OSError as error:
            self._socket.close()
            code = f"mirror_not_listening.{_cause(error)}"
            raise LiveError.of(code, interface=interface, reason=error.strerror) from error
        except LiveError:
            self._socket.close()
            raise

    def fileno(self) -> int:
        return self._socket.fileno()

    def read(self, take: Callable[[bytes], None]) -> None:
        """Give the frames of the blocks that are ready to `take`, a few blocks at most."""
        for _ in range(_BLOCKS_AT_ONCE):
            start = self._at * BLOCK_BYTES
            _, _, status, count, first = _BLOCK_HEAD.unpack_from(self._ring, start)
            if not status & 1:
                return
            try:
                self._block(start + first, count, take)
            finally:
                # The block is the kernel's again.
                self._ring[start + 8 : start + 12] = b"\0\0\0\0"
                self._at = (self._at + 1) % self._blocks

    def filter(self, tcp_ports: Iterable[int]) -> None:
        """Let TCP of these ports through; may be changed while packets come."""
        program = encoded(sip_and_udp(tcp_ports))
        held = create_string_buffer(program)
        self._socket.setsockopt(
            socket.SOL_SOCKET, SO_ATTACH_FILTER, pack("HP", len(program) // 8, addressof(held))
        )

    def count_drops(self) -> int:
        """Return how many packets the kernel had no room for since it was asked last."""
        statistics = self._socket.getsockopt(SOL_PACKET, PACKET_STATISTICS, 12)
        drops: int = Struct("=III").unpack(statistics)[1]
        return drops

    def failed(self) -> bool:
        """Return whether the interface went down or away since the last check; then a new one must open."""
        return self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) != 0

    def close(self) -> None:
        self._ring.close()
        self._socket.close()

    def _block(self, at: int, count: int, take: Callable[[bytes], None]) -> None:
        ring = self._ring
        for _ in range(count):
            step, _, _, captured, _, _, mac, _ = _FRAME_HEAD.unpack_from(ring, at)
            # On loopback each packet comes twice, going out and coming in.
            if self._outgoing_too or ring[at + _PACKET_TYPE_AT] != PACKET_OUTGOING:
                take(ring[at + mac : at + mac + captured])
            at += step

    def _set_up(self, tcp_ports: Iterable[int]) -> mmap.mmap:
        sock = self._socket
        index = socket.if_nametoindex(self._interface)
        name = pack("16s16x", self._interface.encode())
        hardware = Struct("=16sH14x").unpack(fcntl.ioctl(sock.fileno(), SIOCGIFHWADDR, name))[1]
        if hardware not in (ARPHRD_ETHER, ARPHRD_LOOPBACK):
            raise LiveError.of("mirror_no_ethernet", interface=self._interface)
        self._outgoing_too = hardware != ARPHRD_LOOPBACK
        # The filter first, so that nothing else ever comes.
        self.filter(tcp_ports)
        sock.setsockopt(SOL_PACKET, PACKET_VERSION, TPACKET_V3)
        frames = BLOCK_BYTES * self._blocks // _FRAME_BYTES
        ring = pack("=IIIIIII", BLOCK_BYTES, self._blocks, _FRAME_BYTES, frames, RETIRE_MS, 0, 0)
        sock.setsockopt(SOL_PACKET, PACKET_RX_RING, ring)
        mapped = mmap.mmap(sock.fileno(), BLOCK_BYTES * self._blocks)
        sock.bind((self._interface, ETH_P_ALL))
        membership = pack("iHH8s", index, PACKET_MR_PROMISC, 0, b"")
        sock.setsockopt(SOL_PACKET, PACKET_ADD_MEMBERSHIP, membership)
        sock.setblocking(False)
        return mapped


def is_up(interface: str) -> bool:
    """Return whether the interface exists and was brought up."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        try:
            flags = fcntl.ioctl(sock.fileno(), SIOCGIFFLAGS, pack("16s16x", interface.encode()))
        except OSError:
            return False
    return bool(Struct("=16sH14x").unpack(flags)[1] & IFF_UP)


def no_permission(interface: str) -> LiveError:
    return LiveError.of("mirror_no_right", interface=interface)


def _cause(error: OSError) -> str:
    if error.errno in (errno.ENODEV, errno.ENXIO):
        return "absent"
    if error.errno == errno.ENETDOWN:
        return "down"
    if error.errno == errno.ENOMEM:
        return "memory"
    return "other"
