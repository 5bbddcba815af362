"""One voice: whatever the network does to it, each sample stands at its place in media time."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

import numpy as np
import pytest
import structlog
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from kikimori.media.g711 import decode_ulaw, encode_ulaw
from kikimori.media.g722 import G722Encoder
from kikimori.media.rtp.formats import COMFORT_NOISE, DTMF, G722, PCMU, Format, PayloadKind
from kikimori.media.rtp.packet import Packet, build
from kikimori.media.rtp.receiver import RtpSession
from kikimori.media.rtp.timeline import BELIEVE_AFTER_S, FLOOD_S, WAIT_S

FORMATS = {0: PCMU, 9: G722, 13: COMFORT_NOISE, 101: DTMF}
PEER = ("192.0.2.1", 4000)
STRANGER = ("192.0.2.66", 4000)
STEP_S = 0.02
STEP = 160

HERE, GAP = 1, 0


@dataclass
class Line:
    """A feed that lays down what it gets: samples, and for each whether it came or is a gap."""

    pcm: bytearray = field(default_factory=bytearray)
    digits: str = ""
    gaps: list[tuple[int, int]] = field(default_factory=list)

    def audio(self, pcm: bytes | bytearray | memoryview) -> None:
        assert len(pcm) % 2 == 0
        self.pcm += pcm

    def gap(self, samples: int) -> None:
        assert samples > 0
        self.gaps.append((len(self), samples))
        self.pcm += bytes(samples * 2)

    def dtmf(self, digit: str) -> None:
        self.digits += digit

    def close(self, reason: object) -> None: ...

    def __len__(self) -> int:
        return len(self.pcm) // 2

    @property
    def samples(self) -> NDArray[np.int16]:
        return np.frombuffer(bytes(self.pcm), "<i2")


class Peer:
    """A telephone that talks: sample number `n` of its voice is a number of its own, so that places can be told."""

    def __init__(self, formats: dict[int, Format] | None = None, rate: int | None = None) -> None:
        self.now = 100.0
        self.line = Line()
        self.session = RtpSession(
            self.line, formats or FORMATS, clock=lambda: self.now, log=structlog.get_logger(), rate=rate
        )
        self.sequence = 65000
        self.timestamp = 0xFFFFF000
        self.ssrc = 1

    def packet(self, payload: bytes, *, pt: int = 0, marker: bool = False, ticks: int = STEP) -> bytes:
        data = build(
            Packet(pt, marker, self.sequence & 0xFFFF, self.timestamp & 0xFFFFFFFF, self.ssrc, payload)
        )
        self.sequence += 1
        self.timestamp += ticks
        return data

    def say(
        self, payload: bytes, *, marker: bool = False, pt: int = 0, source: tuple[str, int] = PEER
    ) -> None:
        self.session.receive(self.packet(payload, marker=marker, pt=pt), source)
        self.pass_time(STEP_S)

    def talk(self, packets: int, voice: int = 0, *, marker: bool = False) -> None:
        for n in range(packets):
            self.say(sound(voice + n), marker=marker and n == 0)

    def pass_time(self, seconds: float) -> None:
        for _ in range(round(seconds / STEP_S)):
            self.now += STEP_S
            self.session.advance(self.now)


def sound(number: int) -> bytes:
    """A packet of μ-law, loud and unlike every other."""
    return np.random.default_rng(number).integers(0, 96, STEP, dtype=np.uint8).tobytes()


def heard(*numbers: int) -> bytes:
    return b"".join(decode_ulaw(sound(number)) for number in numbers)


def test_an_untroubled_stream_is_its_samples() -> None:
    peer = Peer()
    peer.talk(700)  # sequence and timestamp wrap on the way
    assert bytes(peer.line.pcm) == heard(*range(700))
    assert peer.session.counters.packets == 700
    assert peer.session.counters.lost == 0
    assert not peer.line.gaps


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 1 << 32),
    loss=st.floats(0, 0.3),
    doubles=st.floats(0, 0.3),
    disorder=st.integers(0, 2),
)
def test_loss_disorder_and_doubles_move_no_sample(
    seed: int, loss: float, doubles: float, disorder: int
) -> None:
    rng = random.Random(seed)  # noqa: S311  (not a secret)
    peer = Peer()
    count = 80
    sent = [(float(n), peer.packet(sound(n))) for n in range(count)]
    # The first two arrive in order, so that the stream begins where it began, and the last, so that it ends there.
    kept = {0, 1, count - 1} | {n for n in range(count) if rng.random() >= loss}
    arrivals = []
    for at, data in sent:
        if int(at) in kept:
            for _ in range(2 if rng.random() < doubles else 1):
                shift = rng.random() * disorder if 1 < at < count - 1 else 0.0
                arrivals.append((at + shift, data))
    arrivals.sort(key=lambda each: each[0])
    began = peer.now
    for at, data in arrivals:
        peer.now = began + at * STEP_S
        peer.session.receive(data, PEER)
        peer.session.advance(peer.now)
    peer.session.flush()

    assert len(peer.line) == count * STEP
    samples = peer.line.samples
    for n in range(count):
        if n in kept:
            assert samples[n * STEP : (n + 1) * STEP].tobytes() == heard(n), n
    assert peer.session.counters.late == 0


def test_a_lost_packet_sounds_like_the_one_before_and_fades() -> None:
    peer = Peer()
    peer.talk(5)
    peer.packet(b"lost")
    peer.pass_time(STEP_S)
    peer.talk(5, 6)
    peer.session.flush()
    covered = peer.line.samples[5 * STEP : 6 * STEP].astype(float)
    before = peer.line.samples[4 * STEP : 5 * STEP].astype(float)
    assert np.corrcoef(covered, before)[0, 1] > 0.9
    assert np.abs(covered[-20:]).mean() < np.abs(before[-20:]).mean() * 0.8
    assert not peer.line.gaps
    assert peer.session.counters.lost == 1


def test_a_long_loss_is_a_gap_after_60_ms() -> None:
    peer = Peer()
    peer.talk(5)
    for _ in range(10):
        peer.packet(b"lost")
        peer.pass_time(STEP_S)
    peer.talk(5, 15)
    peer.session.flush()
    assert peer.line.gaps == [(8 * STEP, 7 * STEP)]
    assert peer.line.samples[15 * STEP :].tobytes() == heard(*range(15, 20))


def test_a_pause_of_the_speaker_is_a_gap_of_its_length() -> None:
    peer = Peer()
    peer.talk(10)
    peer.timestamp += 100 * STEP
    peer.pass_time(100 * STEP_S)
    assert len(peer.line) == pytest.approx(
        (110 * STEP_S - WAIT_S) * 8000, abs=2 * STEP
    )  # time goes on meanwhile
    peer.talk(10, 200, marker=True)
    assert len(peer.line) == 120 * STEP
    assert peer.line.samples[110 * STEP :].tobytes() == heard(*range(200, 210))
    assert sum(samples for _, samples in peer.line.gaps) == 100 * STEP


def test_comfort_noise_is_quiet_and_no_gap() -> None:
    peer = Peer()
    peer.talk(10)
    peer.session.receive(peer.packet(b"\x40", pt=13, ticks=100 * STEP), PEER)
    peer.pass_time(100 * STEP_S)
    peer.talk(10, 200)
    assert len(peer.line) == 120 * STEP
    assert not peer.line.gaps
    assert not peer.line.samples[10 * STEP : 110 * STEP].any()
    assert peer.session.counters.gap_ms == 0


def test_comfort_noise_that_nobody_agreed_on_is_quiet_too() -> None:
    peer = Peer({0: PCMU})
    peer.talk(10)
    peer.session.receive(peer.packet(b"\x40", pt=13, ticks=20 * STEP), PEER)
    peer.pass_time(20 * STEP_S)
    peer.talk(10, 200)
    assert not peer.line.gaps
    assert len(peer.line) == 40 * STEP


def test_a_packet_of_an_unknown_type_is_no_lost_one() -> None:
    peer = Peer()
    peer.talk(10)
    peer.say(b"video", pt=18)
    peer.talk(10, 10)
    assert peer.session.counters.lost == 0
    assert peer.line.gaps == [(10 * STEP, STEP)]


def test_before_the_first_packet_time_goes_on() -> None:
    peer = Peer()
    peer.pass_time(3.0)
    assert len(peer.line) == pytest.approx((3.0 - WAIT_S) * 8000, abs=1)
    peer.talk(5)
    assert len(peer.line) == 3 * 8000 + 5 * STEP
    assert peer.line.samples[-5 * STEP :].tobytes() == heard(*range(5))


def test_timestamps_that_jump_without_time_make_no_gap() -> None:
    peer = Peer()
    peer.talk(10)
    peer.timestamp += 1 << 30
    peer.talk(10, 10)
    assert bytes(peer.line.pcm) == heard(*range(20))


def test_timestamps_that_stand_still_over_a_hold_cost_nothing() -> None:
    peer = Peer()
    peer.talk(10)
    peer.session.hold(True)
    peer.pass_time(5.0)
    peer.session.hold(False)
    peer.talk(10, 10)
    assert len(peer.line) == 20 * STEP + 5 * 8000
    assert peer.line.samples[-10 * STEP :].tobytes() == heard(*range(10, 20))


def test_timestamps_that_stand_still_without_a_word_are_believed_after_a_moment() -> None:
    peer = Peer()
    peer.talk(10)
    peer.pass_time(5.0)
    peer.talk(30, 10)
    assert len(peer.line) == 40 * STEP + 5 * 8000
    late = peer.session.counters.late
    assert late * STEP_S <= BELIEVE_AFTER_S + STEP_S
    assert peer.line.samples[-5 * STEP :].tobytes() == heard(*range(35, 40))


def test_a_burst_after_a_pause_of_the_network_moves_nothing() -> None:
    peer = Peer()
    peer.talk(10)
    stalled = [peer.packet(sound(n)) for n in range(10, 60)]
    peer.pass_time(50 * STEP_S)
    for data in stalled:
        peer.session.receive(data, PEER)
    peer.talk(10, 60)
    assert len(peer.line) == 70 * STEP
    kept = 10 + round((1.0 - WAIT_S) / STEP_S) + 1
    assert peer.line.samples[kept * STEP :].tobytes() == heard(*range(kept, 70))


def test_a_flood_is_refused_and_the_voice_goes_on_after_it() -> None:
    peer = Peer()
    for n in range(2000):
        peer.session.receive(peer.packet(sound(n)), PEER)
    assert len(peer.line) <= (FLOOD_S + STEP_S) * 8000
    assert peer.session.counters.flooded > 1800
    peer.pass_time(5.0)
    before = len(peer.line)
    peer.talk(10, 5000)
    assert peer.line.samples[-10 * STEP :].tobytes() == heard(*range(5000, 5010))
    assert len(peer.line) >= before + 10 * STEP


def test_another_stream_of_the_same_source_follows_at_once() -> None:
    peer = Peer()
    peer.talk(10)
    peer.ssrc, peer.sequence, peer.timestamp = 2, 7, 12345
    peer.talk(10, 10)
    assert bytes(peer.line.pcm) == heard(*range(20))


def test_two_streams_at_a_time_are_one_voice() -> None:
    peer, other = Peer(), Peer()
    other.ssrc = 2
    for n in range(50):
        peer.session.receive(other.packet(sound(1000 + n)), PEER)
        peer.say(sound(n))
    assert bytes(peer.line.pcm) == heard(*range(1000, 1050))


def test_a_stranger_cannot_speak_into_a_call() -> None:
    peer, stranger = Peer(), Peer()
    for n in range(50):
        peer.say(sound(n))
        peer.session.receive(stranger.packet(sound(1000 + n)), STRANGER)
    assert bytes(peer.line.pcm) == heard(*range(50))
    assert peer.session.counters.refused == 50


def test_a_new_source_is_believed_when_the_old_one_is_gone() -> None:
    peer = Peer()
    peer.talk(50)
    peer.ssrc = 9
    for n in range(60):
        peer.say(sound(100 + n), source=STRANGER)
    assert peer.session.source == STRANGER
    assert len(peer.line) == 110 * STEP
    assert peer.line.samples[-30 * STEP :].tobytes() == heard(*range(130, 160))


def test_after_signalling_moved_the_media_the_new_source_is_believed_at_once() -> None:
    peer = Peer()
    peer.talk(50)
    peer.session.change(FORMATS)
    peer.ssrc = 9
    for n in range(10):
        peer.say(sound(100 + n), source=STRANGER)
    assert bytes(peer.line.pcm) == heard(*range(50), *range(100, 110))


def test_keys_are_told_once_and_take_their_time() -> None:
    peer = Peer()
    peer.talk(5)
    began = peer.timestamp
    for n in range(1, 6):
        event = bytes((9, 0x80 if n == 5 else 0, 0, n))
        data = build(Packet(101, n == 1, peer.sequence & 0xFFFF, began & 0xFFFFFFFF, 1, event))
        peer.sequence += 1
        peer.timestamp += STEP
        peer.session.receive(data, PEER)
        peer.pass_time(STEP_S)
    peer.talk(5, 10)
    assert peer.line.digits == "9"
    assert len(peer.line) == 15 * STEP
    assert peer.line.samples[-5 * STEP :].tobytes() == heard(*range(10, 15))


def test_wideband_and_narrowband_in_one_leg_keep_the_rate_of_the_leg() -> None:
    peer = Peer(rate=16000)
    tone = (8000 * np.sin(2 * np.pi * 440 * np.arange(16000 * 3) / 16000)).astype("<i2")
    wide, narrow = G722Encoder().encode(tone.tobytes()), encode_ulaw(tone[::2].tobytes())
    for n in range(150):
        pt, coded = (0, narrow) if 50 <= n < 100 else (9, wide)
        peer.say(coded[n * STEP : (n + 1) * STEP], pt=pt)
    peer.session.flush()
    assert len(peer.line) == 3 * 16000
    heard_tone = peer.line.samples.astype(float)
    for second in range(3):
        part = heard_tone[second * 16000 + 2000 : second * 16000 + 14000]
        peak = np.abs(np.fft.rfft(part * np.hanning(len(part)))).argmax() * 16000 / len(part)
        assert peak == pytest.approx(440, abs=2)


def test_rates_that_do_not_divide_stay_in_time() -> None:
    peer = Peer({11: Format(PayloadKind.L16, 44100, 44100)})
    pcm = np.zeros(441, ">i2").tobytes()
    for _ in range(1000):
        peer.session.receive(peer.packet(pcm, pt=11, ticks=441), PEER)
        peer.now += 0.01
        peer.session.advance(peer.now)
    peer.session.flush()
    assert len(peer.line) == pytest.approx(160_000, abs=2)
    assert not peer.line.gaps


@pytest.mark.parametrize("error", [0.98, 1.02])
def test_a_sender_with_a_wrong_clock_keeps_pace_with_time(error: float) -> None:
    peer = Peer()
    for n in range(6000):
        peer.session.receive(peer.packet(sound(n % 50)), PEER)
        peer.now += STEP_S * error
        peer.session.advance(peer.now)
    assert len(peer.line) / 8000 == pytest.approx(peer.now - 100.0, abs=FLOOD_S + 0.1)


def test_what_is_no_rtp_or_unknown_is_counted() -> None:
    peer = Peer()
    peer.talk(5)
    for data in (b"", b"\x80\xc8\x00\x06" + bytes(24), peer.packet(b"x", pt=18)):
        peer.session.receive(data, PEER)
    assert peer.session.counters.refused == 3
    assert bytes(peer.line.pcm) == heard(*range(5))


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([0, 9, 13, 101, 18]),
            st.booleans(),
            st.integers(0, 0xFFFF),
            st.integers(0, 0xFFFFFFFF),
            st.integers(0, 2),
            st.binary(max_size=200),
            st.floats(0, 3),
            st.sampled_from([PEER, STRANGER]),
        ),
        max_size=60,
    )
)
def test_anything_may_come_and_time_stays_time(
    packets: list[tuple[int, bool, int, int, int, bytes, float, tuple[str, int]]],
) -> None:
    peer = Peer()
    for pt, marker, sequence, timestamp, ssrc, payload, pause, source in packets:
        peer.session.receive(build(Packet(pt, marker, sequence, timestamp, ssrc, payload)), source)
        peer.now += pause
        peer.session.advance(peer.now)
    peer.session.flush()
    assert len(peer.line) / 16000 <= peer.now - 100.0 + FLOOD_S + 0.1


@pytest.mark.parametrize("speed", [1.005, 0.995])
def test_a_telephone_whose_clock_is_off_stays_in_time_and_loses_no_word(speed: float) -> None:
    """Five minutes, a second and a half to be made good, in the pauses: the jitter buffer holds nothing back for it."""
    peer = Peer()
    began, spoken = peer.now, 0
    silence = bytes([0xFF]) * STEP
    for n in range(round(300 * speed / STEP_S)):
        peer.now = began + (n + 1) * STEP_S / speed
        speaks = n % 100 < 70
        spoken += speaks
        peer.session.receive(peer.packet(sound(n % 7) if speaks else silence), PEER)
        peer.session.advance(peer.now)
        assert abs(len(peer.line) / 8000 - (peer.now - began)) < 0.7
    assert np.count_nonzero(peer.line.samples) == pytest.approx(spoken * STEP, rel=1e-3)
    assert peer.session.counters.flooded == 0
    assert peer.session.counters.lost == 0
