"""The announcement of the recording: once in each recorded call, tried again, and its absence shown."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, cast

from tests.support import sample
from tests.support.deadline import WITHIN_S

from kikimori.control.pbx_control import PbxAnswer
from kikimori.integrations.manual.control import ManualControl
from kikimori.recording_notice import RecordingNotice
from kikimori_core.model.call import CallInfo
from kikimori_core.wire.messages import Action, CallStatus, Outcome
from kikimori_core.wire.values import CallRecording

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from kikimori.calls.call import LiveCall
    from kikimori.control.pbx_control import PbxRequest

ON, EXCLUDED = CallRecording.ON, CallRecording.EXCLUDED


class HeardCall:
    """The part of a `LiveCall` that the announcement needs."""

    def __init__(self, call_id: str) -> None:
        self.info = CallInfo(call_id, "test")

    def set_status(self, status: CallStatus) -> None:
        """Take nothing."""


class Announcing(ManualControl):
    """A PBX that can play announcements, after `refusals`."""

    @property
    def capabilities(self) -> tuple[Action, ...]:
        return (Action.ANNOUNCE,)

    def __init__(self, *refusals: str) -> None:
        super().__init__()
        self.refusals = list(refusals)
        self.played: asyncio.Queue[tuple[str, str | None]] = asyncio.Queue()

    async def carry_out(self, request: PbxRequest, changed: Callable[[CallStatus], None]) -> PbxAnswer:
        del changed
        if self.refusals:
            return PbxAnswer(Outcome.REFUSED, self.refusals.pop(0))
        self.played.put_nowait((request.call.call_id, request.announcement))
        return PbxAnswer(Outcome.DONE)


@asynccontextmanager
async def playing(name: str, pbx: ManualControl) -> AsyncIterator[RecordingNotice]:
    calls = {each: cast("LiveCall", HeardCall(each)) for each in ("a", "b")}
    notice = RecordingNotice(name, pbx, calls.get, retries_s=(0.0, 0.0, 0.0))
    task = asyncio.create_task(notice.run())
    try:
        yield notice
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_it_is_played_once_in_each_recorded_call() -> None:
    pbx = Announcing("no_such_channel", "not_connected")
    async with playing("recorded", pbx) as notice:
        notice.note(sample.call("b", recording=EXCLUDED))
        for _ in range(3):
            notice.note(sample.call("a", recording=ON))
        assert await pbx.played.get() == ("a", "recorded")
        # Another operator takes over, who is recorded; a call of the same name comes again.
        notice.note(sample.call("b", recording=ON))
        assert await pbx.played.get() == ("b", "recorded")
        notice.note(sample.call("a", status=CallStatus.ENDED))
        notice.note(sample.call("a", recording=ON))
        assert await pbx.played.get() == ("a", "recorded")
        assert pbx.played.empty()
        assert notice.problems() == ()


async def test_a_call_that_was_recorded_without_it_is_told_of() -> None:
    pbx = Announcing(*["no_such_channel"] * 3)
    async with playing("recorded", pbx) as notice:
        notice.note(sample.call("a", recording=ON))
        async with asyncio.timeout(WITHIN_S):
            while not notice.problems():  # noqa: ASYNC110 - what is looked at offers its state for reading only
                await asyncio.sleep(0.01)
        assert notice.problems()[0].code == "recording_not_announced"
    by_hand = ManualControl()
    async with playing("recorded", by_hand) as notice:
        notice.note(sample.call("a", recording=ON))
        async with asyncio.timeout(WITHIN_S):
            while not notice.problems():  # noqa: ASYNC110
                await asyncio.sleep(0.01)


async def test_the_pbx_or_nobody_announces() -> None:
    for name in ("pbx", ""):
        pbx = Announcing()
        async with playing(name, pbx) as notice:
            notice.note(sample.call("a", recording=ON))
            await asyncio.sleep(0)
            assert pbx.played.empty()
            assert notice.problems() == ()
