"""Recognition with the real Vosk engine and the bundled model; shedding with an engine that waits to be told."""

from __future__ import annotations

import asyncio
import difflib
import itertools
import threading
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.support.deadline import WITHIN_S

from kikimori.hearing.bank import AcousticBank
from kikimori.hearing.frames import BLOCK_S, block_samples
from kikimori.hearing.speech.engine import Recognised, join_words
from kikimori.hearing.speech.pool import SpeechLeg, SpeechPool
from kikimori.hearing.speech.vosk_engine import SpeechModelError, VoskEngine
from kikimori.modelstore import resolve
from kikimori_core.model.call import Role
from kikimori_core.model.evidence import RecognisedWord, Utterance
from kikimori_lab.demo.script import RATE, DemoCall, load_calls

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from kikimori.hearing.speech.engine import SpeechEngine, SpeechStream

BLOCK = block_samples(RATE)
LOUD, LOW = b"\x00\x10", b"\x10\x00"
"""Samples: what is equally loud all the time is no voice."""


@pytest.fixture(scope="module")
def engine() -> VoskEngine:
    return VoskEngine(resolve("ja-synth", Path("unused")))


@asynccontextmanager
async def opened(
    engine: SpeechEngine, *, threads: int = 2, backlog_s: float = 120, latest_s: float | None = None
) -> AsyncIterator[SpeechPool]:
    loop = asyncio.get_running_loop()
    pool = SpeechPool(engine, loop, threads=threads, backlog_s=backlog_s, latest_s=latest_s)
    try:
        yield pool
    finally:
        await asyncio.to_thread(pool.stop)
        assert not [each for each in threading.enumerate() if each.name.startswith("speech-")]


