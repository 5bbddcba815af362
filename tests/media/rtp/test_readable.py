"""Sound and other bytes, told apart by the bytes alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from kikimori.media.g711 import encode_alaw, encode_ulaw
from kikimori.media.g722 import G722Encoder
from kikimori.media.rtp.readable import Readability, Readable, zrtp_message

CALLS = Path(__file__).parents[3] / "agent" / "kikimori_lab" / "demo" / "calls"


def packets(data: bytes, size: int = 160) -> list[bytes]:
    return [data[at : at + size] for at in range(0, len(data) - size, size)]


def encoded(pcm: bytes, codec: str) -> bytes:
    match codec:
        case "ulaw":
            return encode_ulaw(pcm)
        case "alaw":
            return encode_alaw(pcm)
        case "g722":
            return G722Encoder().encode(pcm)
        case _:
            return np.frombuffer(pcm, np.int16).byteswap().tobytes()


@pytest.mark.parametrize("codec", ["ulaw", "alaw", "g722", "l16"])
@pytest.mark.parametrize("gain", [1, 8])
def test_speech_is_sound_however_loud(codec: str, gain: int) -> None:
    samples, _ = soundfile.read(CALLS / "loud-elder.flac", dtype="int16", always_2d=True, frames=160_000)
    loud = np.clip(samples[:, 0].astype(np.int32) * gain, -32768, 32767).astype(np.int16)
    readable = Readable()
    readings = {readable.look(each) for each in packets(encoded(loud.tobytes(), codec))}
    assert readings <= {Readability.SOUND, Readability.HELD}
    assert readable.reading is Readability.SOUND


@pytest.mark.parametrize("codec", ["ulaw", "alaw", "g722", "l16"])
@pytest.mark.parametrize("level", [100, 3000, 12000, 30000])
def test_noise_is_sound(codec: str, level: int) -> None:
    noise = np.clip(np.random.default_rng(level).normal(0, level, 80_000), -32768, 32767).astype(np.int16)
    readable = Readable()
    assert Readability.EVEN not in {readable.look(each) for each in packets(encoded(noise.tobytes(), codec))}


@pytest.mark.parametrize("size", [40, 80, 160, 164, 170, 240, 330])
def test_encrypted_bytes_are_never_taken_for_sound(size: int) -> None:
    dice = np.random.default_rng(size)
    readable = Readable()
    readings = [readable.look(dice.bytes(size)) for _ in range(2000)]
    assert Readability.SOUND not in readings
    # Within a second, at 20 ms each.
    assert Readability.EVEN in readings[:50]


def test_what_was_encrypted_may_become_sound_again() -> None:
    dice = np.random.default_rng(3)
    readable = Readable()
    for _ in range(20):
        readable.look(dice.bytes(160))
    assert readable.reading is Readability.EVEN
    assert readable.look(bytes(160)) is Readability.SOUND


@settings(max_examples=200, deadline=None)
@given(st.lists(st.binary(max_size=400), max_size=40))
def test_any_payloads_are_looked_at(payloads: list[bytes]) -> None:
    readable = Readable()
    for each in payloads:
        assert readable.look(each) in Readability


@given(st.binary(max_size=60))
def test_any_datagram_may_be_asked_for_zrtp(data: bytes) -> None:
    assert zrtp_message(data) is None or data[4:8] == b"ZRTP"
    assert zrtp_message(b"\x10\0\0\0ZRTP" + data) is None or len(data) >= 4
