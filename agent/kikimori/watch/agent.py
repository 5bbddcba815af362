"""Watch of a running agent through the broker: levels and calls as it publishes them."""

from __future__ import annotations

import asyncio
import uuid
from collections import deque
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from kikimori.bus.broker_users import with_left_login
from kikimori.errors import KikimoriError
from kikimori.watch.picture import CallRow, LegRow, Picture, TapRow
from kikimori.watch.words import not_heard, uncertain
from kikimori_core.messages import remedy, text
from kikimori_core.wire.broker_problem import broker_problem
from kikimori_core.wire.connection import BrokerError, connect
from kikimori_core.wire.envelope import unsealed
from kikimori_core.wire.former_topics import FormerTopics
from kikimori_core.wire.messages import BadMessageError, CallState, CallStatus, Health, Levels, Problem
from kikimori_core.wire.topics import TopicKind, Topics

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from kikimori.config import AgentConfig
    from kikimori_core.wire.connection import Client
    from kikimori_core.wire.messages import CallLevels

REMEMBERED_ENDS = 5
STALE_S = 2.0
"""Seconds after which levels are too old; they come four times a second."""
MAX_CALLS = 5000
SOUND_DB = -80.0
"""Level in dBFS from which an agent's level counts as sound; below, the agent takes it for silence."""


class AgentView:
    """A `kikimori.watch.picture.Source`."""

    def __init__(self, config: AgentConfig) -> None:
        self._mqtt = with_left_login(config.mqtt, config.state_path())
        self._topics = Topics(config.site)
        self._former = FormerTopics(config.site)
        self._client_id = f"{config.agent_id}-watch-{uuid.uuid4().hex[:8]}"
        self._now = asyncio.get_running_loop().time
        self._began = self._now()
        self._calls: dict[str, CallState] = {}
        self._levels: dict[str, tuple[float, CallLevels]] = {}
        self._agents: dict[str, Health] = {}
        self._ended: deque[str] = deque(maxlen=REMEMBERED_ENDS)
        self._seen: set[tuple[str, str]] = set()
        self._sounded: set[tuple[str, str]] = set()
        self._lost: str | None = None

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Subscribe inside the `async with`.

        Raises:
            KikimoriError: the broker is away or refuses us. One that goes away later is a problem in the picture.
        """
        try:
            async with connect(self._mqtt, self._client_id) as client:
                filters = [*self._topics.dashboard_filters(), *self._former.dashboard_filters()]
                await client.subscribe([each for each in filters if "/alerts/" not in each[0]])
                async with asyncio.TaskGroup() as tasks:
                    following = tasks.create_task(self._follow(client), name="broker")
                    try:
                        yield
                    finally:
                        following.cancel()
        except (BrokerError, OSError) as error:
            detail, next_step = broker_problem(error, self._mqtt).texts()
            raise KikimoriError.of("watch_no_broker", detail=detail, remedy=next_step) from error

    async def _follow(self, client: Client) -> None:
        try:
            async for message in client.messages:
                parsed = self._topics.parse(message.topic.value) or self._former.parse(message.topic.value)
                payload = message.payload if isinstance(message.payload, bytes) else b""
                if parsed is not None:
                    self._take(parsed.kind, parsed.name, payload)
        except BrokerError as error:
            self._lost = str(error)

    def _take(self, kind: TopicKind, name: str, payload: bytes) -> None:
        try:
            match kind:
                case TopicKind.CALL_STATE:
                    self._take_call(name, CallState.from_bytes(payload) if payload else None)
                case TopicKind.LEVELS:
                    self._take_levels(Levels.from_bytes(payload))
                case TopicKind.HEALTH if payload:
                    self._agents[name] = Health.from_bytes(unsealed(payload))
                case TopicKind.HEALTH:
                    self._agents.pop(name, None)
                case _:
                    pass
        except BadMessageError:
            return  # the dashboard logs it; here there is nothing to show of it

    def _take_call(self, call_id: str, state: CallState | None) -> None:
        if state is not None and state.status is not CallStatus.ENDED:
            if len(self._calls) < MAX_CALLS or call_id in self._calls:
                self._calls[call_id] = state
                self._seen |= {(call_id, str(role)) for role in state.roles}
            return
        known = self._calls.pop(call_id, None)
        self._levels.pop(call_id, None)
        if known is not None:
            seconds = (datetime.now(UTC) - known.started_at).total_seconds()
            self._ended.append(text("watch_ended", name=call_id, seconds=f"{seconds:.0f}"))

    def _take_levels(self, levels: Levels) -> None:
        now = self._now()
        for call_id, each in levels.calls.items():
            if call_id in self._calls:
                self._levels[call_id] = (now, each)
                self._sounded |= {
                    (call_id, str(role)) for role, leg in each.legs.items() if leg.level_db > SOUND_DB
                }

    def picture(self) -> Picture:
        agents = tuple(
            self._agent_row(each) for each in sorted(self._agents.values(), key=lambda each: each.agent_id)
        )
        if self._lost is not None:
            lost = Problem(code="broker_lost", detail=self._lost, remedy=remedy("watch_lost"))
            agents = (TapRow("broker", (), (lost,), {}), *agents)
        hints: tuple[str, ...] = ()
        if not self._agents:
            nobody = f"no agent has said anything at site {self._topics.site}"
            hints = (
                f"{nobody}: start one (kikimori agent, kikimori up), or watch without: kikimori tap watch",
            )
        elif not self._seen:
            left_out = [each for row in agents for each in not_heard(row.counters)]
            hints = tuple(left_out) or ("the agent is there and hears no call; make one and answer it",)
        return Picture(
            seconds=self._now() - self._began,
            taps=agents,
            calls=tuple(self._call_row(each) for each in self._calls.values()),
            ended=tuple(self._ended),
            legs_seen=len(self._seen),
            legs_sounded=len(self._sounded),
            hints=hints,
        )

    @staticmethod
    def _agent_row(health: Health) -> TapRow:
        problems = health.problems
        if not health.online:
            gone = Problem.of("agent_offline", agent_id=health.agent_id)
            problems = (gone, *problems)
        shown = {key: count for key, count in health.counters.items() if count}
        return TapRow(f"agent {health.agent_id}", (), problems, shown)

    def _call_row(self, state: CallState) -> CallRow:
        at, levels = self._levels.get(state.call_id, (0.0, None))
        fresh = levels if levels is not None and self._now() - at < STALE_S else None
        rows = []
        for role in state.roles:
            leg = None if fresh is None else fresh.legs.get(role)
            rows.append(
                LegRow(
                    role=str(role),
                    rate=None,
                    level_db=None if leg is None else leg.level_db,
                    peak_db=None,
                    frames_s=None,
                    gaps=None,
                    gap_ms=0,
                    key="",
                    sounded=(state.call_id, str(role)) in self._sounded,
                )
            )
        return CallRow(
            call_id=state.call_id,
            tap=state.tap,
            caller=state.caller,
            operator=state.operator,
            queue=state.queue,
            seconds=(datetime.now(UTC) - state.started_at).total_seconds(),
            held=state.status is CallStatus.ON_HOLD,
            legs=tuple(rows),
            hint=uncertain() if state.identity else "",
            identity=state.identity,
        )
