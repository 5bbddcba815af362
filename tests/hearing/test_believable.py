"""Words are believed where one voice rises above what lies under it, and nowhere else."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np
import pytest
from tests.support.deadline import WITHIN_S
from tests.support.nobody import SOUNDS, nobody

from kikimori.hearing.frames import BLOCK_S, block_samples
from kikimori.hearing.speech.believable import Certainty, SoundDepth, believed, once
from kikimori.hearing.speech.pool import SpeechPool
from kikimori.hearing.speech.vosk_engine import VoskEngine
from kikimori.modelstore import resolve
from kikimori_core.model.call import Role
from kikimori_core.model.evidence import Utterance
from kikimori_lab.demo.script import RATE, load_calls

BLOCK = block_samples(RATE) * 2


def is_a_voice(pcm: bytes) -> bool:
    depth = SoundDepth(RATE)
    for at in range(0, len(pcm), BLOCK):
        depth.add(pcm[at : at + BLOCK])
    return depth.is_a_voice


@pytest.mark.parametrize("under", ["silence", "hiss", "babble"])
def test_what_somebody_says_is_a_voice(under: str) -> None:
    """Each sentence of the demo, with noise 15 dB below it, and as much of the pause as the gate lets pass."""
    loud = 10 ** ((-22 + 37 - 15) / 20)
    for call in load_calls():
        for said in call.truth.segments:
            pcm = call.voices[said.role][
                int((said.start - 0.2) * RATE) : int((said.end + 0.6) * RATE)
            ].astype(float)
            voice = pcm / np.sqrt(np.mean(pcm[RATE // 5 : -RATE * 3 // 5] ** 2)) * 32768 * 10 ** (-22 / 20)
            noise = np.frombuffer(nobody(under, len(voice) / RATE), dtype="<i2")[: len(voice)]
            mixed = np.clip(voice[: len(noise)] + noise * loud, -32768, 32767).astype("<i2")
            assert is_a_voice(mixed.tobytes()), (call.name, said.text)


@pytest.mark.parametrize("kind", sorted(SOUNDS.keys() - {"silence", "tones"}))
async def test_the_bundled_model_makes_no_words_of_what_nobody_said(kind: str) -> None:
    assert await words_of([nobody(kind, 4.0, seed=seed) for seed in range(10)]) == []


async def words_of(utterances: list[bytes]) -> list[str]:
    """Return what the bundled model writes for one leg's utterances, partial texts too."""
    heard: list[Utterance] = []
    done = asyncio.Event()
    engine = VoskEngine(resolve("ja-synth", Path("unused")))
    pool = SpeechPool(engine, asyncio.get_running_loop(), threads=1, backlog_s=600)
    try:
        leg = pool.open(Role.CUSTOMER, RATE, heard.append, done.set)
        for number, pcm in enumerate(utterances):
            for at in range(0, len(pcm), BLOCK):
                place = number * 6 + at // BLOCK * BLOCK_S
                leg.feed(pcm[at : at + BLOCK], place, closes=at + BLOCK >= len(pcm))
        leg.close()
        async with asyncio.timeout(WITHIN_S):
            await done.wait()
    finally:
        await asyncio.to_thread(pool.stop)
    return [each.text for each in heard if each.text]


def louder(pcm: bytes, decibels: float) -> bytes:
    samples = np.frombuffer(pcm, dtype="<i2") * 10 ** (decibels / 20)
    return bytes(np.clip(samples, -32768, 32767).astype("<i2").tobytes())


def jumping(seed: int) -> bytes:
    """Two seconds of babble, and three of the same people 20 dB louder: as deep as a voice over its background."""
    babble = nobody("babble", 5.0, seed=seed)
    at = 2 * RATE * 2
    return babble[:at] + louder(babble[at:], 20.0)


def heard_after(*utterances: bytes) -> list[bool]:
    """Return whether each utterance of one leg is taken for a voice."""
    depth, found = SoundDepth(RATE), []
    for pcm in utterances:
        for at in range(0, len(pcm), BLOCK):
            depth.add(pcm[at : at + BLOCK])
        found.append(depth.is_a_voice)
        depth.clear()
    return found


