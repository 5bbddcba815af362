"""Commands from the broker: validated, carried out once each, answered each time that they arrive."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

import structlog

from kikimori.bus.person_limit import PersonLimit
from kikimori_core.wire.actions import answer_within_s
from kikimori_core.wire.messages import (
    ASK_TIME,
    VERSION,
    Action,
    BadMessageError,
    Command,
    CommandResult,
    Outcome,
)
from kikimori_core.wire.topics import TopicKind, Topics, is_name

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from kikimori.bus.gate import CommandGate, OpenedCommand
    from kikimori_core.wire.topics import AgentTopics

log = structlog.get_logger()

RUNNING_LIMIT = 32
REMEMBERED_LIMIT = 1000
REPLY_TOPICS_LIMIT = 4
"""Askers remembered for one command that is still being carried out."""


def utc_now() -> datetime:
    return datetime.now(UTC)


class CommandWitness(Protocol):
    """Record of commands. Its methods must not block."""

    def taken(self, opened: OpenedCommand, sender: str) -> None:
        """Record a command that is about to be carried out; `sender`: name of the dashboard."""

    def answered(self, opened: OpenedCommand, sender: str, result: CommandResult) -> None: ...

    def refused(self, opened: OpenedCommand | None, sender: str, reason: str) -> None:
        """Record a command that was not carried out; None for one that could not be read."""


class NoWitness:
    """Keeps no record."""

    def taken(self, opened: OpenedCommand, sender: str) -> None: ...

    def answered(self, opened: OpenedCommand, sender: str, result: CommandResult) -> None: ...

    def refused(self, opened: OpenedCommand | None, sender: str, reason: str) -> None: ...


@dataclass(slots=True)
class _Known:
    result: CommandResult | None = None
    """None while it is being carried out."""
    reply_to: list[str] = field(default_factory=list)


class CommandReceiver:
    """Takes payloads of the command topic. `reply(topic, result)` must not block."""

    def __init__(
        self,
        topics: AgentTopics,
        on_command: Callable[[Command], Awaitable[CommandResult]],
        reply: Callable[[str, CommandResult], None],
        *,
        gate: CommandGate,
        witness: CommandWitness | None = None,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._gate = gate
        self._witness = witness or NoWitness()
        self._persons = PersonLimit()
        self._site = Topics(topics.site)
        self._agent_id = topics.agent_id
        self._on_command = on_command
        self._reply = reply
        self._now = now
        self._known: OrderedDict[str, _Known] = OrderedDict()
        self._tasks: set[asyncio.Task[None]] = set()
        self.counters = {
            "commands_taken": 0,
            "commands_repeated": 0,
            "commands_invalid": 0,
            "commands_newer": 0,
            "commands_expired": 0,
            "commands_refused": 0,
            "commands_busy": 0,
        }

    def receive(self, payload: bytes, tasks: asyncio.TaskGroup) -> None:
        """Check a payload and start carrying it out in `tasks`. Never raises for what the payload holds."""
        try:
            opened = self._gate.open(payload)
            self._check_reply_topic(opened.command.reply_to)
        except BadMessageError as error:
            self._count("commands_invalid", reason=str(error))
            self._witness.refused(None, "", "broken_envelope")
            return
        command = opened.command
        if command.action == ASK_TIME:
            self._reply(command.reply_to, self._result(command, Outcome.DONE, None))
            return
        reason = self._gate.refusal(opened)
        if reason is not None:
            self._refuse(opened, "commands_refused", Outcome.REFUSED, reason)
            return
        known = self._known.get(command.command_id)
        if known is not None:
            self._count("commands_repeated", call_id=command.call_id)
            self._answer_again(known, command.reply_to)
            return
        if command.v > VERSION:
            # What a press means may have changed: the customer must not be moved by guess.
            self._refuse(opened, "commands_newer", Outcome.REFUSED, "newer_version")
            return
        now = self._now()
        reason = self._gate.spend(command, now)
        if reason == "expired":
            late = f"{(now - command.deadline).total_seconds():.1f} s late"
            self._refuse(opened, "commands_expired", Outcome.EXPIRED, reason, late)
            return
        if reason is None and not self._may_press(opened):
            reason = "too_many_presses"
        if reason is not None:
            self._refuse(opened, "commands_refused", Outcome.REFUSED, reason)
            return
        if len(self._tasks) >= RUNNING_LIMIT:
            self._refuse(opened, "commands_busy", Outcome.REFUSED, "busy")
            return
        self.counters["commands_taken"] += 1
        known = _Known(reply_to=[command.reply_to])
        self._known[command.command_id] = known
        self._witness.taken(opened, self._gate.sender(opened))
        task = tasks.create_task(self._carry_out(opened, known), name="command")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _may_press(self, opened: OpenedCommand) -> bool:
        """Return whether the person may press again: presses are limited, except the call for help."""
        key = opened.envelope.key if opened.envelope is not None else ""
        return opened.command.action is Action.ESCALATE or self._persons.allow(
            key, opened.command.issued_by, asyncio.get_running_loop().time()
        )

    def _refuse(
        self, opened: OpenedCommand, counter: str, outcome: Outcome, reason: str, detail: str | None = None
    ) -> None:
        command = opened.command
        self._count(counter, call_id=command.call_id, reason=reason)
        self._witness.refused(opened, self._gate.sender(opened), reason)
        self._reply(command.reply_to, self._result(command, outcome, reason, detail))

    @property
    def running(self) -> int:
        return len(self._tasks)

    def cancel(self) -> None:
        """Cancel the commands in progress: the agent stops."""
        for task in self._tasks:
            task.cancel()

    async def _carry_out(self, opened: OpenedCommand, known: _Known) -> None:
        result = await self._outcome(opened.command)
        known.result = result
        self._witness.answered(opened, self._gate.sender(opened), result)
        for topic in known.reply_to:
            self._reply(topic, result)
        self._forget_oldest()

    async def _outcome(self, command: Command) -> CommandResult:
        limit = asyncio.timeout(answer_within_s(command.action))
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
        """Check that a command's reply topic is one of this site and agent: no other may be published on."""
        parsed = self._site.parse(reply_to)
        if parsed is None or parsed.kind is not TopicKind.REPLY or parsed.agent_id != self._agent_id:
            raise BadMessageError("Command: reply_to is not a reply topic for this agent")
        if not is_name(parsed.name):
            raise BadMessageError("Command: reply_to is not a valid topic")

    def _count(self, name: str, **fields: str) -> None:
        """Count, and log the 1st, 2nd, 4th, 8th … occurrence, so that a flood does not fill the log."""
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
