"""Capture files: classic pcap and pcapng, as tcpdump, dumpcap, Wireshark and SBCs write them.

Own code, as `dpkt` 1.9.8 and `python-pcapng` 2.1.1 are of 2022, and Scapy is GPL. Formats:
https://www.ietf.org/archive/id/draft-ietf-opsawg-pcap-05.html and …-pcapng-03.html .
"""

from __future__ import annotations

from struct import Struct, error
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from kikimori.errors import AudioFileError
from kikimori.integrations.mirror.link import KNOWN

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_MOST_FRAME_BYTES = 256 * 1024
_MOST_BLOCK_BYTES = 1 << 20
_MOST_INTERFACES = 256

_CLASSIC = {
    b"\xd4\xc3\xb2\xa1": ("<", 1e-6),
    b"\x4d\x3c\xb2\xa1": ("<", 1e-9),
    b"\xa1\xb2\xc3\xd4": (">", 1e-6),
    b"\xa1\xb2\x3c\x4d": (">", 1e-9),
}
_PCAPNG = b"\x0a\x0d\x0d\x0a"
_SECTION, _INTERFACE, _OLD_PACKET, _SIMPLE_PACKET, _PACKET = 0x0A0D0D0A, 1, 2, 3, 6
_NEXT_STEP = "give a pcap or pcapng file, captured with the whole packets (tcpdump -s 0)"


class Frame(NamedTuple):
    """One captured frame."""

    link_type: int
    time: float
    """Seconds since 1970."""
    data: bytes


def is_capture(path: Path) -> bool:
    """Return whether the file begins as a capture does; False for one that cannot be read."""
    try:
        with path.open("rb") as file:
            magic = file.read(4)
    except OSError:
        return False
    return magic in _CLASSIC or magic == _PCAPNG


def frames(path: Path) -> Iterator[Frame]:
    """Read a capture to its end. A file that ends in the middle of a frame, as after a crash, ends there. Blocks.

    Raises:
        AudioFileError: no capture, a broken one, or a link layer that is not known.
    """
    try:
        with path.open("rb") as file:
            magic = file.read(4)
            if magic in _CLASSIC:
                yield from _classic(path, file, *_CLASSIC[magic])
            elif magic == _PCAPNG:
                file.seek(0)
                yield from _pcapng(path, file)
            else:
                raise _broken(path, "is no capture")
    except OSError as failure:
        raise _broken(path, f"cannot be read: {failure.strerror}") from None
    except error:
        raise _broken(path, "is broken") from None


def _classic(path: Path, file: BinaryIO, order: str, unit: float) -> Iterator[Frame]:
    head = file.read(20)
    if len(head) < 20:
        raise _broken(path, "ends in its head")
    link_type = Struct(order + "I").unpack_from(head, 16)[0] & 0xFFFF
    _check_link(path, link_type)
    record = Struct(order + "IIII")
    while len(head := file.read(16)) == 16:
        seconds, part, captured, _ = record.unpack(head)
        if captured > _MOST_FRAME_BYTES:
            raise _broken(path, "is broken: a frame is too long")
        data = file.read(captured)
        if len(data) < captured:
            return
        yield Frame(link_type, seconds + part * unit, data)


class _Interface(NamedTuple):
    link_type: int
    unit: float
    offset: int


def _pcapng(path: Path, file: BinaryIO) -> Iterator[Frame]:
    order = "<"
    interfaces: list[_Interface] = []
    last = 0.0
    while len(head := file.read(8)) == 8:
        if head[:4] == _PCAPNG:
            mark = file.read(4)
            order = "<" if mark == b"\x4d\x3c\x2b\x1a" else ">"
            file.seek(-4, 1)
            interfaces = []
        kind, length = Struct(order + "II").unpack(head)
        if not 12 <= length <= _MOST_BLOCK_BYTES or length % 4:
            raise _broken(path, "is broken: a block of impossible length")
        body = file.read(length - 8)
        if len(body) < length - 8:
            return
        body = body[:-4]
        if kind == _INTERFACE:
            if len(interfaces) >= _MOST_INTERFACES:
                raise _broken(path, "has too many interfaces")
            interfaces.append(_interface(path, body, order))
        elif kind in (_PACKET, _OLD_PACKET):
            first = Struct(order + ("I" if kind == _PACKET else "H")).unpack_from(body)[0]
            high, low, captured = Struct(order + "III").unpack_from(body, 4)
            on = _at(path, interfaces, first)
            last = on.offset + (high << 32 | low) * on.unit
            yield Frame(on.link_type, last, body[20 : 20 + captured])
        elif kind == _SIMPLE_PACKET:
            size = Struct(order + "I").unpack_from(body)[0]
            yield Frame(_at(path, interfaces, 0).link_type, last, body[4 : 4 + size])


def _interface(path: Path, body: bytes, order: str) -> _Interface:
    link_type = Struct(order + "H").unpack_from(body)[0]
    _check_link(path, link_type)
    unit, offset = 1e-6, 0
    at = 8
    option = Struct(order + "HH")
    while at + 4 <= len(body):
        code, length = option.unpack_from(body, at)
        value = body[at + 4 : at + 4 + length]
        if code == 0:
            break
        if code == 9 and len(value) == 1:
            unit = 2.0 ** -(value[0] & 0x7F) if value[0] & 0x80 else 10.0 ** -value[0]
        elif code == 14 and len(value) == 8:
            offset = Struct(order + "q").unpack(value)[0]
        at += 4 + length + -length % 4
    return _Interface(link_type, unit, offset)


def _at(path: Path, interfaces: list[_Interface], number: int) -> _Interface:
    if number >= len(interfaces):
        raise _broken(path, "is broken: a frame of an interface that is not described")
    return interfaces[number]


def _check_link(path: Path, link_type: int) -> None:
    if link_type not in KNOWN:
        raise _broken(path, f"was captured on a link of type {link_type}, which is not known")


def _broken(path: Path, why: str) -> AudioFileError:
    return AudioFileError(f"{path}: {why}", next_step=_NEXT_STEP)
