"""A desk with patience hears at the pace of recognition: what comes too fast waits, and nothing of it is lost."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tests.calls.test_desk import News
from tests.support.told import PHRASES, RULES

from kikimori.calls.desk import WORDS_BEHIND_S, Desk
from kikimori.calls.settings import DeskSettings
from kikimori.hearing.speech.pool import SpeechPool
from kikimori.hearing.speech.vosk_engine import VoskEngine
from kikimori.modelstore import resolve
from kikimori_core.model.call import CallInfo, EndReason, LegInfo, Role
from kikimori_lab.demo.script import RATE, load_calls

if TYPE_CHECKING:
    from kikimori.hearing.speech.engine import Recognised, SpeechStream

SLOWER_BY_S = 0.03
BACKLOG_S = 10.0


class BusyMachine:
    """The real recogniser, on a machine that has little time for it."""

    def __init__(self) -> None:
        self._engine = VoskEngine(resolve("ja-synth", Path("unused")))
        self.kind, self.name, self.fault = "busy", "busy", None

    def open(self, rate: int) -> BusyStream:
        return BusyStream(self._engine.open(rate))


class BusyStream:
    def __init__(self, stream: SpeechStream) -> None:
        self._stream = stream

    def accept(self, pcm: bytes, *, wanted: bool = True) -> Recognised | None:
        time.sleep(SLOWER_BY_S)
        return self._stream.accept(pcm, wanted=wanted)

    def finish(self, *, wanted: bool = True) -> Recognised | None:
        return self._stream.finish(wanted=wanted)

    def close(self) -> None:
        self._stream.close()


async def test_a_whole_call_at_once_is_judged_by_all_its_words() -> None:
    call = next(each for each in load_calls() if each.name == "superior-demand")
    news = News()
    pool = SpeechPool(BusyMachine(), asyncio.get_running_loop(), threads=1, backlog_s=BACKLOG_S)
    settings = DeskSettings(site="test", agent_id="agent", patience_s=600.0)
    desk = Desk(settings, RULES, PHRASES, news, pool)
    try:
        legs = [
            desk.open_leg(LegInfo(CallInfo(call.name, "test"), role, RATE))
            for role in (Role.CUSTOMER, Role.OPERATOR)
        ]
        for leg in legs:
            leg.audio(call.voices[leg.role].tobytes())
            leg.close(EndReason.HUNG_UP)
        hearing = asyncio.create_task(desk.settle())
        most_behind_s = 0.0
        while not hearing.done():
            most_behind_s = max(most_behind_s, pool.waiting_s)
            await asyncio.sleep(0.01)
        await hearing
        counters = desk.counters()
        assert (counters["frames_dropped"], counters["speech_shed_s"]) == (0, 0)
        # One round feeds a block of each leg, and the one before where speech begins.
        assert WORDS_BEHIND_S - 1 < most_behind_s < WORDS_BEHIND_S + 1
        assert desk.calls == {}
        raised = [(each.rule, each.severity) for each in news.alerts if each.revision == 1]
        assert raised == [(each.rule, each.severity) for each in call.truth.expected_alerts]
    finally:
        await desk.close()
        await asyncio.to_thread(pool.stop)
