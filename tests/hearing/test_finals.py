"""Utterances heard again, by a second engine that waits to be told: who counts, who goes first, what is shed."""

from __future__ import annotations

import asyncio
import threading
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import numpy as np
import pytest
from tests.support.deadline import WITHIN_S

from kikimori.hearing.speech.believable import Certainty
from kikimori.hearing.speech.engine import Recognised, SpeechStream, Transcription
from kikimori.hearing.speech.finals import FinalsQueue
from kikimori.hearing.speech.pool import SpeechLeg, SpeechPool
from kikimori_core.model.call import Role
from kikimori_core.model.evidence import LikelyText, OtherTranscription, RecognisedWord, Utterance

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

RATE = 8000


class First:
    """A streaming engine that hears each second of sound as the word 「一」, and no word in sound that begins with 0."""

    kind = "first"
    name = "first"
    fault = None

    def open(self, rate: int) -> SpeechStream:
        assert rate == RATE
        return _FirstStream()


class _FirstStream:
    def __init__(self) -> None:
        self._fed_s = 0.0
        self._words: list[RecognisedWord] = []

    def accept(self, pcm: bytes, *, wanted: bool = True) -> Recognised | None:
        del wanted
        began, self._fed_s = self._fed_s, self._fed_s + len(pcm) / 2 / RATE
        if not pcm[0]:
            return None
        self._words.append(RecognisedWord("一", began, self._fed_s, 1.0))
        return Recognised("一" * len(self._words), (), final=False)

    def finish(self, *, wanted: bool = True) -> Recognised | None:
        del wanted
        words, self._words = tuple(self._words), []
        return Recognised("".join(each.text for each in words), words, final=True) if words else None

    def close(self) -> None:
        pass


