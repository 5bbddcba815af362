"""An agent as the broker and the dashboard see it: real MQTT, real messages, made-up calls."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from socket import SHUT_RDWR, socket
from typing import TYPE_CHECKING, Any

from tests.support.deadline import WITHIN_S
from tests.support.signing import AGENT

from kikimori_core.wire.connection import Will, connect, stay_connected
from kikimori_core.wire.envelope import sealed, unsealed
from kikimori_core.wire.messages import (
    ASK_TIME,
    Action,
    Alert,
    AlertState,
    CallLevels,
    CallState,
    CallStatus,
    ClosedBecause,
    Command,
    CommandResult,
    Health,
    LegLevel,
    Levels,
    Message,
    Outcome,
    Party,
    Problem,
    Role,
    Severity,
    ShoutingEvidence,
    SpeechStatus,
    TranscriptLine,
)
from kikimori_core.wire.ringing_calls import RingingCall, RingingCalls
from kikimori_core.wire.topics import AgentTopics, TopicKind, Topics

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from kikimori_core.wire.connection import Client
    from kikimori_core.wire.keys import SigningKey
    from kikimori_core.wire.messages import Evidence
    from kikimori_core.wire.settings import BrokerSettings

SIGNED = (TopicKind.ALERT, TopicKind.HEALTH, TopicKind.INVENTORY, TopicKind.REPLY)
ALL_ACTIONS = (Action.HOLD, Action.UNHOLD, Action.TRANSFER, Action.HOLD_TRANSFER)

SHOUT = ShoutingEvidence(
    start_s=192.0,
    end_s=205.0,
    speech_s=8.2,
    level_db=-14.0,
    over_calm_db=14.0,
    tilt_db=-3.0,
    tilt_over_calm_db=7.1,
    probability=0.93,
)


class PeerAgent:
    """Publishes what it is told and keeps its retained messages, so that it can tell them again to a new broker."""

    def __init__(self, settings: BrokerSettings, site: str = "main", agent_id: str = "agent-1") -> None:
        self.settings = settings
        self.site = site
        self.agent_id = agent_id
        self.topics = AgentTopics(site, agent_id)
        self.commands: asyncio.Queue[Command] = asyncio.Queue()
        self.retained: dict[str, bytes] = {}
        self.cleared: list[str] = []
        """Topics to clear at the next broker, as an agent does with what ended while the broker was away."""
        self.calls: dict[str, CallState] = {}
        self.alerts: dict[str, Alert] = {}
        self.ringing: dict[str, RingingCall] = {}
        self.connected = asyncio.Event()
        self._client: Client | None = None
        self._dead = False
        self._lines = 0
        self._asked: set[str] = set()
        """Commands that came."""
        self._results: dict[str, CommandResult] = {}
        """Answers to them."""
        self.key: SigningKey | None = AGENT
        """None = signs nothing, as an agent of the version before."""
        self.clock_ahead = timedelta()
        """Lead of this agent's clock over the machine's."""

    @asynccontextmanager
    async def running(self) -> AsyncIterator[PeerAgent]:
        """Connected to the broker inside; says goodbye afterwards."""
        await self.health()
        task = asyncio.create_task(stay_connected(self._session, lambda _error, _wait: None))
        try:
            async with asyncio.timeout(WITHIN_S):
                await self.connected.wait()
            yield self
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _session(self) -> None:
        if self._dead:
            await asyncio.Event().wait()
        offline = Health(agent_id=self.agent_id, site=self.site, online=False, at=datetime.now(UTC))
        last = offline.to_bytes() if self.key is None else sealed(offline.to_bytes(), self.key)
        will = Will(self.topics.health, last, qos=1, retain=True)
        try:
            async with connect(self.settings, self.agent_id, will=will) as client:
                self._client = client
                await client.subscribe(self.topics.commands, qos=1)
                for topic in self.cleared:
                    await client.publish(topic, b"", qos=1, retain=True)
                for topic, payload in self.retained.items():
                    await client.publish(topic, payload, qos=1, retain=True)
                self.connected.set()
                async for message in client.messages:
                    assert isinstance(message.payload, bytes)
                    command = Command.from_bytes(unsealed(message.payload))
                    if command.action == ASK_TIME:
                        # As an agent does, by itself.
                        await self.answer(command)
                    elif command.command_id not in self._asked:
                        self._asked.add(command.command_id)
                        self.commands.put_nowait(command)
                    elif command.command_id in self._results:
                        # Asked again after ten seconds, as an answer may be lost: nothing is done twice.
                        await self.publish(command.reply_to, self._results[command.command_id])
        finally:
            self._client = None
            self.connected.clear()

    async def publish(
        self, topic: str, message: Message | bytes, *, retain: bool = False, qos: int = 1
    ) -> None:
        payload = message if isinstance(message, bytes) else message.to_bytes()
        parsed = Topics(self.site).parse(topic)
        if self.key is not None and payload and parsed is not None and parsed.kind in SIGNED:
            with suppress(UnicodeDecodeError):  # garbage, which nobody can sign
                payload = sealed(payload, self.key)
        if retain:
            self.retained[topic] = payload
            if not payload:
                del self.retained[topic]
        if self._client is not None:
            await self._client.publish(topic, payload, qos=qos, retain=retain)

    def abort(self) -> None:
        """Die without a word: the socket is closed, the broker publishes the last will."""
        assert self._client is not None
        line = self._client._client.socket()
        assert isinstance(line, socket)
        line.shutdown(SHUT_RDWR)
        self._dead = True

    # --- calls

    async def call(self, call_id: str, **fields: Any) -> CallState:
        """Begin a call, or change what is said of it."""
        known = self.calls.get(call_id)
        if known is not None:
            state = known.model_copy(update=fields)
        else:
            defaults: dict[str, Any] = {
                "tap": "audiosocket",
                "started_at": datetime.now(UTC) - timedelta(seconds=210),
                "caller": Party(number="03-5555-0100", name="山田 一郎"),
                "operator": Party(number="201", name="佐藤 美咲"),
                "roles": (Role.CUSTOMER, Role.OPERATOR),
                "speech": SpeechStatus.ON,
                "capabilities": ALL_ACTIONS,
                "superior": Party(number="200", name="高橋 課長"),
            }
            state = CallState(
                call_id=call_id, site=self.site, agent_id=self.agent_id, **{**defaults, **fields}
            )
        self.calls[call_id] = state
        await self.publish(self.topics.call_state(call_id), state, retain=True)
        return state

    async def end_call(self, call_id: str) -> None:
        """As an agent ends it: a last state, then the topic is cleared."""
        state = self.calls.pop(call_id).model_copy(
            update={"status": CallStatus.ENDED, "ended_at": datetime.now(UTC)}
        )
        await self.publish(self.topics.call_state(call_id), state, retain=True)
        await self.publish(self.topics.call_state(call_id), b"", retain=True)

    async def say(
        self,
        call_id: str,
        role: Role,
        text: str,
        at_s: float,
        *,
        final: bool = True,
        line_id: str | None = None,
        **fields: Any,
    ) -> None:
        self._lines += 1
        line = TranscriptLine(
            call_id=call_id,
            line_id=line_id or f"{call_id}-{self._lines}",
            role=role,
            start_s=at_s,
            end_s=at_s + 2,
            text=text,
            final=final,
            **fields,
        )
        await self.publish(self.topics.transcript(call_id), line, qos=0)

    async def levels(self, **calls: tuple[LegLevel | None, LegLevel | None]) -> None:
        """Levels of customer and operator by call."""
        message = Levels(
            agent_id=self.agent_id,
            at=datetime.now(UTC),
            calls={
                call_id: CallLevels(
                    media_s=200,
                    legs={
                        role: leg
                        for role, leg in zip((Role.CUSTOMER, Role.OPERATOR), legs, strict=True)
                        if leg is not None
                    },
                )
                for call_id, legs in calls.items()
            },
        )
        await self.publish(self.topics.levels, message, qos=0)

    # --- alerts

    async def ring(self, *calls: RingingCall, more: int = 0) -> None:
        """List these calls as the ones that ring; none clears the list."""
        self.ringing = {each.call_id: each for each in calls}
        listed = RingingCalls(agent_id=self.agent_id, calls=calls, more=more)
        await self.publish(self.topics.ringing, listed if calls else b"", retain=True)

    async def alert(
        self,
        call_id: str,
        *,
        rule: str = "shouting",
        kind: str | None = None,
        severity: Severity = Severity.CRITICAL,
        title: tuple[str, str] = ("大声・怒声", "Raised voice"),
        evidence: tuple[Evidence, ...] = (SHOUT,),
        suggestion: Action | None = Action.HOLD_TRANSFER,
        raised_s: float = 192.0,
    ) -> Alert:
        """Raise an alert, or a further revision of it."""
        call, rings = self.calls.get(call_id), self.ringing.get(call_id)
        started_at = call.started_at if call else rings.since if rings else datetime.now(UTC)
        alert_id = f"{call_id}.{rule}.1"
        known = self.alerts.get(alert_id)
        alert = Alert(
            alert_id=alert_id,
            call_id=call_id,
            site=self.site,
            agent_id=self.agent_id,
            rule=rule,
            rule_kind=kind or rule,
            title={"ja": title[0], "en": title[1]},
            severity=severity,
            state=AlertState.OPEN,
            revision=known.revision + 1 if known else 1,
            raised_at=known.raised_at if known else started_at + timedelta(seconds=raised_s),
            updated_at=datetime.now(UTC),
            raised_s=raised_s,
            evidence=evidence,
            suggestion=suggestion,
            caller=call.caller if call else rings.caller if rings else Party(),
            operator=call.operator if call else Party(),
        )
        self.alerts[alert_id] = alert
        await self.publish(self.topics.alert(alert_id), alert, retain=True)
        return alert

    async def close_alert(self, alert: Alert, because: ClosedBecause = ClosedBecause.CALMED) -> None:
        closed = self.alerts.pop(alert.alert_id).model_copy(
            update={
                "state": AlertState.CLOSED,
                "revision": alert.revision + 1,
                "updated_at": datetime.now(UTC),
                "closed_because": because,
            }
        )
        await self.publish(self.topics.alert(alert.alert_id), closed, retain=True)
        await self.publish(self.topics.alert(alert.alert_id), b"", retain=True)

    # --- commands and health

    async def command(self) -> Command:
        """Wait for the next press."""
        async with asyncio.timeout(WITHIN_S):
            return await self.commands.get()

    async def answer(
        self,
        command: Command,
        outcome: Outcome = Outcome.DONE,
        reason: str | None = None,
        detail: str | None = None,
    ) -> None:
        result = CommandResult(
            command_id=command.command_id,
            call_id=command.call_id,
            action=command.action,
            outcome=outcome,
            reason=reason,
            detail=detail,
            at=datetime.now(UTC) + self.clock_ahead,
        )
        self._results[command.command_id] = result
        await self.publish(command.reply_to, result)

    async def health(
        self,
        *,
        online: bool = True,
        speech: SpeechStatus = SpeechStatus.ON,
        problems: tuple[Problem, ...] = (),
    ) -> None:
        health = Health(
            agent_id=self.agent_id,
            site=self.site,
            online=online,
            version="0.1.0",
            at=datetime.now(UTC),
            started_at=datetime.now(UTC),
            speech=speech,
            pbx="simulated",
            calls=len(self.calls),
            problems=problems,
        )
        await self.publish(self.topics.health, health, retain=True)
