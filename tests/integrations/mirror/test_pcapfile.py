"""Capture files: every kind is read, a broken one is an error for people."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kikimori.errors import AudioFileError
from kikimori.integrations.mirror.pcapfile import Frame, frames, is_capture

DATA = Path(__file__).parent / "data"


def classic(order: str, magic: int, link_type: int = 1) -> bytes:
    head = struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, 65535, link_type)
    return head + struct.pack(order + "IIII", 1_700_000_000, 500, 3, 3) + b"abc"


def block(order: str, kind: int, body: bytes) -> bytes:
    body += bytes(-len(body) % 4)
    length = struct.pack(order + "I", len(body) + 12)
    return struct.pack(order + "I", kind) + length + body + length


def pcapng(order: str, *, resolution: bytes = b"") -> bytes:
    section = block(order, 0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1))
    interface = block(order, 1, struct.pack(order + "HHI", 1, 0, 0) + resolution)
    stamp = 1_700_000_000_000_000_500 if resolution else 1_700_000_000_000_500
    packet = struct.pack(order + "IIIII", 0, stamp >> 32, stamp & 0xFFFFFFFF, 3, 3) + b"abc"
    return section + interface + block(order, 5, b"statistics..") + block(order, 6, packet)


@pytest.mark.parametrize(
    ("content", "part"),
    [
        (classic("<", 0xA1B2C3D4), 500e-6),
        (classic(">", 0xA1B2C3D4), 500e-6),
        (classic("<", 0xA1B23C4D), 500e-9),
        (classic(">", 0xA1B23C4D), 500e-9),
        (pcapng("<"), 500e-6),
        (pcapng(">"), 500e-6),
        (pcapng("<", resolution=struct.pack("<HHBxxxHH", 9, 1, 9, 0, 0)), 500e-9),
    ],
)
def test_every_kind_and_byte_order_is_read(content: bytes, part: float, tmp_path: Path) -> None:
    path = tmp_path / "x.pcap"
    path.write_bytes(content)
    assert is_capture(path)
    (frame,) = frames(path)
    assert frame == Frame(1, frame.time, b"abc")
    assert frame.time == pytest.approx(1_700_000_000 + part, abs=1e-6)


@pytest.mark.parametrize("name", ["sipp-udp.pcap", "sipp-tcp.pcapng"])
def test_a_file_that_ends_in_a_frame_gives_those_before_it(name: str, tmp_path: Path) -> None:
    whole = (DATA / name).read_bytes()
    path = tmp_path / name
    path.write_bytes(whole[: len(whole) // 2])
    found = list(frames(path))
    assert 50 < len(found) < 200
    assert found == list(frames(DATA / name))[: len(found)]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"RIFF....WAVE", "is no capture"),
        (b"", "is no capture"),
        (b"\xd4\xc3\xb2\xa1\x02\0", "ends in its head"),
        (classic("<", 0xA1B2C3D4, link_type=147), "type 147"),
        (classic("<", 0xA1B2C3D4)[:24] + b"\xff" * 16, "too long"),
        (pcapng("<")[:28] + struct.pack("<II", 6, 13) + bytes(100), "impossible length"),
        (pcapng("<")[:28] + block("<", 6, struct.pack("<IIIII", 5, 0, 0, 0, 0)), "not described"),
        (pcapng("<")[:28] + block("<", 6, b""), "is broken"),
    ],
)
def test_what_is_wrong_is_said_with_the_next_step(content: bytes, why: str, tmp_path: Path) -> None:
    path = tmp_path / "x.pcap"
    path.write_bytes(content)
    with pytest.raises(AudioFileError, match=why) as caught:
        list(frames(path))
    assert "pcap" in caught.value.next_step


def test_a_file_that_is_not_there_is_no_capture(tmp_path: Path) -> None:
    assert not is_capture(tmp_path / "none.pcap")
    with pytest.raises(AudioFileError, match="No such file"):
        list(frames(tmp_path / "none.pcap"))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    start=st.sampled_from([classic("<", 0xA1B2C3D4)[:24], pcapng("<")[:28], pcapng(">")[:48]]),
    rest=st.binary(),
)
def test_garbage_after_a_good_head_is_read_or_refused(start: bytes, rest: bytes, tmp_path: Path) -> None:
    path = tmp_path / "x.pcap"
    path.write_bytes(start + rest)
    try:
        found = list(frames(path))
    except AudioFileError:
        return
    assert sum(len(each.data) for each in found) <= len(rest) + 32