async def recognise(pool: SpeechPool, call: DemoCall, role: Role) -> list[Utterance]:
    """Hear one leg as the desk does: through the gate, a block before speech included."""
    heard: list[Utterance] = []
    done = asyncio.Event()
    leg = pool.open(role, RATE, heard.append, done.set)
    bank = AcousticBank(RATE)
    slot = bank.open()
    pcm = call.voices[role].tobytes()
    before: tuple[bytes, float] | None = None
    for number in range(len(pcm) // 2 // BLOCK):
        block = pcm[number * BLOCK * 2 : (number + 1) * BLOCK * 2]
        found = bank.hear([slot], block)
        if not found.passes[0]:
            before = (block, number * BLOCK_S)
            continue
        if before:
            leg.feed(*before, closes=False)
            before = None
        leg.feed(block, number * BLOCK_S, closes=bool(found.closes[0]))
    leg.close()
    async with asyncio.timeout(WITHIN_S):
        await done.wait()
    return heard


@pytest.mark.parametrize("name", ["superior-demand", "detention-after-refusal", "calm-enquiry"])
async def test_words_are_where_they_were_said(engine: VoskEngine, name: str) -> None:
    """Across every silence that the recogniser never heard, after any number of utterances."""
    call = next(each for each in load_calls() if each.name == name)
    async with opened(engine) as pool:
        for role in (Role.CUSTOMER, Role.OPERATOR):
            heard = await recognise(pool, call, role)
            finals = [each for each in heard if each.final]
            truth = [each for each in call.truth.segments if each.role is role]
            assert len(finals) >= len(truth) - 1
            words = [word for each in finals for word in each.words]
            # Times go forward, and every word lies where somebody of this role spoke (0.4 s for breath and echo).
            assert all(a.start_s <= b.start_s for a, b in itertools.pairwise(words))
            astray = [
                word
                for word in words
                if not any(
                    each.start - 0.4 <= word.start_s and word.end_s <= each.end + 0.4 for each in truth
                )
            ]
            assert len(astray) <= 0.05 * len(words), astray
            # And in most segments the words are those that were said.
            right = 0
            for segment in truth:
                said = join_words(
                    [w.text for w in words if segment.start - 0.4 <= w.start_s <= segment.end + 0.4]
                )
                right += difflib.SequenceMatcher(None, said, segment.text).ratio() > 0.6
            assert right >= 0.7 * len(truth)


async def test_partials_lead_to_their_final(engine: VoskEngine) -> None:
    call = next(each for each in load_calls() if each.name == "superior-demand")
    async with opened(engine) as pool:
        heard = await recognise(pool, call, Role.CUSTOMER)
    partials = [each for each in heard if not each.final]
    finals = [each for each in heard if each.final]
    assert len(partials) > len(finals)
    assert not any(each.words for each in partials)
    assert len({each.line_id for each in finals}) == len(finals)
    # The partials of an utterance come before its final and bear its name; none is left over.
    open_line: str | None = None
    for each in heard:
        assert open_line in (None, each.line_id)
        open_line = None if each.final else each.line_id
    assert not any("[unk]" in each.text for each in heard)


async def test_silence_and_noise_say_nothing(engine: VoskEngine) -> None:
    heard: list[Utterance] = []
    done = asyncio.Event()
    async with opened(engine) as pool:
        leg = pool.open(Role.CUSTOMER, RATE, heard.append, done.set)
        for number in range(20):
            leg.feed(bytes(BLOCK * 2), number * BLOCK_S, closes=number % 5 == 4)
        leg.close()
        async with asyncio.timeout(WITHIN_S):
            await done.wait()
    assert heard == []


def test_a_folder_that_is_no_model(tmp_path: Path) -> None:
    with pytest.raises(SpeechModelError, match="does not exist"):
        VoskEngine(tmp_path / "none")
    (tmp_path / "am").mkdir()
    with pytest.raises(SpeechModelError, match="not a whole Vosk model"):
        VoskEngine(tmp_path)


# --- the pool, with an engine that is told when to go on


class Patient:
    """An engine that decodes nothing before `go` is set, then says the audio's first byte."""

    kind = "patient"
    name = "patient"
    fault = None

    def __init__(self) -> None:
        self.go = threading.Event()
        self.opened = self.closed = 0
        self.wanted: list[bool] = []
        """True for each finished utterance whose words were wanted."""

    def open(self, rate: int) -> SpeechStream:
        assert rate == RATE
        self.opened += 1
        return _PatientStream(self)


class _PatientStream:
    def __init__(self, engine: Patient) -> None:
        self._engine = engine
        self._said: list[RecognisedWord] = []
        self._fed_s = 0.0

    def accept(self, pcm: bytes, *, wanted: bool = True) -> Recognised | None:
        del wanted
        assert self._engine.go.wait(WITHIN_S)
        if pcm[0] == 255:
            raise RuntimeError("this leg's recogniser fails")
        duration = len(pcm) / 2 / RATE
        self._said.append(RecognisedWord(str(pcm[0]), self._fed_s, self._fed_s + duration, 1.0))
        self._fed_s += duration
        return None

    def finish(self, *, wanted: bool = True) -> Recognised | None:
        self._engine.wanted.append(wanted)
        words, self._said = tuple(self._said), []
        return Recognised(" ".join(word.text for word in words), words, final=True) if words else None

    def close(self) -> None:
        self._engine.closed += 1


def speak(leg: SpeechLeg, numbers: range, *, closes: bool = False) -> None:
    for number in numbers:
        leg.feed(
            bytes([number, 16]) + LOUD * (BLOCK // 2 - 1) + LOW * (BLOCK // 2),
            number * BLOCK_S,
            closes=closes,
        )


async def test_the_calmest_call_is_shed_first_and_counted() -> None:
    engine = Patient()
    calm: list[Utterance] = []
    urgent: list[Utterance] = []
    ended = [asyncio.Event(), asyncio.Event()]
    async with opened(engine, threads=1, backlog_s=4) as pool:
        cool = pool.open(Role.CUSTOMER, RATE, calm.append, ended[0].set)
        first = pool.open(Role.CUSTOMER, RATE, urgent.append, ended[1].set)
        first.priority = 2
        speak(cool, range(1, 16))
        speak(first, range(1, 16))
        assert pool.waiting_s <= 4
        assert pool.shed_s == pytest.approx(cool.shed_s)
        assert cool.shed_s > 1.5
        assert first.shed_s == 0
        engine.go.set()
        cool.close()
        first.close()
        async with asyncio.timeout(WITHIN_S):
            await asyncio.gather(*(each.wait() for each in ended))
    assert " ".join(each.text for each in urgent) == " ".join(map(str, range(1, 16)))
    # What was kept stands at its own time, after the hole in a new utterance.
    kept = [word for each in calm for word in each.words]
    assert all(word.start_s == pytest.approx(int(word.text) * BLOCK_S) for word in kept)
    assert len(kept) < 15


async def test_among_equally_calm_calls_the_operators_words_go_first() -> None:
    engine = Patient()
    async with opened(engine, threads=1, backlog_s=4) as pool:
        operator = pool.open(Role.OPERATOR, RATE, lambda _: None, lambda: None)
        first, second = (pool.open(Role.CUSTOMER, RATE, lambda _: None, lambda: None) for _ in range(2))
        for leg in (first, second, operator):
            speak(leg, range(1, 9))
        assert operator.shed_s > 0
        assert first.shed_s == second.shed_s == 0
        # Then those of the call that came last: the other is heard whole.
        speak(first, range(9, 20))
        assert second.shed_s > 0
        assert first.shed_s == 0
        engine.go.set()


async def test_words_that_would_come_too_late_are_shed_and_what_was_begun_is_finished() -> None:
    engine = Patient()
    engine.go.set()
    calm: list[Utterance] = []
    ended = asyncio.Event()
    async with opened(engine, threads=1, latest_s=WITHIN_S) as pool:
        cool = pool.open(Role.CUSTOMER, RATE, calm.append, ended.set)
        first = pool.open(Role.CUSTOMER, RATE, lambda _: None, lambda: None)
        first.priority = 2
        speak(cool, range(1, 2))
        await until(lambda: pool.idle)
        engine.go.clear()
        speak(first, range(2, 3))
        await until(lambda: not pool.waiting_s)
        speak(cool, range(3, 6))
        # From now on nothing may have waited at all; a limit of milliseconds would shed the first words too.
        pool._workers[0]._latest_s = 0.0
        engine.go.set()
        # The leg goes on; its utterance need not wait for more.
        await until(lambda: [each.text for each in calm if each.final] == ["1"])
        assert pool.shed_s == pytest.approx(cool.shed_s) == pytest.approx(3 * BLOCK_S)
        assert pool.shed_lately
        speak(cool, range(7, 8))
        cool.close()
        async with asyncio.timeout(WITHIN_S):
            await ended.wait()
    assert {word.text for each in calm for word in each.words} <= {"1", "7"}


async def test_nothing_is_decoded_while_sound_has_to_go_first() -> None:
    engine = Patient()
    engine.go.set()
    heard: list[Utterance] = []
    ended = asyncio.Event()
    async with opened(engine, threads=1) as pool:
        pool.hold_back(held=True)
        leg = pool.open(Role.CUSTOMER, RATE, heard.append, ended.set)
        speak(leg, range(1, 4))
        leg.close()
        await asyncio.sleep(0.05)
        assert engine.opened == 0
        pool.hold_back(held=False)
        async with asyncio.timeout(WITHIN_S):
            await ended.wait()
    assert [each.text for each in heard if each.final] == ["1 2 3"]


async def test_the_words_of_what_is_no_voice_are_not_asked_for() -> None:
    """Of music they cost seconds, and they do not count."""
    engine = Patient()
    engine.go.set()
    ended = asyncio.Event()
    async with opened(engine, threads=1) as pool:
        leg = pool.open(Role.CUSTOMER, RATE, lambda _: None, ended.set)
        leg.feed(LOUD * BLOCK, 0.0, closes=True)
        leg.feed((LOUD * (BLOCK // 2) + LOW * (BLOCK // 2)) * 2, 1.0, closes=True)
        leg.close()
        async with asyncio.timeout(WITHIN_S):
            await ended.wait()
    assert engine.wanted[:2] == [False, True]


async def until(condition: Callable[[], bool]) -> None:
    """Wait for what a thread does, which tells nobody."""
    async with asyncio.timeout(WITHIN_S):
        while not condition():  # noqa: ASYNC110 - see above
            await asyncio.sleep(0.005)


async def test_one_leg_that_fails_does_not_stop_the_others() -> None:
    engine = Patient()
    engine.go.set()
    heard: list[Utterance] = []
    ended = [asyncio.Event(), asyncio.Event()]
    async with opened(engine, threads=1) as pool:
        bad = pool.open(Role.CUSTOMER, RATE, heard.append, ended[0].set)
        good = pool.open(Role.OPERATOR, RATE, heard.append, ended[1].set)
        speak(bad, range(255, 256))
        speak(good, range(1, 4))
        bad.close()
        good.close()
        async with asyncio.timeout(WITHIN_S):
            await asyncio.gather(*(each.wait() for each in ended))
    assert [each.text for each in heard] == ["1 2 3"]
    # What failed may hold a connection to another machine.
    assert engine.closed == engine.opened == 2


async def test_stopping_does_not_wait_for_what_is_queued() -> None:
    """`opened` looks after the threads' end."""
    engine = Patient()
    async with opened(engine, threads=2) as pool:
        legs = [pool.open(Role.CUSTOMER, RATE, lambda _: None, lambda: None) for _ in range(4)]
        for leg in legs:
            speak(leg, range(1, 20))
        engine.go.set()
