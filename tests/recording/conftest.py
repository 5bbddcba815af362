"""A real desk with the recording of a run, on a real disk."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tests.calls.test_desk import News, Office
from tests.support.deadline import WITHIN_S
from tests.support.read_journal import ReadJournal, read_journal
from tests.support.told import PHRASES, RULES

from kikimori.calls.desk import Desk
from kikimori.calls.settings import DeskSettings
from kikimori.recording.agent_recording import AgentRecording
from kikimori.recording.journal_thread import WritingPace
from kikimori_core.journal.framing import SegmentHead
from kikimori_core.journal.settings import RecordingTable
from kikimori_core.model.call import CallInfo, EndReason, LegInfo, Party, Role

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from kikimori.calls.leg import LiveLeg
    from kikimori.hearing.speech.pool import SpeechPool

RATE = 8000
QUICK = WritingPace(pass_s=0.01, sync_s=0.04, retry_s=0.2)


@dataclass
class RecordedOffice(Office):
    """An office whose calls are recorded."""

    recording: AgentRecording

    def open(
        self,
        call: str = "c1",
        role: Role = Role.CUSTOMER,
        rate: int = RATE,
        *,
        caller: str | None = "0312345678",
        operator: str | None = "204",
        queue: str | None = None,
    ) -> LiveLeg:
        info = CallInfo(call, "test", Party(number=caller), Party(number=operator), queue)
        return self.desk.open_leg(LegInfo(info, role, rate))

    async def say(self, leg: LiveLeg, pcm: NDArray[np.int16], piece: int = 1234) -> None:
        """Let a leg have sound, in pieces, and have it heard."""
        for at in range(0, len(pcm), piece):
            leg.audio(pcm[at : at + piece].tobytes())
            await self.desk.hear_all()

    async def end(self, *legs: LiveLeg) -> None:
        for leg in legs:
            leg.close(EndReason.HUNG_UP)
        await self.desk.hear_all()

    async def until(self, condition: Callable[[], object]) -> None:
        async with asyncio.timeout(WITHIN_S):
            while not condition():  # noqa: ASYNC110 - threads set no asyncio.Event
                await asyncio.sleep(0.01)

    def read(self) -> ReadJournal:
        return read_journal(self.recording.journal.folder)


def settings(**changes: object) -> RecordingTable:
    return RecordingTable.model_validate({"enabled": True, "days": 30, "max_gb": 10, **changes})


@asynccontextmanager
async def recorded_office(
    state: Path,
    table: RecordingTable | None = None,
    *,
    run: str = "run",
    speech: SpeechPool | None = None,
    pace: WritingPace = QUICK,
) -> AsyncIterator[RecordedOffice]:
    """Give an office; when it is left, everything of it is written."""
    news, head = News(), SegmentHead("agent", run, 0, datetime.now(UTC))
    recording = AgentRecording(table or settings(), state, "test", head, pace=pace)
    desk = Desk(
        DeskSettings(site="test", agent_id="agent", run=run),
        RULES,
        PHRASES,
        news,
        speech,
        recorder=recording.recorder,
    )
    await recording.start()
    try:
        yield RecordedOffice(desk, news, recording)
    finally:
        await desk.close()
        await recording.aclose()
