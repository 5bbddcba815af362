"""Announcement of the recording, played to the customer at the begin of each call that is recorded."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import structlog

from kikimori.control.pbx_control import PbxRequest
from kikimori.errors import place_of
from kikimori_core.journal.settings import PBX
from kikimori_core.wire.messages import Action, CallStatus, Outcome, Problem
from kikimori_core.wire.values import CallRecording

if TYPE_CHECKING:
    from collections.abc import Callable

    from kikimori.calls.call import LiveCall
    from kikimori.control.pbx_control import PbxControl
    from kikimori_core.wire.messages import CallState

log = structlog.get_logger()

RETRIES_S = (0.0, 1.0, 2.0, 4.0)
"""Delays in s before each attempt: a PBX may know a call a moment later than the agent does."""
SHOWN_S = 600.0
"""Seconds for which a call without its announcement is shown as a problem."""
FINAL = ("no_such_announcement", "no_such_file", "not_supported")
"""Reasons for which another attempt would fail likewise."""


class RecordingNotice:
    """Plays the announcement once in each call, as soon as the call is recorded.

    After a restart of the agent in mid-call it is played again: the agent does not know that it was heard.
    """

    def __init__(
        self,
        name: str,
        pbx: PbxControl,
        find: Callable[[str], LiveCall | None],
        retries_s: tuple[float, ...] = RETRIES_S,
    ) -> None:
        """`name`: `[recording] announcement`; `find` returns a live call by its id."""
        self._name = "" if name == PBX else name
        self._pbx = pbx
        self._find = find
        self._retries_s = retries_s
        self._loop = asyncio.get_running_loop()
        self._waiting: asyncio.Queue[str] = asyncio.Queue()
        self._told: set[str] = set()
        """Live calls in which it was played, or is about to be."""
        self._failed = 0
        self._failed_at = 0.0
        self._reason = ""

    def note(self, state: CallState) -> None:
        """Take a call's new state; returns at once."""
        if state.status is CallStatus.ENDED:
            self._told.discard(state.call_id)
        elif self._name and state.recording is CallRecording.ON and state.call_id not in self._told:
            self._told.add(state.call_id)
            self._waiting.put_nowait(state.call_id)

    async def run(self) -> None:
        """Play until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            while True:
                tasks.create_task(self._play(await self._waiting.get()), name="recording-notice")

    def problems(self) -> tuple[Problem, ...]:
        """Return that calls were recorded without their announcement of late."""
        if not self._failed or self._loop.time() - self._failed_at > SHOWN_S:
            return ()
        given: dict[str, Any] = {"name": self._name, "count": self._failed, "reason": self._reason}
        return (Problem.of("recording_not_announced", **given),)

    async def _play(self, call_id: str) -> None:
        reason = "not_supported"
        try:
            for wait_s in self._retries_s:
                await asyncio.sleep(wait_s)
                call = self._find(call_id)
                if call is None:
                    return
                if Action.ANNOUNCE not in self._pbx.capabilities or call.info.identity:
                    break
                request = PbxRequest(Action.ANNOUNCE, call.info, "", announcement=self._name)
                answer = await self._pbx.carry_out(request, call.set_status)
                if answer.outcome is Outcome.DONE:
                    log.info("recording_announced", call_id=call_id)
                    return
                reason = answer.reason or str(answer.outcome)
                if reason in FINAL:
                    break
        except Exception as error:  # noqa: BLE001 - one call's announcement must not end those of others
            reason = type(error).__name__
            log.error("recording_notice_failed", call_id=call_id, error=reason, at=place_of(error))
        log.warning("recording_not_announced", call_id=call_id, reason=reason)
        self._failed += 1
        self._failed_at, self._reason = self._loop.time(), reason
