"""Commands as they come from the broker: checked, carried out once each, answered as often as they are asked."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import structlog

from kikimori_wire.messages import ASK_TIME, VERSION, BadMessageError, Command, CommandResult, Outcome
from kikimori_wire.topics import TopicKind, Topics, is_name

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from kikimori_wire.topics import AgentTopics

log = structlog.get_logger()

RUNNING_LIMIT = 32
REMEMBERED_LIMIT = 1000
REPLY_TOPICS_LIMIT = 4
"""Askers remembered for one command that is still being carried out."""
TIME_LIMIT_S = 60.0
"""A PBX that has not answered by then is not going to."""


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(slots=True)
class _Known:
    result: CommandResult | None = None
    """None while it is being carried out."""
    reply_to: list[str] = field(default_factory=list)


class CommandDesk:
    """Takes payloads of the command topic. `reply(topic, result)` must not block."""

    def __init__(
        self,
        topics: AgentTopics,
        on_command: Callable[[Command], Awaitable[CommandResult]],
        reply: Callable[[str, CommandResult], None],
        *,
        now: Callable[[], datetime] = utc_now,
        time_limit_s: float = TIME_LIMIT_S,
    ) -> None:
        self._site = Topics(topics.site)
        self._agent_id = topics.agent_id
        self._on_command = on_command
        self._reply = reply
        self._now = now
        self._time_limit_s = time_limit_s
        self._known: OrderedDict[str, _Known] = OrderedDict()
        self._tasks: set[asyncio.Task[None]] = set()
        self.counters = {
            "commands_taken": 0,
            "commands_repeated": 0,
            "commands_invalid": 0,
            "commands_newer": 0,
            "commands_expired": 0,
            "commands_busy": 0,
        }

    def receive(self, payload: bytes, tasks: asyncio.TaskGroup) -> None:
        """Check a payload and start carrying it out in `tasks`. Never raises for what the payload holds."""
        try:
            command = Command.from_bytes(payload)
            self._check_reply_topic(command.reply_to)
        except BadMessageError as error:
            self._count("commands_invalid", reason=str(error))
            return
        if command.action == ASK_TIME:
            self._reply(command.reply_to, self._result(command, Outcome.DONE, None))
            return
        known = self._known.get(command.command_id)
        if known is not None:
            self._count("commands_repeated", call_id=command.call_id)
            self._answer_again(known, command.reply_to)
            return
        if command.v > VERSION:
            # What a press means may have changed: the customer must not be moved by guess.
            self._count("commands_newer", call_id=command.call_id)
            self._reply(command.reply_to, self._result(command, Outcome.REFUSED, "newer_version"))
            return
        now = self._now()
        if now >= command.deadline:
            self._count("commands_expired", call_id=command.call_id)
            late = (now - command.deadline).total_seconds()
            self._reply(
                command.reply_to, self._result(command, Outcome.EXPIRED, "expired", f"{late:.1f} s late")
            )
            return
        if len(self._tasks) >= RUNNING_LIMIT:
            self._count("commands_busy", call_id=command.call_id)
            self._reply(command.reply_to, self._result(command, Outcome.REFUSED, "busy"))
            return
        self.counters["commands_taken"] += 1
        known = _Known(reply_to=[command.reply_to])
        self._known[command.command_id] = known
        task = tasks.create_task(self._carry_out(command, known), name="command")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    @property
    def running(self) -> int:
        return len(self._tasks)

    def cancel(self) -> None:
        """Give up what is being carried out: the agent stops."""
        for task in self._tasks:
            task.cancel()

    async def _carry_out(self, command: Command, known: _Known) -> None:
        result = await self._outcome(command)
        known.result = result
        for topic in known.reply_to:
            self._reply(topic, result)
        self._forget_oldest()

    async def _outcome(self, command: Command) -> CommandResult:
        limit = asyncio.timeout(self._time_limit_s)
        try:
            async with limit:
                return await self._on_command(command)
        except Exception as error:  # noqa: BLE001 - whatever went wrong, the supervisor must be told
            if limit.expired():
                log.error("command_timed_out", call_id=command.call_id, action=str(command.action))
                return self._result(command, Outcome.FAILED, "timeout")
            # The error's text may quote a telephone number.
            log.error(
                "command_failed",
                call_id=command.call_id,
                action=str(command.action),
                error=type(error).__name__,
            )
            return self._result(command, Outcome.FAILED, "internal_error")

    def _answer_again(self, known: _Known, reply_to: str) -> None:
        if known.result is not None:
            self._reply(reply_to, known.result)
        elif reply_to not in known.reply_to and len(known.reply_to) < REPLY_TOPICS_LIMIT:
            known.reply_to.append(reply_to)

    def _forget_oldest(self) -> None:
        """Forget answered commands beyond the limit. At most RUNNING_LIMIT others are in the book."""
        while len(self._known) > REMEMBERED_LIMIT:
            oldest = next((key for key, known in self._known.items() if known.result is not None), None)
            if oldest is None:
                return
            del self._known[oldest]

    def _check_reply_topic(self, reply_to: str) -> None:
        """A command must not make us publish anywhere but on a reply topic of this site and agent."""
        parsed = self._site.parse(reply_to)
        if parsed is None or parsed.kind is not TopicKind.REPLY or parsed.agent_id != self._agent_id:
            raise BadMessageError("Command: reply_to is not a reply topic for this agent")
        if not is_name(parsed.name):
            raise BadMessageError("Command: reply_to is not a valid topic")

    def _count(self, name: str, **fields: str) -> None:
        """Count, and log the 1st, 2nd, 4th, 8th … so that a flood does not fill the log."""
        self.counters[name] += 1
        count = self.counters[name]
        if count & (count - 1) == 0:
            log.warning(name, count=count, **fields)

    def _result(
        self, command: Command, outcome: Outcome, reason: str | None, detail: str | None = None
    ) -> CommandResult:
        return CommandResult(
            command_id=command.command_id,
            call_id=command.call_id,
            action=command.action,
            outcome=outcome,
            reason=reason,
            detail=detail,
            at=self._now(),
        )
