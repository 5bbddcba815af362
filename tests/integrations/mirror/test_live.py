"""A real interface: loopback, through the kernel's ring. Needs CAP_NET_RAW, as root has it in a container of CI."""

from __future__ import annotations

import asyncio
import errno
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.integrations.mirror.office import Talk, sdp, sound
from tests.integrations.mirror.test_captures import DATA, SIDES, assert_said
from tests.support.recorder import Recorder

from kikimori.errors import KikimoriError
from kikimori.integrations.mirror.fragments import Fragments
from kikimori.integrations.mirror.live import LiveError, LiveInterface
from kikimori.integrations.mirror.packets import Datagram, read
from kikimori.integrations.mirror.pcapfile import frames
from kikimori.integrations.mirror.settings import MirrorTable
from kikimori.integrations.mirror.tap import MirrorTap
from kikimori.media.g711 import decode_ulaw
from kikimori.media.rtp.packet import Packet, build
from kikimori_core.model.call import EndReason, Role

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator


def may_capture() -> bool:
    try:
        socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0).close()
    except PermissionError:
        return False
    return True


def may_make_a_network() -> bool:
    if shutil.which("ip") is None or shutil.which("unshare") is None:
        return False
    return subprocess.run(["unshare", "--net", "true"], capture_output=True, check=False).returncode == 0


needs_permission = pytest.mark.skipif(
    not may_capture(), reason="no CAP_NET_RAW: run as root to test live capture"
)
# Loopback is one for all: a second run beside this one must not be overheard. As long as `127.0.0.`, so that captured
# messages hold their lengths.
NETWORK = f"127.{1 + os.getpid() % 9}.{os.getpid() // 9 % 10}."
ONE, OTHER = f"{NETWORK}2", f"{NETWORK}3"
TABLE = MirrorTable(
    enabled=True, interface="lo", sip_ports=(5060,), networks=(f"{NETWORK}0/24",), buffer_mb=2
)


class Sockets:
    """The packets of a capture, sent again by real sockets."""

    def __init__(self) -> None:
        self._open: dict[tuple[str, int], socket.socket] = {}

    def send(self, source: tuple[str, int], target: tuple[str, int], payload: bytes) -> None:
        for end in (source, target):
            if end not in self._open:
                self._open[end] = sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                sock.bind(end)
        self._open[source].sendto(payload, target)

    def sip(self, source: str, target: str, text: bytes) -> None:
        self.send((source, 5060), (target, 5060), text)

    def close(self) -> None:
        for sock in self._open.values():
            sock.close()


@pytest.fixture
def sockets() -> Iterator[Sockets]:
    made = Sockets()
    yield made
    made.close()


@pytest.fixture
async def mirror() -> AsyncIterator[tuple[MirrorTap, Recorder]]:
    desk = Recorder()
    tap = MirrorTap(desk, TABLE, SIDES)
    await tap.listen()
    running = asyncio.create_task(tap.run())
    yield tap, desk
    running.cancel()
    await tap.close()


def text(host: bytes) -> str:
    return socket.inet_ntoa(host).replace("127.0.0.", NETWORK)


@needs_permission
async def test_a_call_on_an_interface_is_heard_sample_for_sample(
    mirror: tuple[MirrorTap, Recorder], sockets: Sockets
) -> None:
    tap, desk = mirror
    loop = asyncio.get_running_loop()
    began, first = loop.time(), None
    for _, time, data in frames(DATA / "sipp-udp.pcap"):
        first = time if first is None else first
        await asyncio.sleep(began + time - first - loop.time())  # the pace at which the telephones spoke
        packet = read(data, 14, Fragments(), time)
        assert isinstance(packet, Datagram)
        source, target = ((text(host), port) for host, port in (packet.source, packet.target))
        sockets.send(source, target, packet.payload.replace(b"127.0.0.", NETWORK.encode()))
    await desk.until(lambda: len(desk.legs) == 2 and all(leg.ended for leg in desk.legs))
    assert_said(desk)
    assert [leg.ended for leg in desk.legs] == [EndReason.HUNG_UP] * 2
    assert tap.counters()["mirror_rtp_packets"] == 200, "each once, although loopback shows them twice"
    assert tap.counters()["mirror_kernel_drops"] == 0
    assert tap.problems() == ()


