"""A mirror that crosses a network: the same call in every wrapping, live and from a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.integrations.mirror.frames import fragmented, udp, write
from tests.integrations.mirror.office import PBX, PHONE, Office, sdp
from tests.integrations.mirror.test_bpf import comes_through, passed
from tests.integrations.mirror.test_captures import SIDES, TABLE, assert_said, heard
from tests.support.recorder import Recorder
from tests.support.tunnels import WRAPS, gre, over_ip, vxlan

from kikimori.integrations.mirror.call_capture import CallCapture
from kikimori.integrations.mirror.pcapfile import frames
from kikimori.integrations.mirror.replay import summary

if TYPE_CHECKING:
    import socket

__all__ = ["passed"]

CALL = Path(__file__).parent / "data" / "sipp-udp.pcap"
LIVE = sorted(WRAPS)


@pytest.mark.parametrize("name", WRAPS)
async def test_a_call_is_heard_whatever_is_around_its_packets(name: str, tmp_path: Path) -> None:
    wrapped = ((time, WRAPS[name](data)) for _, time, data in frames(CALL))
    desk, _ = await heard(write(tmp_path / "call.pcap", wrapped))
    assert_said(desk)


@pytest.mark.parametrize(
    "names",
    [
        ("vn-tag", "vxlan", "erspan ii"),
        ("ip in ip", "gre of ip", "geneve"),
        ("mpls of ethernet", "qinq", "vxlan"),
        ("qinq", "erspan iii with a subheader", "mpls"),
        ("tzsp", "vxlan", "geneve of ip", "gre of ethernet", "ip in ip"),
    ],
)
async def test_one_tunnel_in_the_other_is_unwrapped(names: tuple[str, ...], tmp_path: Path) -> None:
    """The first one is around the packet itself."""

    def wrap(frame: bytes) -> bytes:
        for name in names:
            frame = WRAPS[name](frame)
        return frame

    wrapped = ((time, wrap(data)) for _, time, data in frames(CALL))
    desk, _ = await heard(write(tmp_path / "nested.pcap", wrapped))
    assert_said(desk)


@pytest.mark.parametrize("name", ["erspan ii", "vxlan", "gre of ip", "tzsp", "geneve", "ip in ip"])
@pytest.mark.parametrize("inner", [False, True], ids=["outer", "both"])
async def test_what_the_tunnel_cut_up_is_put_together(name: str, inner: bool, tmp_path: Path) -> None:
    wrapped = (
        (time, outer)
        for _, time, data in frames(CALL)
        for part in (fragmented(data, 160) if inner else [data])
        for outer in fragmented(WRAPS[name](part), 96)
    )
    desk, _ = await heard(write(tmp_path / "cut.pcap", wrapped))
    assert_said(desk)


@pytest.mark.parametrize("name", LIVE)
def test_the_kernel_lets_every_tunnel_through(passed: tuple[socket.socket, socket.socket], name: str) -> None:
    frame = WRAPS[name](udp((PBX, 16000), (PHONE, 17000), bytes(172)))
    assert comes_through(passed, frame)


def test_tunnels_are_counted() -> None:
    office = Office()
    office.frame(vxlan(udp((PBX, 5060), (PHONE, 5060), b"hello, this is no SIP")))
    office.frame(gre(0x9999, b"something else"))
    assert office.capture.counters()["tunnelled_packets"] == 1
    assert office.capture.counters()["tunnels_unread"] == 1
    assert any("tunnels that are not understood" in line for line in summary(office.capture.counters()))


@pytest.mark.parametrize("port", [4789, 4790, 6081, 37008, 4754, 6635, 8472])
def test_a_telephone_may_use_the_port_of_a_tunnel(port: int) -> None:
    office = Office()
    talk = office.talk()
    talk.invite(sdp(PBX, 16000))
    talk.respond(200, sdp(PHONE, port))
    office.speak((PBX, 16000), (PHONE, port), 1, 2, 3)
    assert office.capture.counters()["rtp_packets"] == 3


@settings(max_examples=150, deadline=None)
@given(
    name=st.sampled_from(sorted(WRAPS)),
    cut=st.integers(0, 120),
    changes=st.lists(st.tuples(st.integers(0, 119), st.integers(0, 255)), max_size=4),
)
def test_broken_tunnels_raise_nothing(name: str, cut: int, changes: list[tuple[int, int]]) -> None:
    frame = bytearray(WRAPS[name](udp((PBX, 5060), (PHONE, 5060), b"INVITE sip:x@y SIP/2.0\r\n")))
    for at, value in changes:
        if at < len(frame):
            frame[at] = value
    capture = CallCapture(Recorder(), TABLE, SIDES)
    capture.frame(1, bytes(frame), 0.0)
    capture.frame(1, bytes(frame[: len(frame) - cut]), 0.0)
    assert capture.frames == 2


@settings(max_examples=100, deadline=None)
@given(st.sampled_from([4, 41, 47, 51, 97, 137]), st.binary(max_size=120))
def test_garbage_in_a_tunnel_raises_nothing(protocol: int, data: bytes) -> None:
    capture = CallCapture(Recorder(), TABLE, SIDES)
    capture.frame(1, over_ip(protocol, data), 0.0)
    for port in (4789, 4790, 6081, 37008, 4754, 6635):
        capture.frame(1, udp((PBX, port), (PHONE, port), data), 0.0)
    assert capture.frames == 7
