"""Connection of the dashboard to the broker: turns the site's messages into the state, publishes presses."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import structlog

from kikimori_core.wire.broker_problem import BrokerStatus
from kikimori_core.wire.connection import BrokerError, connect, only_broker_error, stay_connected
from kikimori_core.wire.delivery import Inventory
from kikimori_core.wire.former_topics import FormerTopics
from kikimori_core.wire.key_store import Identity
from kikimori_core.wire.messages import (
    VERSION,
    Alert,
    BadMessageError,
    CallState,
    CommandResult,
    Health,
    Levels,
    NewerMessageError,
    TranscriptLine,
)
from kikimori_core.wire.ringing_calls import RingingCalls
from kikimori_core.wire.topics import ParsedTopic, TopicKind, Topics
from kikimori_dashboard.broker.acks import AckDesk
from kikimori_dashboard.broker.agent_messages import read_message
from kikimori_dashboard.broker.former import FormerTree
from kikimori_dashboard.broker.inventories import Inventories
from kikimori_dashboard.broker.reading import RetainedReading
from kikimori_dashboard.broker.signatures import Signatures

if TYPE_CHECKING:
    from collections.abc import Callable

    from kikimori_core.wire.connection import Arrived, Client
    from kikimori_core.wire.messages import Command
    from kikimori_core.wire.settings import BrokerSettings
    from kikimori_dashboard.site.state import SiteState

log = structlog.get_logger()

SILENT_FOR_S = 30.0
"""Seconds without a message, while retained ones are missing, after which the connection is begun anew."""
READING_PATIENCE_S = 5.0
"""Seconds of reading after which presses are let through, though not everything retained was read."""
REMIND_EVERY_S = 2.0
"""Interval in s at which the end marker is sent again: a broker with a full queue for us drops it."""

CONFIRM_WITHIN_S = 600.0
"""Longest time in s for confirmations that the broker sends behind all earlier messages."""
STALLED_AFTER_S = 3.0
"""Seconds without a message after which an unconfirmed press, or its confirmation, counts as lost."""

ACK_EVERY_S = 0.2
MESSAGES_PER_TURN = 50
"""Messages in one go after which other tasks get their turn."""


class BrokerAwayError(Exception):
    """There is no connection to publish on."""


class Subscriber:
    """Runs until cancelled. `changed` is called after every message that may have changed the state."""

    def __init__(
        self,
        settings: BrokerSettings,
        site: str,
        client_id: str,
        state: SiteState,
        *,
        changed: Callable[[], None],
        on_result: Callable[[CommandResult], None],
        branch: str | None = None,
        signatures: Signatures | None = None,
    ) -> None:
        """`branch`: name of the dashboard's own branch of topics, if another than its client id.

        Without `signatures` a key is made that nobody trusts.
        """
        self.signatures = signatures or Signatures(site, Identity.in_memory(), state)
        self.acks = AckDesk(branch or client_id, state.alert_book)
        self.inventories = Inventories(state)
        self._settings = settings
        self._topics = Topics(site)
        self._former_topics = FormerTopics(site)
        self._former = FormerTree(state)
        self._client_id = client_id
        self._branch = branch or client_id
        self._state = state
        self._changed = changed
        self._on_result = on_result
        self._client: Client | None = None
        self._broker = BrokerStatus(settings)
        self.bad_messages = 0
        self._read = 0
        """Number of messages read since start."""
        self._complained: set[str] = set()

    def reply_topic(self, agent_id: str) -> str:
        """Return the topic on which an agent is asked to answer."""
        if self._former.has(agent_id):
            return self._former_topics.reply(self._branch)
        return self._topics.of(agent_id).reply(self._branch)

    async def run(self) -> None:
        await stay_connected(self._session, self._lost)

    async def publish_command(self, agent_id: str, command: Command) -> None:
        """Publish a command; raises BrokerAwayError when the broker did not take it."""
        if self._client is None:
            raise BrokerAwayError
        try:
            former = self._former.has(agent_id)
            topic = self._former_topics.commands(agent_id) if former else self._topics.of(agent_id).commands
            payload = self.signatures.sealed_for(agent_id, command.to_bytes())
            await self._publish(self._client, topic, payload)
        except BrokerError as error:
            raise BrokerAwayError from error

    async def _publish(self, client: Client, topic: str, payload: bytes) -> None:
        """Publish and wait for the confirmation while the broker sends anything at all; then once more.

        A broker whose queue for us is full drops confirmations, and answers. A command that comes twice is carried out once.
        """
        sending = asyncio.create_task(client.publish(topic, payload, qos=1, timeout=CONFIRM_WITHIN_S))
        try:
            read = -1
            while not sending.done() and self._client is client and self._read != read:
                read = self._read
                await asyncio.wait({sending}, timeout=STALLED_AFTER_S)
            if sending.done():
                sending.result()
                return
        finally:
            sending.cancel()
        if self._client is not client:
            raise BrokerAwayError
        await client.publish(topic, payload, qos=1, timeout=STALLED_AFTER_S)

    def _lost(self, error: Exception, retry_in_s: float) -> None:
        self._broker.lost(error, retry_in_s)
        self._state.broker.failed(self._broker.problem)
        self._changed()

    async def _session(self) -> None:
        """Connect, read what exists, follow the changes.

        The broker first delivers what it queued for us while we were away: history, possibly cut short. Then, on our
        subscription, what it retains: the truth. Two markers to ourselves enclose the latter, so that whatever is not
        told between them is known to have ended.
        """
        async with connect(self._settings, self._client_id, keep_session=True) as client:
            reading = RetainedReading()
            try:
                async with asyncio.timeout(SILENT_FOR_S) as limit, asyncio.TaskGroup() as tasks:
                    # Beside the reading: the answers to what is asked come behind all that waits to be read.
                    asking = tasks.create_task(self._ask(client, reading))
                    tasks.create_task(self._acknowledge(client))
                    directory = self.signatures.directory
                    tasks.create_task(directory.run(client, self._branch, lambda: self._client is client))
                    async for message in client.messages:
                        for each in (message, *client.take_waiting(MESSAGES_PER_TURN)):
                            self._follow(each, client, reading)
                        if reading.over and asking.cancel() and not reading.complete:
                            tasks.create_task(self._ask_again(client))
                        limit.reschedule(
                            None if reading.over else asyncio.get_running_loop().time() + SILENT_FOR_S
                        )
                        await asyncio.sleep(0)
            except TimeoutError:
                raise BrokerError("the broker did not tell what it retains in time") from None
            except BaseExceptionGroup as group:
                raise only_broker_error(group) from None
            finally:
                self._client = None
                self._state.broker_lost()
                self._changed()

    async def _ask(self, client: Client, reading: RetainedReading) -> None:
        """Subscribe, and send the markers to ourselves. Cancelled when the end marker has come."""
        marker = self._topics.marker(self._branch)
        mine = [marker, self._topics.replies(self._branch), self._former_topics.reply(self._branch)]
        await client.subscribe([(each, 1) for each in mine], timeout=CONFIRM_WITHIN_S)
        await client.publish(marker, reading.begin, qos=1, timeout=CONFIRM_WITHIN_S)
        await reading.begun.wait()
        late = asyncio.get_running_loop().call_later(READING_PATIENCE_S, self._let_through, client)
        try:
            async with asyncio.TaskGroup() as tasks:
                health, *others = self._topics.dashboard_filters()
                await client.subscribe([health], timeout=CONFIRM_WITHIN_S)
                filters = [*others, *self._former_topics.dashboard_filters()]
                tasks.create_task(client.subscribe(filters, timeout=CONFIRM_WITHIN_S))
                # Not after what the broker confirms: where it has very much to tell, it drops confirmations too.
                while True:
                    await asyncio.sleep(0)
                    end = reading.next_end()
                    tasks.create_task(client.publish(marker, end, qos=1, timeout=CONFIRM_WITHIN_S))
                    await asyncio.sleep(REMIND_EVERY_S)
        finally:
            late.cancel()

    async def _ask_again(self, client: Client) -> None:
        """Read each agent's branch by itself, as the broker dropped some messages of the whole."""
        for agent_id in [name for name, health in self._state.agents.items() if health.online]:
            filters = self._topics.of(agent_id).retained_filters()
            await client.subscribe([(each, 1) for each in filters], timeout=CONFIRM_WITHIN_S)
        self._state.broker.completed()
        self._changed()

    def _let_through(self, client: Client) -> None:
        log.warning("reading_takes_long", calls=len(self._state.calls), alerts=len(self._state.alerts))
        self._broker.connected()
        self._client = client
        self._state.broker.still_reading()
        self._changed()

    def _follow(self, message: Arrived, client: Client, reading: RetainedReading) -> None:
        topic, payload = message.topic.value, _bytes(message.payload)
        self._read += 1
        if payload == reading.begin:
            self._state.begin_reading_retained()
            self._former.begin_reading()
            self.inventories.begin_reading()
            self.acks.begin_session()
            reading.begun.set()
        elif reading.ends_with(payload):
            self._broker.connected()
            self._state.end_reading_retained(datetime.now(UTC), complete=reading.complete)
            self._client = client
            calls, alerts = len(self._state.calls), len(self._state.alerts)
            log.info("broker_connected", calls=calls, alerts=alerts, complete=reading.complete)
        else:
            # Before the begin marker comes what the broker queued for us: said long ago, perhaps.
            self.take(topic, payload, now=reading.begun.is_set() and not message.retain)
        self._changed()

    async def _acknowledge(self, client: Client) -> None:
        """Acknowledge held alerts to the agents, from the moment at which presses go out."""
        clock = asyncio.get_running_loop().time
        while True:
            if self._client is client:
                for agent_id, acks in list(self.acks.due(clock())):
                    if not self._former.has(agent_id):
                        topic = self._topics.of(agent_id).acks
                        payload = self.signatures.acks_for(agent_id, acks)
                        await client.publish(topic, payload, qos=1, timeout=CONFIRM_WITHIN_S)
            await asyncio.sleep(ACK_EVERY_S)

    def take(self, topic: str, payload: bytes, *, now: bool) -> None:
        """Fold a message into the state; `now`: it was said just now."""
        present = self._topics.parse(topic)
        parsed = present or self._former_topics.parse(topic)
        if parsed is None:
            return
        try:
            if payload:
                payload = self.signatures.content(parsed, payload, former=present is None)
            if parsed.kind is TopicKind.REPLY:
                self._answered(CommandResult.from_bytes(payload))
                if now and parsed.agent_id:
                    self._state.take_sign_of_life(parsed.agent_id)
            elif not payload:
                self._clear(parsed, former=present is None)
            else:
                self._fold(parsed, payload, former=present is None, now=now)
        except BadMessageError as error:
            self.bad_messages += 1
            if isinstance(error, NewerMessageError):
                self._state.newer.note(parsed.agent_id, VERSION + 1)
            # Each topic is complained of once, so that a broken sender does not flood the log.
            if topic not in self._complained and len(self._complained) < 1000:
                self._complained.add(topic)
                log.warning("bad_message", topic=topic, reason=str(error))
        except Exception as error:  # noqa: BLE001 - one message must not end the view of all calls
            self.bad_messages += 1
            log.error("message_failed", kind=parsed.kind.value, error=type(error).__name__)

    def _answered(self, result: CommandResult) -> None:
        self._state.take_result(result)
        self._on_result(result)

    def _clear(self, parsed: ParsedTopic, *, former: bool) -> None:
        """Handle an empty payload: the subject of the topic is over."""
        state, name = self._state, parsed.name
        if former and not self._former.cleared(parsed.kind, name):
            return
        match parsed.kind:
            case TopicKind.CALL_STATE:
                state.remove_call(name, parsed.agent_id)
            case TopicKind.ALERT:
                state.remove_alert(name, parsed.agent_id)
            case TopicKind.HEALTH:
                state.remove_agent(name)
            case TopicKind.RINGING:
                state.ringing.clear(name)
            case TopicKind.INVENTORY:
                pass  # the list has become shorter; its parts say of how many they are
            case _:
                raise BadMessageError("empty")

    def _fold(self, parsed: ParsedTopic, payload: bytes, *, former: bool, now: bool) -> None:
        state = self._state
        message = read_message(parsed, payload)
        if isinstance(message, TranscriptLine):
            state.take_line(message, parsed.agent_id)
            return
        if former:
            if self.signatures.signs(message.agent_id):
                return
            if not self._former.counts(parsed.kind, parsed.name, message.agent_id):
                return
            # The version before tells its health when it changes only: nothing could confirm it.
            now = True
        elif isinstance(message, Health):
            self._former.health(message.agent_id, online=message.online)
        else:
            self._former.present(parsed.kind, parsed.name)
        state.newer.note(message.agent_id, message.v)
        match message:
            case CallState() | Alert() if not former and not self.inventories.may_exist(message):
                return
            case CallState():
                state.take_call(message)
            case Alert():
                state.take_alert(message)
                if not former:
                    self.acks.came(message)
            case Health():
                state.take_health(message)
                if not former:
                    self.acks.health(message)
                    self.inventories.apply(message.agent_id)
            case Inventory():
                self.inventories.take(message)
            case Levels():
                state.take_levels(message)
            case RingingCalls():
                state.ringing.take(message)
        if now:
            state.take_sign_of_life(message.agent_id)


def _bytes(payload: object) -> bytes:
    return payload if isinstance(payload, bytes) else str(payload or "").encode()
