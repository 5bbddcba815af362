"""Commands from presses: published to the call's agent, answered by it within a time limit."""

from __future__ import annotations

import asyncio
import uuid
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal, Protocol

import structlog

from kikimori_core.wire.actions import TO_OWN_TELEPHONE, answer_within_s, lane_of
from kikimori_core.wire.messages import Action, Command
from kikimori_dashboard.actions.clocks import AgentClocks
from kikimori_dashboard.actions.help_request import is_acted_on
from kikimori_dashboard.broker.subscriber import BrokerAwayError
from kikimori_dashboard.site.agent_link import run_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from kikimori_core.wire.messages import CallState, CommandResult, EndingDecision
    from kikimori_core.wire.sound_frames import SoundRequest
    from kikimori_dashboard.access.who import Principal
    from kikimori_dashboard.site.agent_link import AgentLink
    from kikimori_dashboard.site.state import SiteState

log = structlog.get_logger()

EXPIRES_AFTER_S = 10.0
ON_THE_WAY_S = 5.0
"""Seconds for which an answer is waited for beyond the longest time that the agent takes."""
CLOCK, CLOCK_NAME = "clock", "Kikimori"
"""`role` and `issued_by` of what the dashboard sends by itself."""
LOOK_EVERY_S = 0.5
"""Interval in s at which a lost connection to the broker is looked for while an answer is waited for."""
ASK_AGAIN_AFTER_S = 10.0
"""Seconds after which the agent is asked again: a broker with a full queue drops answers, and nothing is done
twice."""
MAX_WAITING = 200

Page = Literal["supervisor", "operator"]


@dataclass(frozen=True, slots=True)
class CommandRequest:
    """Request of a person; the parts mean what they do in a `Command`."""

    action: Action
    target: str | None = None
    keep_operator: bool | None = None
    announcement: str | None = None
    reason: str | None = None
    comment: str | None = None
    ending: EndingDecision | None = None


