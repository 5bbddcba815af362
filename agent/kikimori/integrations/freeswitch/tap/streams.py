"""Streams of the calls that are listened to: FreeSWITCH is told to start them, and again when one breaks."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

import structlog

from kikimori.integrations.freeswitch.client import EslAwayError
from kikimori.integrations.freeswitch.tap.voices import Voices
from kikimori_core.model.call import EndReason, Role

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from kikimori.integrations.freeswitch.client import EslClient
    from kikimori.integrations.freeswitch.settings import FreeSwitchTable
    from kikimori.integrations.freeswitch.tap.media import FreeSwitchMediaServer
    from kikimori_core.model.call import CallInfo
    from kikimori_core.model.feed import CallDesk

log = structlog.get_logger()

ARRIVES_WITHIN_S = 5.0
"""Longest time in s from FreeSWITCH's answer to its connection."""
TRIES = 4
FIRST_WAIT_S = 0.5
STOP_WITHIN_S = 2.0
BUG = "kikimori"
"""Name of our stream on a channel, so that others' mod_audio_fork streams are left alone."""


@dataclass(eq=False)
class _Stream:
    """Audio of one channel."""

    channel: str
    voices: Voices
    task: asyncio.Task[None] | None = None
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    gone: asyncio.Event = field(default_factory=asyncio.Event)
    failure: tuple[str, str] | None = None
    """Reason for which the last attempt failed."""
    running: bool = False
    """True = FreeSWITCH was told to start, and not yet to stop."""


@dataclass
class _Call:
    info: CallInfo
    streams: dict[Role, _Stream] = field(default_factory=dict)
    """Streams by the party whose channel they are on."""


