"""Streams of one agent to dashboards whose supervisors listen: opened by signed commands, limited in number."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from kikimori.calls.recent_sound import NO_RECENT_SOUND
from kikimori.control.pbx_control import PbxAnswer
from kikimori.listening.call_stream import CallStream
from kikimori.listening.sound_memory import SoundMemory
from kikimori_core.wire.messages import Action, Outcome
from kikimori_core.wire.values import CallRecording

if TYPE_CHECKING:
    from kikimori.calls.call import LiveCall
    from kikimori.calls.call_recorder import CallRecorder
    from kikimori.calls.recent_sound import RecentSound
    from kikimori.listening.pages_way import PagesWay
    from kikimori_core.wire.listening import ListeningTable
    from kikimori_core.wire.messages import Command


OPENED_WITHIN_S = 8.0
NOT_KEPT = (CallRecording.EXCLUDED, CallRecording.STOPPED)
"""Recordings of calls of which nothing may be kept, in memory either."""


class ListeningDesk:
    """Answers `listen_audio`."""

    def __init__(self, table: ListeningTable, recorder: CallRecorder) -> None:
        """`recorder` says which calls are not recorded: of them no past is kept."""
        self._table = table
        self._recorder = recorder
        self._way: PagesWay | None = None
        self.memory = SoundMemory(table.past_s, self._keeps)
        self._streams: dict[tuple[str, str], tuple[CallStream, asyncio.Task[None]]] = {}
        """By call and ticket."""
        self._opened = 0
        self._pieces_lost = 0

    @property
    def capabilities(self) -> tuple[Action, ...]:
        return (Action.LISTEN_AUDIO,) if self._table.enabled else ()

    @property
    def recent(self) -> RecentSound:
        """Return what takes the sound of calls."""
        return self.memory if self._table.enabled else NO_RECENT_SOUND

    def begin(self, way: PagesWay) -> None:
        """Take the way to the dashboards; before it every wish is refused."""
        self._way = way

    async def listen(self, command: Command, call: LiveCall) -> PbxAnswer:
        """Open a stream for a listener, or use the one that is open."""
        wish, way = command.sound, self._way
        if wish is None or way is None or not self._table.enabled or call.info.identity:
            return PbxAnswer(Outcome.REFUSED, "not_supported")
        origin = way.origin(self._table.url or wish.url)
        if origin is None:
            return PbxAnswer(Outcome.REFUSED, "address_refused")
        key = (call.call_id, wish.ticket)
        if key not in self._streams:
            if len(self._streams) >= self._table.streams:
                return PbxAnswer(Outcome.REFUSED, "too_many_streams")
            self._start(key, CallStream(call, self.memory, way, origin, wish.ticket))
        stream, _ = self._streams[key]
        past_s = wish.past_s if self._keeps(call) else 0.0
        if not stream.want_past(wish.listener, min(past_s, self._table.past_s)):
            return PbxAnswer(Outcome.REFUSED, "busy")
        try:
            async with asyncio.timeout(OPENED_WITHIN_S):
                await asyncio.shield(stream.opened)
        except (TimeoutError, ConnectionError):
            return PbxAnswer(Outcome.FAILED, "dashboard_unreachable")
        except asyncio.CancelledError:
            if stream.opened.cancelled():
                return PbxAnswer(Outcome.FAILED, "dashboard_unreachable")
            raise
        return PbxAnswer(Outcome.DONE)

    def forget_past(self, call: LiveCall) -> None:
        """Drop the past of a call whose recording was stopped."""
        self.memory.forget_past(call)

    async def aclose(self) -> None:
        """End all streams."""
        tasks = [task for _, task in self._streams.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def counters(self) -> dict[str, int]:
        if not self._table.enabled:
            return {}
        lost = sum(stream.pieces_lost for stream, _ in self._streams.values())
        return {
            "sound_streams": len(self._streams),
            "sound_streams_opened": self._opened,
            "sound_pieces_lost": self._pieces_lost + lost,
        }

    def _start(self, key: tuple[str, str], stream: CallStream) -> None:
        self._opened += 1
        task = asyncio.create_task(stream.run(), name="sound stream")
        self._streams[key] = (stream, task)

        def over(_task: asyncio.Task[None]) -> None:
            del self._streams[key]
            self._pieces_lost += stream.pieces_lost

        task.add_done_callback(over)

    def _keeps(self, call: LiveCall) -> bool:
        return self._recorder.state_of(call) not in NOT_KEPT