class RefusedError(Exception):
    """The command was not sent. `status` is the HTTP status, `reason` a stable code that the pages word."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


class Publisher(Protocol):
    def reply_topic(self, agent_id: str) -> str: ...

    async def publish_command(self, agent_id: str, command: Command) -> None: ...


class CommandSender:
    """Sends commands and waits for their results."""

    def __init__(
        self, state: SiteState, changed: Callable[[], None], clocks: AgentClocks | None = None
    ) -> None:
        self._state = state
        self._clocks = clocks or AgentClocks()
        self._changed = changed
        self._waiting: dict[str, asyncio.Future[CommandResult]] = {}

    def answered(self, result: CommandResult) -> None:
        if self._clocks.take(result, asyncio.get_running_loop().time()):
            return
        future = self._waiting.get(result.command_id)
        if future is not None and not future.done():
            future.set_result(result)

    async def press(
        self, publisher: Publisher, call_id: str, request: CommandRequest, page: Page, who: Principal
    ) -> CommandResult:
        """Publish and wait for the answer. Raises RefusedError when it was not sent or not answered."""
        entry = self._state.calls.get(call_id)
        if entry is None:
            raise RefusedError(404, "no_such_call")
        call = entry.state
        _check(request, call)
        if request.action is Action.ESCALATE_CANCEL and is_acted_on(self._state, call_id):
            raise RefusedError(409, "help_under_way")
        if not self._state.broker_connected:
            raise RefusedError(503, "broker_away")
        if self._state.stale(call_id):
            raise RefusedError(503, "agent_offline")
        last = self._state.presses.last(call_id, lane_of(request.action))
        if (
            last is not None
            and last.action is request.action
            and last.command_id in self._waiting
            and last.result is None
        ):
            raise RefusedError(409, "under_way")
        if len(self._waiting) >= MAX_WAITING:
            raise RefusedError(503, "too_many_commands")
        command = self._command(
            publisher,
            call,
            action=request.action,
            target=request.target,
            keep_operator=request.keep_operator,
            announcement=request.announcement,
            issued_by=who.issuer,
            person_id=who.person_id,
            role=page,
            reason=request.reason,
            comment=request.comment,
            ending=request.ending,
        )
        # The page counts by our clock.
        self._state.take_press(command.model_copy(update={"issued_at": datetime.now(UTC)}))
        try:
            return await self._send(publisher, call.agent_id, command)
        finally:
            self._state.press_unanswered(command)
            self._changed()

    async def ring_superior(self, publisher: Publisher, call_id: str, alert_id: str) -> CommandResult:
        """Have the next superior rung for an alert that nobody answers; raises RefusedError.

        It is nobody's press, and stands in no lane of the call.
        """
        entry = self._state.calls.get(call_id)
        if entry is None:
            raise RefusedError(404, "no_such_call")
        if not self._state.broker_connected:
            raise RefusedError(503, "broker_away")
        command = self._command(
            publisher,
            entry.state,
            action=Action.RING_SUPERIOR,
            about=alert_id,
            issued_by=CLOCK_NAME,
            role=CLOCK,
        )
        return await self._send(publisher, entry.state.agent_id, command)

    async def listen(
        self, publisher: Publisher, call_id: str, sound: SoundRequest, who: Principal
    ) -> CommandResult:
        """Have the agent send a call's sound for a listener; raises RefusedError. It stands in no lane of the call."""
        entry = self._state.calls.get(call_id)
        if entry is None:
            raise RefusedError(404, "no_such_call")
        _check(CommandRequest(Action.LISTEN_AUDIO), entry.state)
        if not self._state.broker_connected:
            raise RefusedError(503, "broker_away")
        if self._state.stale(call_id):
            raise RefusedError(503, "agent_offline")
        if len(self._waiting) >= MAX_WAITING:
            raise RefusedError(503, "too_many_commands")
        command = self._command(
            publisher,
            entry.state,
            action=Action.LISTEN_AUDIO,
            sound=sound,
            issued_by=who.issuer,
            person_id=who.person_id,
            role="supervisor",
        )
        return await self._send(publisher, entry.state.agent_id, command)

    def _command(self, publisher: Publisher, call: CallState, **parts: Any) -> Command:
        # By the agent's clock, which decides whether it comes too late.
        now_s = asyncio.get_running_loop().time()
        issued_at = self._clocks.now_of(call.agent_id, datetime.now(UTC), now_s)
        return Command(
            command_id=uuid.uuid4().hex,
            call_id=call.call_id,
            issued_at=issued_at,
            expires_at=issued_at + timedelta(seconds=EXPIRES_AFTER_S),
            reply_to=publisher.reply_topic(call.agent_id),
            site=call.site,
            agent_id=call.agent_id,
            run=run_of(self._state.agents, call.agent_id),
            nonce=uuid.uuid4().hex,
            **parts,
        )

    async def _send(self, publisher: Publisher, agent_id: str, command: Command) -> CommandResult:
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[CommandResult] = loop.create_future()
        self._waiting[command.command_id] = answer
        line = self._state.line(agent_id)
        self._changed()
        log.info("command_sent", call_id=command.call_id, action=str(command.action))
        try:
            async with asyncio.timeout(answer_within_s(command.action) + ON_THE_WAY_S):
                await _published(publisher, agent_id, command, answer)
                asked_at = loop.time()
                while not answer.done():
                    await asyncio.wait([answer], timeout=LOOK_EVERY_S)
                    if loop.time() - asked_at > ASK_AGAIN_AFTER_S and line is not None:
                        asked_at = loop.time()
                        # Not by this connection: so that it is asked again, though nothing was lost that is known.
                        line = replace(line, broker_sessions=-1)
                    line = await self._ask_again(publisher, command, agent_id, line)
                result = answer.result()
        except BrokerAwayError:
            raise RefusedError(503, "broker_away") from None
        except TimeoutError:
            raise RefusedError(504, "agent_silent") from None
        else:
            log.info(
                "command_answered", call_id=command.call_id, outcome=str(result.outcome), reason=result.reason
            )
            return result
        finally:
            del self._waiting[command.command_id]

    async def _ask_again(
        self, publisher: Publisher, command: Command, agent_id: str, before: AgentLink | None
    ) -> AgentLink | None:
        """Repeat the command after a possible loss of it or its answer; the agent carries it out once.

        Returns the line by which it was asked last. Raises TimeoutError when whoever was asked is gone.
        """
        line = self._state.line(agent_id)
        if self._waiting[command.command_id].done() or line is None or line == before:
            return before
        if before is not None:
            if not line.same_run(before):
                # It would carry out what the dead one may have done already.
                raise TimeoutError
            line = replace(line, agent_started_at=line.agent_started_at or before.agent_started_at)
        with suppress(BrokerAwayError):
            await publisher.publish_command(agent_id, command)
            return line
        return before


async def _published(
    publisher: Publisher, agent_id: str, command: Command, answer: asyncio.Future[CommandResult]
) -> None:
    """Publish and wait until the broker has confirmed, or the answer has come all the same."""
    publishing = asyncio.create_task(publisher.publish_command(agent_id, command))
    try:
        either: set[asyncio.Future[Any]] = {publishing, answer}
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        if not answer.done():
            publishing.result()
    finally:
        publishing.cancel()
        await asyncio.gather(publishing, return_exceptions=True)


def _check(request: CommandRequest, call: CallState) -> None:
    """Refuse an action that this call's PBX does not support, so that nobody waits for it."""
    # The operator's cry for help needs nothing from the PBX.
    if request.action is not Action.ESCALATE and request.action not in call.capabilities:
        raise RefusedError(409, "not_supported")
    if request.action in TO_OWN_TELEPHONE and request.target is None:
        raise RefusedError(422, "no_telephone")
    if request.keep_operator is not None and call.keep_operator is None:
        raise RefusedError(409, "no_choice_of_operator")
    if request.announcement is not None and request.announcement not in {
        each.name for each in call.announcements
    }:
        raise RefusedError(409, "no_such_announcement")
