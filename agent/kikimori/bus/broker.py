"""The embedded MQTT broker for one office. The only module that imports amqtt.

It takes the users that it is given, whose passwords are made at its start, and listens on loopback only, as it knows no
TLS. It keeps everything in memory: after a restart the agents tell it the state again. For more than one machine use
Mosquitto. A user's name is its client id, as with the shipped Mosquitto files, and it reads and writes what they allow.

amqtt 0.12 departs from the standard in ways that matter to us; `_Broker` puts these right:

* It iterates over its live table of subscriptions with awaits in between. A client that subscribes at that moment
  ends another's message loop, or the delivery of one message, with "dictionary changed size during iteration".
* To every client that connects it sends the retained messages of all other clients' subscriptions.
* It looks at a client's password only after it has taken another's session away for it. Here CONNECT is read and judged
  before amqtt sees it (`_admitted`). Retained messages and last wills pass its rights on topics by.
* A connection that does not begin with a proper CONNECT is never closed, and one that says nothing is kept for ever.
* It cancels a connection's reader when it ends, and on Python 3.11 that may be forgotten (see `wire.connection`).
* It collects whatever length a packet says, up to 256 MiB, and takes any number of connections.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import secrets
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import structlog
from amqtt.adapters import StreamReaderAdapter, StreamWriterAdapter
from amqtt.broker import Broker
from amqtt.contexts import Action
from amqtt.errors import AMQTTError, BrokerError, MQTTError, NoDataError
from amqtt.mqtt.connack import NOT_AUTHORIZED, ConnackPacket
from amqtt.mqtt.connect import ConnectPacket
from amqtt.plugins.base import BaseAuthPlugin

from kikimori.errors import KikimoriError
from kikimori_core.wire.messages import MAX_PAYLOAD
from kikimori_core.wire.settings import is_loopback

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Iterator

    from kikimori.bus.broker_users import BrokerUser

log = structlog.get_logger()

CONNECT_WITHIN_S = 10
MOST_CLIENTS = 200
"""Connections at a time; agents and dashboards of one machine need a handful."""
MOST_READ_BYTES = 4 * MAX_PAYLOAD
"""Largest packet in bytes; a larger one ends its connection."""
SESSION_KEPT_S = 3600
"""Seconds for which messages are queued (in memory) for a client that is away."""


@dataclass(frozen=True, slots=True)
class BrokerAddress:
    """Address at which the broker listens, with the real port."""

    host: str
    port: int


class BrokerStartError(KikimoriError):
    """The embedded broker cannot listen at its address."""


class _Admitted(BaseAuthPlugin):  # type: ignore[misc]  # amqtt's type is Any to us
    """Authentication of every session: clients were admitted before."""

    async def authenticate(self, *, session: Any) -> bool:
        del session
        return True


class _Subscriptions(dict[str, list[Any]]):
    """Sessions by topic filter; iterates over a copy."""

    def __iter__(self) -> Iterator[str]:
        return iter(list(super().__iter__()))

    def items(self) -> Any:
        return [(key, list(value)) for key, value in super().items()]


class _FrugalReader(StreamReaderAdapter):  # type: ignore[misc]  # amqtt's type is Any to us
    """Reader that waits for at most `MOST_READ_BYTES` at a time."""

    async def read(self, n: int = -1) -> Any:
        if n > MOST_READ_BYTES:
            raise AMQTTError("packet too large")
        return await super().read(n)


class _Replayed:
    """Reader that gives some bytes again before it goes on."""

    def __init__(self, first: bytes, reader: _FrugalReader) -> None:
        self._first = first
        self._reader = reader

    async def read(self, n: int = -1) -> Any:
        if not self._first:
            return await self._reader.read(n)
        some = self._first if n < 0 else self._first[:n]
        self._first = self._first[len(some) :]
        return some

    def feed_eof(self) -> None:
        self._reader.feed_eof()


class _Broker(Broker):  # type: ignore[misc]  # amqtt's type is Any to us
    def __init__(self, config: dict[str, Any], users: Iterable[BrokerUser]) -> None:
        super().__init__(config)
        self._users = {each.name: each for each in users}
        self._subscriptions = _Subscriptions()
        self._clients = 0
        self._writers: set[asyncio.StreamWriter] = set()

    async def _publish_retained_messages_for_subscription(
        self, subscription: tuple[str, int], session: Any
    ) -> None:
        subscribers = self._subscriptions.get(subscription[0], [])
        if not any(subscriber.client_id == session.client_id for subscriber, _ in subscribers):
            return
        handler = self._get_handler(session)
        user = self._users.get(session.username)
        if handler is None or user is None:
            return
        pattern, qos = subscription
        told = [
            handler.mqtt_publish(kept.topic, kept.data, min(qos, kept.qos or qos), retain=True)
            for topic, kept in self._retained_messages.items()
            if self._matches(topic, pattern) and user.may_read(topic)
        ]
        # A client that is gone meanwhile is no matter: its connection ends by itself.
        await asyncio.gather(*told, return_exceptions=True)

    async def _topic_filtering(self, session: Any, topic: str, action: Action) -> bool:
        user = self._users.get(session.username)
        match action:
            case Action.PUBLISH:
                return user is not None and user.may_write(topic)
            case Action.RECEIVE:
                return user is not None and user.may_read(topic)
            case _:
                # As Mosquitto: a subscription is granted, and gives what the user may read.
                return user is not None

    async def _admitted(self, reader: _FrugalReader, writer: StreamWriterAdapter) -> _Replayed | None:
        """Read CONNECT; return a reader for amqtt, None when this client is not admitted."""
        try:
            async with asyncio.timeout(CONNECT_WITHIN_S):
                connect = await ConnectPacket.from_stream(reader)
        except (AMQTTError, MQTTError, NoDataError, TimeoutError):
            return None
        user = self._users.get(connect.username or "")
        known = user is not None and secrets.compare_digest(
            (connect.password or "").encode(), user.password.encode()
        )
        will = connect.will_topic if connect.will_flag else None
        if user is None or not known or (will is not None and not user.may_write(will)):
            log.warning("broker_client_refused", reason="login" if not known else "will")
            await ConnackPacket.build(0, NOT_AUTHORIZED).to_stream(writer)
            return None
        connect.client_id = user.name if user.alone else f"{user.name}.{connect.client_id}"
        return _Replayed(connect.to_bytes(), reader)

    async def stream_connected(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, listener_name: str
    ) -> None:
        if self._clients >= MOST_CLIENTS:
            log.warning("broker_client_refused", reason="too_many_connections")
            writer.close()
            return
        self._clients += 1
        self._writers.add(writer)
        try:
            out = StreamWriterAdapter(writer)
            admitted = await self._admitted(_FrugalReader(reader), out)
            if admitted is not None:
                await self._client_connected(listener_name, admitted, out)
        except Exception as error:  # noqa: BLE001 - whatever a client sent ends its own connection only
            log.warning("broker_client_failed", error=type(error).__name__)
        finally:
            self._clients -= 1
            self._writers.discard(writer)
            writer.close()

    async def shutdown(self) -> None:
        for writer in self._writers:
            writer.close()
        await super().shutdown()

    @property
    def address(self) -> BrokerAddress:
        host, port = self._servers["default"].instance.sockets[0].getsockname()[:2]
        return BrokerAddress(host, port)


@asynccontextmanager
async def embedded_broker(
    host: str = "127.0.0.1", port: int = 1883, *, users: Iterable[BrokerUser] = ()
) -> AsyncIterator[BrokerAddress]:
    """Run a broker inside the `async with`, for these users alone. Port 0 = any free one.

    Raises:
        BrokerStartError: `host` is not loopback, or the port is taken.
    """
    if not is_loopback(host):
        raise BrokerStartError.of("embedded_broker_not_loopback", host=host)
    # Its log lines name packets and tracebacks of clients that went away; what matters we say ourselves.
    for name in ("amqtt", "transitions"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    bind = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    broker = _Broker(
        {
            "listeners": {"default": {"type": "tcp", "bind": bind}},
            "plugins": {f"{__name__}._Admitted": {}},
            "session_expiry_interval": SESSION_KEPT_S,
        },
        users,
    )
    try:
        await broker.start()
    except BrokerError as error:
        raise _start_error(error, host, port) from error
    try:
        yield broker.address
    finally:
        with suppress(TimeoutError):
            async with asyncio.timeout(5):
                await broker.shutdown()


def _start_error(error: BaseException, host: str, port: int) -> BrokerStartError:
    cause = error.__cause__
    if isinstance(cause, OSError) and cause.errno == errno.EADDRINUSE:
        return BrokerStartError.of("embedded_broker_port_taken", port=port, host=host)
    if isinstance(cause, OSError):
        return BrokerStartError.of("embedded_broker_not_bound", host=host, port=port, reason=cause.strerror)
    return BrokerStartError.of("embedded_broker_failed", host=host, port=port, error=error)