class Streams:
    """The streams of all calls. `esl` starts them, `media` receives them."""

    def __init__(
        self, table: FreeSwitchTable, desk: CallDesk, esl: EslClient, media: FreeSwitchMediaServer
    ) -> None:
        self._table = table
        self._desk = desk
        self._esl = esl
        self._media = media
        self._calls: dict[str, _Call] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self.started = 0
        self.failed = 0
        self.trouble: tuple[str, str] | None = None
        """Reason for which a stream was given up: stable word and FreeSWITCH's text; None when one came
        since."""

    def __contains__(self, call_id: str) -> bool:
        return call_id in self._calls

    def __len__(self) -> int:
        return sum(len(call.streams) for call in self._calls.values())

    def begin(self, info: CallInfo, *, again: bool = False) -> None:
        """Listen to a call. `again`: FreeSWITCH may still have a stream of an earlier run on these channels."""
        if info.call_id in self._calls or info.channel is None:
            return
        call = self._calls[info.call_id] = _Call(info)
        roles = (Role.CUSTOMER, Role.OPERATOR) if self._table.mode == "stereo" else (Role.CUSTOMER,)
        self._start(call, Role.CUSTOMER, info.channel, roles, again=again)
        if self._table.mode == "mono" and info.operator_channel:
            self._start(call, Role.OPERATOR, info.operator_channel, (Role.OPERATOR,), again=again)

    def operator_came(self, info: CallInfo) -> None:
        call = self._calls.get(info.call_id)
        if call is None:
            return
        call.info = info
        if self._table.mode == "stereo":
            for stream in call.streams.values():
                stream.voices.operator_changed(info)
                stream.voices.hush(Role.OPERATOR, on=False)
            return
        earlier = call.streams.get(Role.OPERATOR)
        if earlier is not None and earlier.channel != info.operator_channel:
            self._stop(call, Role.OPERATOR, EndReason.HUNG_UP, tell=True)
        if Role.OPERATOR not in call.streams and info.operator_channel:
            self._start(call, Role.OPERATOR, info.operator_channel, (Role.OPERATOR,), again=False)

    def operator_left(self, call_id: str) -> None:
        """Stop judging the operator's voice: the customer now hears music, an announcement or a bell."""
        call = self._calls.get(call_id)
        if call is not None and self._table.mode == "stereo":
            for stream in call.streams.values():
                stream.voices.hush(Role.OPERATOR, on=True)

    def operator_back(self, call_id: str) -> None:
        """Judge the operator's voice again: the customer hears the same operator."""
        call = self._calls.get(call_id)
        if call is not None and self._table.mode == "stereo":
            for stream in call.streams.values():
                stream.voices.hush(Role.OPERATOR, on=False)

    def end(self, call_id: str, *, hung_up: bool) -> None:
        """End a call that is over, or must not be heard any more; in that case FreeSWITCH is told to stop."""
        call = self._calls.pop(call_id, None)
        if call is None:
            return
        for role in list(call.streams):
            # An operator's channel may outlive the customer's.
            tell = not hung_up or role is Role.OPERATOR
            self._stop(call, role, EndReason.HUNG_UP, tell=tell)

    async def restart_all(self) -> None:
        """Retry the streams that broke while the event socket was away."""
        for call in list(self._calls.values()):
            for role, stream in list(call.streams.items()):
                if stream.task is None or stream.task.done():
                    del call.streams[role]
                    self._restart(call, role, stream)

    async def close(self) -> None:
        """Stop every stream, as far as FreeSWITCH answers in time."""
        for call in self._calls.values():
            for role in list(call.streams):
                self._stop(call, role, EndReason.SHUTDOWN, tell=True)
        self._calls.clear()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=STOP_WITHIN_S)
        for task in self._tasks:
            task.cancel()

    # --- inside

    def _start(self, call: _Call, side: Role, channel: str, roles: tuple[Role, ...], *, again: bool) -> None:
        stream = _Stream(channel, Voices(self._desk, call.info, roles, self._table.rate))
        self._run(call, side, stream, again=again)

    def _restart(self, call: _Call, side: Role, stream: _Stream) -> None:
        voices = stream.voices
        if voices.ended:
            voices = Voices(self._desk, call.info, voices.roles, voices.rate)
        self._run(call, side, _Stream(stream.channel, voices), again=True)

    def _run(self, call: _Call, side: Role, stream: _Stream, *, again: bool) -> None:
        call.streams[side] = stream
        stream.task = self._spawn(self._keep(call, stream, again=again))

    async def _keep(self, call: _Call, stream: _Stream, *, again: bool) -> None:
        """Keep one channel streamed until it is stopped; a few attempts at a time."""
        wait_s, tries = FIRST_WAIT_S, 0
        while tries < TRIES:
            stream.arrived.clear()
            stream.gone.clear()
            if await self._begin_one(call, stream, again=again):
                tries, wait_s = 0, FIRST_WAIT_S
                # Whoever stops the stream on purpose cancels this.
                await stream.gone.wait()
                if stream.voices.ended:
                    return  # it misbehaved and was cut off: not again
            tries += 1
            again = True
            # A call that ended closes its stream a moment before its event comes.
            await asyncio.sleep(wait_s)
            log.warning("freeswitch_stream_again", call_id=call.info.call_id, tries=tries)
            wait_s *= 2
        self.failed += 1
        self.trouble = stream.failure
        log.error("freeswitch_stream_given_up", call_id=call.info.call_id, tries=tries)
        # Legs that were opened must not stay open without a voice; the call itself goes on at the PBX.
        stream.voices.close(EndReason.CONNECTION_LOST)

    async def _begin_one(self, call: _Call, stream: _Stream, *, again: bool) -> bool:
        """Start and wait for the audio; False when it did not come."""
        token = secrets.token_urlsafe(24)
        self._media.expect(token, stream.voices, stream.arrived.set, stream.gone.set)
        try:
            if again:
                await self._esl.api(self._stop_line(stream.channel))
            stream.running = True
            answer = await self._esl.api(self._start_line(stream.channel, token))
            if not answer.startswith("+OK"):
                self._failed(call, stream, "stream_refused", answer)
                return False
            async with asyncio.timeout(ARRIVES_WITHIN_S):
                await stream.arrived.wait()
        except EslAwayError as error:
            self._failed(call, stream, error.reason, error.detail)
            return False
        except TimeoutError:
            self._failed(call, stream, "stream_never_came", "")
            return False
        finally:
            self._media.forget(token)
        self.trouble = None
        self.started += 1
        return True

    def _failed(self, call: _Call, stream: _Stream, reason: str, detail: str) -> None:
        # While the event socket is away, that is the trouble and not the stream.
        stream.failure = None if reason.startswith("esl_") else (reason, detail[:200] or "no connection came")
        log.warning("freeswitch_stream_failed", call_id=call.info.call_id, reason=reason)

    def _stop(self, call: _Call, side: Role, reason: EndReason, *, tell: bool) -> None:
        stream = call.streams.pop(side)
        stream.voices.close(reason)
        stream.gone.set()
        if stream.task is not None:
            stream.task.cancel()
        if tell and stream.running:
            self._spawn(self._tell_to_stop(stream.channel))

    async def _tell_to_stop(self, channel: str) -> None:
        try:
            await self._esl.api(self._stop_line(channel), within_s=STOP_WITHIN_S)
        except EslAwayError as error:
            log.info("freeswitch_stream_not_stopped", reason=error.reason)

    def _start_line(self, channel: str, token: str) -> str:
        table = self._table
        base = table.media_url or f"ws://{_bracketed(table.media_host)}:{self._media.address[1]}"
        url = f"{base}/v1/stream/{token}"
        bug = f" {BUG}" if table.module == "audio_fork" else ""
        return f"uuid_{table.module} {channel} start {url} {table.mode} {table.rate}{bug}"

    def _stop_line(self, channel: str) -> str:
        bug = f" {BUG}" if self._table.module == "audio_fork" else ""
        return f"uuid_{self._table.module} {channel} stop{bug}"

    def _spawn(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(partial(_note_fault, self._tasks))
        return task


def _note_fault(tasks: set[asyncio.Task[None]], task: asyncio.Task[None]) -> None:
    tasks.discard(task)
    if not task.cancelled() and (fault := task.exception()) is not None:
        log.error("freeswitch_stream_fault", error=type(fault).__name__)


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host and not host.startswith("[") else host
