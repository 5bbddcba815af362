"""Agent's side of the bus: its publications, and the commands it takes.

Nothing here waits for the broker on behalf of a caller: state is kept as "latest wins", alerts go through the outbox,
levels and transcripts are shed when the broker is slow or away.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

import structlog

from kikimori.bus.alert_board import AlertBoard
from kikimori.bus.call_board import CallBoard
from kikimori.bus.commands import CommandReceiver, utc_now
from kikimori.bus.directory_book import DirectoryBook
from kikimori.bus.gate import CommandGate
from kikimori.bus.health_teller import GOODBYE_S, HealthTeller
from kikimori.bus.inventory import InventoryTeller
from kikimori.bus.ringing_teller import RingingTeller
from kikimori.bus.rival import SILENT_S, RivalWatch
from kikimori.bus.shedding import SheddingQueue
from kikimori.bus.stamps import Stamps
from kikimori.bus.sweep import Sweep
from kikimori_core.wire.broker_problem import BrokerStatus
from kikimori_core.wire.connection import BrokerError, Will, connect, only_broker_error, stay_connected
from kikimori_core.wire.key_store import TrustStore
from kikimori_core.wire.messages import CallStatus, Health
from kikimori_core.wire.topics import AgentTopics, ParsedTopic, TopicKind

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from datetime import datetime

    from kikimori.bus.commands import CommandWitness
    from kikimori.bus.outbox import Outbox
    from kikimori.bus.ringing_teller import RingingSource
    from kikimori_core.wire import messages as wire
    from kikimori_core.wire.connection import Client
    from kikimori_core.wire.delivery import CallerContacts
    from kikimori_core.wire.key_store import Identity
    from kikimori_core.wire.settings import BrokerSettings

log = structlog.get_logger()

LEVELS_LIMIT = 32
TRANSCRIPT_LIMIT = 1000
REPLIES_LIMIT = 256
TICK_S = 1.0
FLUSH_S = 2.0


class Bus:
    """Connection of one agent to its site's broker. `run` during the agent's life, then `aclose`."""

    def __init__(
        self,
        settings: BrokerSettings,
        site: str,
        agent_id: str,
        outbox: Outbox,
        *,
        on_command: Callable[[wire.Command], Awaitable[wire.CommandResult]],
        now: Callable[[], datetime] = utc_now,
        run: str = "0",
        silent_s: float = SILENT_S,
        identity: Identity | None = None,
        witness: CommandWitness | None = None,
        directory: DirectoryBook | None = None,
        on_callers: Callable[[Mapping[str, CallerContacts]], None] = lambda _callers: None,
        ringing: RingingSource | None = None,
    ) -> None:
        """`run`: name of this run; `silent_s`: see `RivalWatch`; without `identity` no command is taken."""
        # `on_callers` is called with earlier contacts of callers, by call, as a dashboard told them.
        self._on_callers = on_callers
        self._directory = directory or DirectoryBook(site)
        self._sealed: Callable[[bytes], bytes] = identity.sealed if identity else bytes
        self._settings = settings
        self._topics = AgentTopics(site, agent_id)
        self._client_id = f"kikimori-agent.{site}.{agent_id}"
        self._outbox = outbox
        first = Health(agent_id=agent_id, site=site, online=True, at=now(), run=run)
        self._health = HealthTeller(self._topics.health, first, self._additions, self._sealed)
        self._calls = CallBoard(outbox.left_live)
        self._stamps = Stamps(run)
        self._board = AlertBoard(outbox, now, asyncio.get_running_loop().time)
        self.dashboards = self._board.dashboards
        self._inventory = InventoryTeller(
            self._topics,
            self._stamps,
            self._calls.live,
            self._board.open_revisions,
            self._health.compose,
            self._sealed,
        )
        self._ringing = RingingTeller(self._topics, ringing)
        self._levels = SheddingQueue(LEVELS_LIMIT)
        self._transcript = SheddingQueue(TRANSCRIPT_LIMIT)
        self._replies = SheddingQueue(REPLIES_LIMIT)
        self._gate = CommandGate(site, agent_id, run, identity.trust if identity else TrustStore())
        self._receiver = CommandReceiver(
            self._topics, on_command, self._reply, gate=self._gate, witness=witness, now=now
        )
        self._sweep = Sweep(
            self._topics,
            self._has,
            left_calls=outbox.left_live if outbox.migrated else (),
            left_alerts=outbox.migrated,
        )
        self._silent_s = silent_s
        self._rival: RivalWatch | None = None
        self._moved = asyncio.Event()
        self._sending = 0
        self._closing = asyncio.Event()
        self._ended = asyncio.Event()
        self._ended.set()
        self.connected = False
        self.broker = BrokerStatus(settings)

    # --- what the agent says

    def publish_call(self, state: wire.CallState) -> None:
        """Show a call's state. The first is retained until one with status `ended` follows."""
        state = state.model_copy(update={"run": self._stamps.run, "seq": self._stamps.next()})
        if self._calls.put(state) and state.status is not CallStatus.ENDED:
            self._outbox.note_call(state.call_id, live=True)
        for call_id in self._calls.shed():
            self._outbox.note_call(call_id, live=False)

    def publish_levels(self, levels: wire.Levels) -> None:
        self._levels.put(self._topics.levels, levels.to_bytes())

    def publish_transcript(self, line: wire.TranscriptLine) -> None:
        self._transcript.put(self._topics.transcript(line.call_id), line.to_bytes())

    async def raise_alert(self, alert: wire.Alert) -> None:
        """Raise, change or close an alert. It is on the disk when this returns and reaches the broker when it can.

        Raises:
            Exception: neither disk nor memory took it; cannot happen short of running out of memory.
        """
        await self._board.put(alert, self._stamps)

    def set_health(self, health: Health) -> None:
        """Publish the agent's health when it changed; a new time alone is no change."""
        self._health.set(health)

    def _additions(self, own: Health) -> dict[str, object]:
        """Return the bus's own fields of the agent's health."""
        return {
            "problems": own.problems + self.problems(),
            "run": self._stamps.run,
            "inventory": self._inventory.digest,
        }

    def problems(self) -> tuple[wire.Problem, ...]:
        """Return the problems of outbox, broker and dashboards that a person should know."""
        parts = self._outbox.problems, self._sweep.problems, self._board.problems(), self._gate.problems()
        return sum(parts, ())

    def counters(self) -> dict[str, int]:
        """Return counts since start, for the health message."""
        return {
            "outbox_pending": self._board.untold,
            "alerts_unacknowledged": self._board.unheld,
            "alerts_unseen": self._board.unseen,
            "alerts_dropped": self._board.dropped,
            "acks_invalid": self._board.invalid_acks,
            "levels_dropped": self._levels.dropped,
            "transcript_dropped": self._transcript.dropped,
            "replies_dropped": self._replies.dropped,
            "call_states_dropped": self._calls.states_dropped,
            "retained_swept": self._sweep.cleared,
            **self._receiver.counters,
        }

    # --- life

    async def run(self) -> None:
        """Stay connected until `aclose`. A broker that is away is logged and tried again without end."""
        self._ended.clear()
        try:
            await self._board.close_leftovers(self._stamps)
            async with asyncio.TaskGroup() as tasks:
                self._tasks = tasks
                connection = tasks.create_task(stay_connected(self._session, self.broker.lost), name="mqtt")
                ticking = tasks.create_task(self._tick(), name="alerts' time")
                await self._closing.wait()
                await self._flush()
                self._receiver.cancel()
                ticking.cancel()
                connection.cancel()
        finally:
            self._ended.set()

    async def aclose(self) -> None:
        """Send what can be sent within about two seconds, publish offline, disconnect.

        What is not confirmed by then stays in the outbox for the next start.
        """
        self._closing.set()
        with suppress(TimeoutError):
            async with asyncio.timeout(FLUSH_S + GOODBYE_S + 1):
                await self._ended.wait()

    async def _flush(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(FLUSH_S):
                while self.connected and not self._all_sent():
                    self._moved.clear()
                    await self._moved.wait()

    def _all_sent(self) -> bool:
        waiting = self._board.untold + self._calls.untold + self._ringing.untold
        waiting += len(self._levels) + len(self._transcript) + len(self._replies)
        return not waiting and not self._sending and not self._receiver.running

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            self._board.tick()
            if self._health.own.problems + self.problems() != self._health.whole.problems:
                self._health.compose()

    # --- one connection

    async def _session(self) -> None:
        rival = self._rival = self._rival or self._watch()
        if rival.was_silent:
            await rival.look(lambda: connect(self._settings, self._client_id))
        will = Will(self._topics.health, self._sealed(self._health.offline().to_bytes()), qos=1, retain=True)
        async with connect(self._settings, self._client_id, will=will) as client:
            try:
                async with asyncio.TaskGroup() as tasks:
                    tasks.create_task(rival.guard())
                    tasks.create_task(self._read(client, rival))
                    tasks.create_task(self._write(client))
            except asyncio.CancelledError:
                # Disconnecting in order withholds the last will, so it has to be said.
                await self._health.say_offline(client)
                raise
            except BaseExceptionGroup as group:
                raise only_broker_error(group) from None
            finally:
                self.connected = False
                self._health.forget_told()
                self._moved.set()

    def _watch(self) -> RivalWatch:
        health = self._health.whole
        return RivalWatch(
            self._topics.health, self._topics.agent_id, health.run, health.started_at, silent_s=self._silent_s
        )

    async def _read(self, client: Client, rival: RivalWatch) -> None:
        async for message in client.messages:
            topic, payload = message.topic.value, message.payload
            if not isinstance(payload, bytes) or self._directory.heard(topic, payload):
                continue
            if topic == rival.topic:
                rival.take(payload, retain=message.retain)
            elif self._sweep.take(topic, payload, retain=message.retain) or message.retain:
                continue  # a retained command would come again with every connection
            elif topic == self._topics.acks:
                if (acks := self._gate.take_acks(payload, self._board)) and acks.callers:
                    self._on_callers(acks.callers)
            else:
                self._receiver.receive(payload, self._tasks)

    async def _write(self, client: Client) -> None:
        await client.subscribe(self._topics.read_filters())
        await self._health.tell(client)
        log.info("broker_connected", host=self._settings.host, port=self._settings.port)
        self.broker.connected()
        self.connected = True
        self._calls.tell_all_again()
        while self._calls.untold:
            await self._write_call(client)
        self._board.tell_again()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._health.run(client))
            tasks.create_task(self._call_states(client))
            tasks.create_task(self._alerts(client))
            tasks.create_task(self._ringing.run(client, self._moved.set))
            tasks.create_task(self._inventory.run(client))
            tasks.create_task(self._sweep.run(client))
            tasks.create_task(self._shed(client, self._replies, qos=1))
            tasks.create_task(self._shed(client, self._levels, qos=0))
            tasks.create_task(self._shed(client, self._transcript, qos=0))

    async def _call_states(self, client: Client) -> None:
        while True:
            await self._calls.changed()
            await self._write_call(client)
            self._moved.set()

    async def _write_call(self, client: Client) -> None:
        call_id = self._calls.next_untold()
        if call_id is None:
            return
        topic = self._topics.call_state(call_id)
        state, clear = self._calls.look(call_id)
        if state is not None:
            await client.publish(topic, state.to_bytes(), qos=1, retain=not clear)
        if clear:
            await client.publish(topic, b"", qos=1, retain=True)
            self._outbox.note_call(call_id, live=False)
        self._calls.told(call_id, state, cleared=clear)

    async def _alerts(self, client: Client) -> None:
        while True:
            await self._board.changed()
            kept = self._board.next_untold()
            if kept is not None:
                topic = self._topics.alert(kept.alert_id)
                payload = self._sealed(self._board.message(kept))
                await client.publish(topic, payload, qos=1, retain=kept.is_open)
                if not kept.is_open:
                    await client.publish(topic, b"", qos=1, retain=True)
                self._board.told(kept)
            self._moved.set()

    def _has(self, parsed: ParsedTopic) -> bool:
        """Return whether the subject of a retained topic still exists."""
        has = {TopicKind.CALL_STATE: self._calls.knows, TopicKind.ALERT: self._board.is_open}
        has[TopicKind.RINGING] = self._ringing.rings
        return has.get(parsed.kind, self._inventory.has)(parsed.name)

    async def _shed(self, client: Client, messages: SheddingQueue, qos: int) -> None:
        while True:
            topic, payload = await messages.get()
            self._sending += 1
            try:
                await client.publish(topic, payload, qos=qos)
            except (BrokerError, asyncio.CancelledError):
                if qos:
                    # The broker died before it took the outcome of a press: the next one is told.
                    messages.put_back(topic, payload)
                raise
            finally:
                self._sending -= 1
                self._moved.set()

    def _reply(self, topic: str, result: wire.CommandResult) -> None:
        self._replies.put(topic, self._sealed(result.to_bytes()))