class Second:
    """Hears each utterance as its first byte when `go` is set; 255 cannot be heard, 254 is nothing."""

    kind = "second"
    name = "second"

    def __init__(self) -> None:
        self.go = threading.Event()
        self.began = threading.Event()
        self.given: list[int] = []
        """Seconds of each that was begun, rounded up."""

    def hear(self, pcm: bytes, rate: int) -> Transcription:
        assert rate == RATE
        self.given.append(-(-len(pcm) // 2 // rate))
        self.began.set()
        assert self.go.wait(WITHIN_S)
        if pcm[0] == 255:
            raise RuntimeError("cannot be heard")
        others = (LikelyText(f"~{pcm[0]}", (), 0.3),)
        return Transcription("" if pcm[0] == 254 else f"={pcm[0]}", Certainty(0.0, 0.0), others)


@asynccontextmanager
async def opened(
    second: Second, *, replaces: bool, backlog_s: float | None = None, live: bool = False
) -> AsyncIterator[SpeechPool]:
    loop = asyncio.get_running_loop()
    latest_s = WITHIN_S if live else None
    finals = FinalsQueue(second, loop, replaces=replaces, backlog_s=backlog_s, latest_s=latest_s)
    pool = SpeechPool(First(), loop, threads=1, backlog_s=600, finals=finals)
    try:
        yield pool
    finally:
        second.go.set()
        await asyncio.to_thread(pool.stop)
        assert not [each for each in threading.enumerate() if each.name.startswith("speech-")]


def sound(number: int) -> bytes:
    """Half a second that rises far above what is below it again and again, as a voice does, and a pause."""
    frames = np.full((RATE // 160, 160), 16, dtype="<i2")
    frames[[at for at in range(24) if at % 6 < 3]] = np.resize(np.array([8000, 8000, -8000, -8000]), 160)
    samples = frames.reshape(-1)
    samples[0] = number
    return samples.tobytes()


QUIET = np.full(RATE // 5, 16, dtype="<i2").tobytes()
"""A block after the voice."""


async def settled(pool: SpeechPool) -> None:
    async with asyncio.timeout(WITHIN_S):
        while not pool.idle:  # noqa: ASYNC110 - threads set no asyncio.Event
            await asyncio.sleep(0.005)
    await asyncio.sleep(0)


async def spoken(pool: SpeechPool, *numbers: int, role: Role = Role.CUSTOMER) -> list[Utterance]:
    heard: list[Utterance] = []
    done = asyncio.Event()
    leg = pool.open(role, RATE, heard.append, done.set)
    for at, number in enumerate(numbers):
        leg.feed(sound(number), 2.0 * at, closes=True)
        await settled(pool)
    leg.close()
    async with asyncio.timeout(WITHIN_S):
        await done.wait()
    return [each for each in heard if each.final]


async def test_both_are_told_and_the_second_bears_the_first() -> None:
    second = Second()
    second.go.set()
    async with opened(second, replaces=False) as pool:
        first, again = await spoken(pool, 7)
    assert (first.text, first.engine, first.again) == ("一", "first", False)
    assert (again.text, again.engine, again.again) == ("=7", "second", True)
    assert again.other == OtherTranscription("一", "first")
    assert [each.text for each in again.likely] == ["~7"]
    assert again.line_id == first.line_id


async def test_the_second_replaces_the_first() -> None:
    second = Second()
    second.go.set()
    async with opened(second, replaces=True) as pool:
        heard = await spoken(pool, 7, 255, 254)
    # The first stands where the second failed; what was nothing takes its partials back.
    assert [(each.text, each.engine, each.again) for each in heard] == [
        ("=7", "second", False),
        ("一", "first", False),
        ("", "second", False),
    ]


async def test_speech_in_which_the_stream_heard_no_word_is_heard_by_the_second() -> None:
    second = Second()
    second.go.set()
    async with opened(second, replaces=False) as pool:
        [heard] = await spoken(pool, 256)
        assert pool.finals is not None
        assert pool.finals.heard == 1
    assert (heard.text, heard.other, heard.again) == ("=0", None, False)


async def test_an_operator_is_not_heard_again() -> None:
    second = Second()
    async with opened(second, replaces=True) as pool:
        heard = await spoken(pool, 7, role=Role.OPERATOR)
    assert [each.text for each in heard] == ["一"]
    assert not second.began.is_set()


def speak(leg: SpeechLeg, *numbers: int) -> None:
    for at, number in enumerate(numbers):
        leg.feed(sound(number), 2.0 * at, closes=True)


async def test_calls_with_alerts_go_first_and_the_calmest_are_shed() -> None:
    second = Second()
    told: list[tuple[str, str]] = []
    async with opened(second, replaces=True, backlog_s=4.5) as pool:
        ended = [asyncio.Event(), asyncio.Event(), asyncio.Event()]
        legs = [
            pool.open(
                Role.CUSTOMER,
                RATE,
                lambda each, name=name: told.append((name, each.text)) if each.final else None,  # type: ignore[misc]
                ended[number].set,
            )
            for number, name in enumerate(("busy", "calm", "urgent"))
        ]
        busy, calm, urgent = legs
        urgent.priority = 2
        speak(busy, 9)
        # One is being heard; the others wait.
        assert await asyncio.to_thread(second.began.wait, WITHIN_S)
        speak(calm, 1, 2, 3)
        speak(urgent, 4, 5, 6)
        for leg in legs:
            leg.close()
        assert pool.finals is not None
        async with asyncio.timeout(WITHIN_S):
            while pool.finals.shed < 2:  # noqa: ASYNC110 - threads set no asyncio.Event
                await asyncio.sleep(0.005)
        assert pool.finals.waiting_s <= 4.5
        second.go.set()
        async with asyncio.timeout(WITHIN_S):
            await asyncio.gather(*(each.wait() for each in ended))
        assert pool.finals.shed == 2
        assert pool.finals.shed_lately
    # What was shed stands as the stream heard it; alerts' calls are heard whole, and before the calm one's rest.
    assert [each for each in told if each[0] == "urgent"] == [
        ("urgent", "=4"),
        ("urgent", "=5"),
        ("urgent", "=6"),
    ]
    assert sorted(text for name, text in told if name == "calm") == ["=3", "一", "一"]
    assert told.index(("urgent", "=6")) < told.index(("calm", "=3"))


@asynccontextmanager
async def live_leg(
    second: Second, *, replaces: bool
) -> AsyncIterator[tuple[SpeechPool, SpeechLeg, list[Utterance]]]:
    """A customer's leg of a live call, and what is heard of it."""
    heard: list[Utterance] = []
    async with opened(second, replaces=replaces, live=True) as pool:
        yield pool, pool.open(Role.CUSTOMER, RATE, heard.append, lambda: None), heard


@pytest.mark.parametrize("replaces", [True, False])
async def test_a_live_utterance_is_heard_at_its_pause_and_told_at_its_end(replaces: bool) -> None:
    second = Second()
    second.go.set()
    async with live_leg(second, replaces=replaces) as (pool, leg, heard):
        leg.feed(sound(7), 0.0, closes=False)
        assert await asyncio.to_thread(second.began.wait, WITHIN_S)
        await settled(pool)
        assert not [each for each in heard if each.final]
        leg.feed(QUIET, 1.0, closes=True)
        await settled(pool)
        assert pool.finals is not None
        assert pool.finals.heard == 1
    assert [each.text for each in heard if each.final] == (["=7"] if replaces else ["一", "=7"])
    assert second.given == [1]


async def test_a_live_utterance_is_over_at_a_long_pause_without_the_gate() -> None:
    second = Second()
    second.go.set()
    async with live_leg(second, replaces=False) as (pool, leg, heard):
        leg.feed(sound(7), 0.0, closes=False)
        await settled(pool)
        assert not [each for each in heard if each.final]
        for at in (1.0, 1.2):
            leg.feed(QUIET, at, closes=False)
        await settled(pool)
        assert [each.text for each in heard if each.final] == ["一", "=7"]
        leg.feed(sound(8), 1.4, closes=True)
        await settled(pool)
    assert [(each.text, each.line_id) for each in heard if each.final][2:] == [
        ("一", "customer-1"),
        ("=8", "customer-1"),
    ]


async def test_what_goes_on_after_its_pause_is_heard_again_as_a_whole() -> None:
    second = Second()
    async with live_leg(second, replaces=True) as (pool, leg, heard):
        leg.feed(sound(7), 0.0, closes=False)
        assert await asyncio.to_thread(second.began.wait, WITHIN_S)
        leg.feed(sound(8), 1.0, closes=True)
        second.go.set()
        await settled(pool)
    assert [each.text for each in heard if each.final] == ["=7"]
    assert second.given == [1, 2]


async def test_an_utterance_that_failed_at_its_pause_is_tried_once_more() -> None:
    second = Second()
    second.go.set()
    async with live_leg(second, replaces=True) as (pool, leg, heard):
        leg.feed(sound(255), 0.0, closes=False)
        assert await asyncio.to_thread(second.began.wait, WITHIN_S)
        assert pool.finals is not None
        async with asyncio.timeout(WITHIN_S):
            while pool.finals._busy:  # noqa: ASYNC110 - threads set no asyncio.Event
                await asyncio.sleep(0.005)
        leg.feed(QUIET, 1.0, closes=True)
        await settled(pool)
        assert pool.finals is not None
        assert pool.finals.shed == 1
    assert [each.text for each in heard if each.final] == ["一"]
    assert second.given == [1, 1]


async def test_nothing_is_begun_at_a_pause_while_another_waits() -> None:
    second = Second()
    async with opened(second, replaces=True, live=True) as pool:
        busy, other = (pool.open(Role.CUSTOMER, RATE, lambda _: None, lambda: None) for _ in range(2))
        busy.feed(sound(1), 0.0, closes=True)
        assert await asyncio.to_thread(second.began.wait, WITHIN_S)
        other.feed(sound(2), 0.0, closes=False)
        await until_decoded(pool)
        assert pool.finals is not None
        assert pool.finals.waiting_s == 0
        second.go.set()
    assert second.given == [1]


async def until_decoded(pool: SpeechPool) -> None:
    async with asyncio.timeout(WITHIN_S):
        while pool.waiting_s or not all(each.idle for each in pool._workers):  # noqa: ASYNC110 - see above
            await asyncio.sleep(0.005)


async def test_nothing_is_begun_while_held_back() -> None:
    second = Second()
    second.go.set()
    async with opened(second, replaces=True) as pool:
        heard: list[Utterance] = []
        leg = pool.open(Role.CUSTOMER, RATE, heard.append, lambda: None)
        assert pool.finals is not None
        pool.finals.hold_back(held=True)
        leg.feed(sound(7), 0.0, closes=True)
        async with asyncio.timeout(WITHIN_S):
            while not pool.finals.waiting_s:  # noqa: ASYNC110 - threads set no asyncio.Event
                await asyncio.sleep(0.005)
        assert not second.began.is_set()
        pool.finals.hold_back(held=False)
        await settled(pool)
    assert [each.text for each in heard if each.final] == ["=7"]


@pytest.mark.parametrize("replaces", [True, False])
async def test_what_still_waits_does_not_keep_the_pool_from_stopping(replaces: bool) -> None:
    second = Second()
    async with opened(second, replaces=replaces) as pool:
        leg = pool.open(Role.CUSTOMER, RATE, lambda _: None, lambda: None)
        speak(leg, 1, 2, 3)
        assert await asyncio.to_thread(second.began.wait, WITHIN_S)
