"""Cost of an RTP packet, against the bare decoding of the same payloads in the same run."""

from __future__ import annotations

import time
from dataclasses import dataclass
from struct import pack
from typing import TYPE_CHECKING

import numpy as np
import structlog
from pylibsrtp import Policy, Session

from kikimori.integrations.mirror.call_capture import CallCapture
from kikimori.integrations.mirror.link import ETHERNET
from kikimori.integrations.mirror.settings import MirrorTable
from kikimori.media.g711 import decode_ulaw, encode_ulaw
from kikimori.media.g722 import G722Encoder
from kikimori.media.rtp.formats import G722, PCMU, Format
from kikimori.media.rtp.packet import Packet, build
from kikimori.media.rtp.receiver import RtpSession
from kikimori.media.rtp.srtp import SUITES, SrtpKeys, Unprotector
from kikimori.taps.sides import SidesTable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kikimori_core.model.call import CallInfo, EndReason, LegInfo, Role

REFERENCE = "one table decode and one append to a bytearray, same payloads"
STEP_S = 0.02
PEER = ("192.0.2.1", 16000)

_SDP = "v=0\r\no=- 1 1 IN IP4 {host}\r\ns=-\r\nc=IN IP4 {host}\r\nt=0 0\r\nm=audio {port} RTP/AVP 0\r\n"


@dataclass(frozen=True, slots=True)
class RtpFigures:
    """Figures that `kikimori bench rtp --json` prints; CPU time per packet of 20 ms."""

    packets: int
    pcmu_us: float
    srtp_pcmu_us: float
    """The same packets as SRTP, AES_CM_128_HMAC_SHA1_80."""
    g722_us: float
    mirrored_pcmu_us: float
    """CPU time in µs for a packet from a captured Ethernet frame."""
    reference: str
    reference_us: float
    pcmu_vs_reference: float
    srtp_vs_plain: float
    legs_per_core: int
    """Legs of μ-law per core, by this figure alone."""


class _Sink:
    """Feed and desk that drop the sound every second."""

    def __init__(self) -> None:
        self.pcm = bytearray()

    def audio(self, pcm: bytes | bytearray | memoryview) -> None:
        self.pcm += pcm
        if len(self.pcm) > 16000:
            self.pcm.clear()

    def gap(self, samples: int) -> None: ...

    def dtmf(self, digit: str) -> None: ...

    def close(self, reason: EndReason) -> None: ...

    def open_leg(self, info: LegInfo) -> _Sink:
        del info
        return self

    def held(self, call_id: str, *, on_hold: bool) -> None: ...

    def key(self, call_id: str, role: Role, digit: str) -> None: ...

    def ring(self, call: CallInfo, phones: Sequence[str], *, answered: bool = False) -> None: ...

    def ring_over(self, call_id: str) -> None: ...


def bench_rtp(packets: int, progress: Callable[[int], None]) -> RtpFigures:
    """Receive `packets` packets of noise in each way."""
    noise = np.random.default_rng(1).normal(0, 2000, 16000).astype("<i2")
    narrow = encode_ulaw(noise.tobytes())
    wide = G722Encoder().encode(noise.tobytes())
    payloads = [narrow[at : at + 160] for at in range(0, 16000, 160)]
    sink = _Sink()
    began = time.process_time()
    for n in range(packets):
        sink.audio(decode_ulaw(payloads[n % 100]))
    reference = (time.process_time() - began) / packets * 1e6
    progress(packets)
    plain = _datagrams(0, payloads, packets)
    pcmu = _received(plain, {0: PCMU})
    progress(2 * packets)
    key = bytes(range(30))
    sender = Session(Policy(key, Policy.SSRC_ANY_OUTBOUND))
    protected = [sender.protect(data) for data in plain]
    keys = SrtpKeys(SUITES["AES_CM_128_HMAC_SHA1_80"], ((b"", key),))
    srtp = _received(protected, {0: PCMU}, Unprotector(keys))
    progress(3 * packets)
    coded = [wide[at : at + 160] for at in range(0, 8000, 160)]
    g722 = _received(_datagrams(9, coded, packets), {9: G722})
    progress(4 * packets)
    mirrored = _mirrored(plain)
    progress(5 * packets)
    return RtpFigures(
        packets=packets,
        pcmu_us=round(pcmu, 2),
        srtp_pcmu_us=round(srtp, 2),
        g722_us=round(g722, 2),
        mirrored_pcmu_us=round(mirrored, 2),
        reference=REFERENCE,
        reference_us=round(reference, 2),
        pcmu_vs_reference=round(pcmu / reference, 2),
        srtp_vs_plain=round(srtp / pcmu, 2),
        legs_per_core=int(STEP_S * 1e6 / pcmu),
    )


def _datagrams(payload_type: int, payloads: list[bytes], packets: int) -> list[bytes]:
    return [
        build(Packet(payload_type, False, n & 0xFFFF, n * 160 & 0xFFFFFFFF, 7, payloads[n % len(payloads)]))
        for n in range(packets)
    ]


def _received(
    datagrams: list[bytes], formats: dict[int, Format], unprotector: Unprotector | None = None
) -> float:
    now = [0.0]
    session = RtpSession(_Sink(), formats, clock=lambda: now[0], log=structlog.get_logger(), srtp=unprotector)
    began = time.process_time()
    for n, data in enumerate(datagrams):
        now[0] = n * STEP_S
        session.receive(data, PEER)
        # One session of many is told the time at every second packet.
        if n & 1:
            session.advance(now[0])
    return (time.process_time() - began) / len(datagrams) * 1e6


def _mirrored(datagrams: list[bytes]) -> float:
    wire = CallCapture(_Sink(), MirrorTable(), SidesTable())
    hosts = ("192.0.2.1", "192.0.2.2")
    for n, line in enumerate(("INVITE sip:204@192.0.2.2 SIP/2.0", "SIP/2.0 200 OK")):
        body = _SDP.format(host=hosts[n], port=16000)
        text = (
            f"{line}\r\nFrom: <sip:0901234567@192.0.2.1>;tag=a\r\nTo: <sip:204@192.0.2.2>\r\nCall-ID: bench\r\n"
            f"CSeq: 1 INVITE\r\nContent-Type: application/sdp\r\nContent-Length: {len(body)}\r\n\r\n{body}"
        )
        wire.frame(ETHERNET, _frame(text.encode(), 5060, back=n == 1), 0.0)
    frames = [_frame(data, 16000, back=False) for data in datagrams]
    began = time.process_time()
    for n, frame in enumerate(frames):
        wire.frame(ETHERNET, frame, n * STEP_S)
        if n & 1:
            wire.advance(n * STEP_S)
    return (time.process_time() - began) / len(frames) * 1e6


def _frame(payload: bytes, port: int, *, back: bool) -> bytes:
    ends = [b"\xc0\0\2\1", b"\xc0\0\2\2"]
    if back:
        ends.reverse()
    head = pack("!BBHHHBBH", 0x45, 0, 28 + len(payload), 1, 0, 64, 17, 0) + b"".join(ends)
    return bytes(12) + b"\x08\0" + head + pack("!HHHH", port, port, 8 + len(payload), 0) + payload