def said_over_babble(below_db: float, seed: int) -> bytes:
    """Return a sentence of the demo's customer with babble so far below it."""
    call = load_calls()[seed % len(load_calls())]
    said = max(
        (each for each in call.truth.segments if each.role is Role.CUSTOMER),
        key=lambda each: each.end - each.start,
    )
    voice = call.voices[Role.CUSTOMER][int((said.start - 0.2) * RATE) : int((said.end + 0.6) * RATE)]
    spoken = voice * (32768 * 10 ** (-22 / 20) / np.sqrt(np.mean(voice[RATE // 5 : -RATE * 3 // 5] ** 2.0)))
    babble = np.frombuffer(nobody("babble", len(voice) / RATE, seed=seed), dtype="<i2")
    mixed = spoken[: len(babble)] + babble[: len(voice)] * 10 ** ((-22 + 37 - below_db) / 20)
    return bytes(np.clip(mixed, -32768, 32767).astype("<i2").tobytes())


@pytest.mark.parametrize("seed", range(6))
def test_babble_whose_level_jumps_is_no_voice(seed: int) -> None:
    assert not is_a_voice(jumping(seed))


@pytest.mark.parametrize("seed", range(6))
def test_a_voice_in_babble_is_one(seed: int) -> None:
    assert is_a_voice(said_over_babble(10.0, seed))


def test_who_speaks_after_a_minute_of_babble_is_heard() -> None:
    heard = heard_after(*(jumping(seed) for seed in range(12)), said_over_babble(15.0, 1))
    assert heard == [False] * 12 + [True]


def test_one_sign_in_seconds_of_doubtful_sound_is_not_believed() -> None:
    """People say three signs a second and more; of babble, a recogniser makes one."""
    depth = SoundDepth(RATE)
    pcm = said_over_babble(7.0, 2)
    for at in range(0, len(pcm), BLOCK):
        depth.add(pcm[at : at + BLOCK])
    assert depth.is_a_voice
    assert depth.bears("お前じゃ話にならないから責任者を出してくれ")
    assert not depth.bears("あ")


async def test_the_bundled_model_makes_no_words_of_babble_whose_level_jumps() -> None:
    assert await words_of([jumping(seed) for seed in range(6)]) == []


def test_the_voice_is_found_in_babble_that_never_stops() -> None:
    call = next(each for each in load_calls() if each.name == "threat")
    said = max(
        (each for each in call.truth.segments if each.role is Role.CUSTOMER),
        key=lambda each: each.end - each.start,
    )
    voice = call.voices[Role.CUSTOMER][int(said.start * RATE) : int(said.end * RATE)].astype(float)
    voice *= 32768 * 10 ** (-22 / 20) / np.sqrt(np.mean(voice**2))
    mixed = np.frombuffer(nobody("babble", 6 + len(voice) / RATE), dtype="<i2").astype(float)
    mixed[3 * RATE : 3 * RATE + len(voice)] += voice
    depth = SoundDepth(RATE)
    pcm = np.clip(mixed, -32768, 32767).astype("<i2").tobytes()
    for at in range(0, len(pcm), BLOCK):
        depth.add(pcm[at : at + BLOCK])
    found = depth.voiced()
    assert 2.3 <= found.start_s <= 3.1
    assert -0.1 <= found.end_s - (3 + len(voice) / RATE) <= 0.7


def test_a_gap_in_the_sound_is_no_quiet_ground_under_a_voice() -> None:
    babble = nobody("babble", 3.0)
    assert not is_a_voice(bytes(len(babble)) + babble)


@pytest.mark.parametrize(
    ("text", "certainty", "is_said"),
    [
        ("責任者を出せ", Certainty(0.2, -0.4), True),
        ("閉じ込めてやる", Certainty(0.45, -0.6), True),
        ("スタッフの上に", Certainty(0.8, -0.8), False),
        ("おはようございます。", Certainty(0.13, -1.5), False),
        ("んんんん", Certainty(0.46, -0.2), False),
        ("ありがとう" * 12, Certainty(0.1, -0.1), False),
        ("", Certainty(0.0, 0.0), False),
    ],
)
def test_whispers_own_doubt_counts(text: str, certainty: Certainty, is_said: bool) -> None:
    assert believed(text, certainty) is is_said


def test_what_is_written_again_and_again_was_said_once() -> None:
    assert once("責任者を出せ責任者を出せ責任者を出せ") == "責任者を出せ"
    assert once("返金してください。お願いします") == "返金してください。お願いします"