@needs_permission
async def test_closing_ends_the_legs(mirror: tuple[MirrorTap, Recorder], sockets: Sockets) -> None:
    tap, desk = mirror

    talk = Talk(sockets, "0901234567", "204", (ONE, OTHER), "live-1")
    talk.invite(sdp(ONE, 16000))
    talk.respond(200, sdp(OTHER, 17000))
    await desk.until(lambda: len(desk.legs) == 2)
    sockets.send((ONE, 16000), (OTHER, 17000), build(Packet(0, False, 1, 160, 7, sound(1))))
    await desk.until(lambda: desk.legs[0].pcm)
    assert desk.legs[0].info.role is Role.CUSTOMER
    assert desk.legs[0].pcm == decode_ulaw(sound(1))
    await tap.close()
    assert [leg.ended for leg in desk.legs] == [EndReason.SHUTDOWN] * 2


@needs_permission
@pytest.mark.parametrize("interface", ["nosuch0"])
def test_an_interface_that_is_not_there_is_an_error_for_people(interface: str) -> None:
    with pytest.raises(LiveError, match="nosuch0") as caught:
        LiveInterface(interface, [5060], 1 << 20)
    assert "ip link" in caught.value.next_step


@needs_permission
@pytest.mark.skipif(
    os.geteuid() != 0, reason="only root can give capabilities away, or be without them on purpose"
)
@pytest.mark.parametrize("kept", ["-all", "-all,+net_raw"], ids=["nothing", "CAP_NET_RAW alone"])
def test_cap_net_raw_is_needed_and_enough(kept: str) -> None:
    """As `nobody`, in a process of its own."""
    code = "from kikimori.integrations.mirror.live import *\nLiveInterface('lo', [5060], 1 << 20).close()\n"
    done = subprocess.run(
        [
            *("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"),
            *(f"--inh-caps={kept}", f"--ambient-caps={kept}", f"--bounding-set={kept}"),
            *(sys.executable, "-c", code),
        ],
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": str(Path("agent").resolve()), "PATH": os.environ["PATH"]},
    )
    if "net_raw" in kept:
        assert done.returncode == 0, done.stderr
    else:
        assert "CAP_NET_RAW is missing" in done.stderr


def test_a_service_that_may_not_use_such_sockets_at_all_is_told_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """So the shipped unit without its drop-in answers (RestrictAddressFamilies): seen on a booted systemd."""

    def refuse(*_: object) -> socket.socket:
        raise OSError(errno.EAFNOSUPPORT, "Address family not supported by protocol")

    monkeypatch.setattr(socket, "socket", refuse)
    with pytest.raises(LiveError, match="CAP_NET_RAW is missing") as caught:
        LiveInterface("lo", [5060], 1 << 20)
    assert "kikimori-mirror.conf" in caught.value.next_step


@needs_permission
@pytest.mark.skipif(
    not may_make_a_network(), reason="needs root, network namespaces and the package iproute2"
)
def test_a_card_that_was_down_is_listened_to_again_when_it_is_back() -> None:
    """In a network of its own, whose loopback is down at first."""
    script = Path(__file__).parent / "down_and_up.py"
    root = Path(__file__).parents[3]
    done = subprocess.run(
        ["unshare", "--net", sys.executable, str(script)],
        capture_output=True,
        text=True,
        check=False,
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root)},
    )
    assert [line for line in done.stdout.splitlines() if line == "heard"] == ["heard"] * 2, done.stderr


async def test_a_port_that_is_switched_on_needs_an_interface() -> None:
    with pytest.raises(ValueError, match="needs interface"):
        MirrorTable(enabled=True)
    assert issubclass(LiveError, KikimoriError)
