"""The embedded MQTT broker for one office. The only module that imports amqtt.

It takes anyone on this machine without a password and therefore listens on loopback only. It keeps everything in
memory: after a restart the agents tell it the state again. For more than one machine use Mosquitto.

amqtt 0.12 departs from the standard in ways that matter to us; `_Broker` puts these right:

* It iterates over its live table of subscriptions with awaits in between. A client that subscribes at that moment
  ends another's message loop, or the delivery of one message, with "dictionary changed size during iteration".
* To every client that connects it sends the retained messages of all other clients' subscriptions.
* Persistent sessions of clients without a user name queue nothing while they are away (`_Loopback`).
* A connection that does not begin with a proper CONNECT is never closed, and one that says nothing is kept for ever.
* It cancels a connection's reader when it ends, and on Python 3.11 that may be forgotten (see `wire.connection`).
* It collects whatever length a packet says, up to 256 MiB, and takes any number of connections.
"""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import logging
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import structlog
from amqtt.adapters import StreamReaderAdapter, StreamWriterAdapter
from amqtt.broker import Broker
from amqtt.errors import AMQTTError, BrokerError
from amqtt.plugins.base import BaseAuthPlugin

from kikimori.errors import KikimoriError
from kikimori_wire.messages import MAX_PAYLOAD

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

log = structlog.get_logger()

CONNECT_WITHIN_S = 10
MOST_CLIENTS = 200
"""Connections at a time; agents and dashboards of one machine need a handful."""
MOST_READ_BYTES = 4 * MAX_PAYLOAD
"""A packet with more in it ends its connection."""
SESSION_KEPT_S = 3600
"""Seconds for which messages are queued (in memory) for a client that is away."""


@dataclass(frozen=True, slots=True)
class BrokerAddress:
    """Where the broker listens, with the real port."""

    host: str
    port: int


class BrokerStartError(KikimoriError):
    """The embedded broker cannot listen where it should."""


class _Loopback(BaseAuthPlugin):  # type: ignore[misc]  # amqtt's type is Any to us
    """Lets everyone in, without the mark "anonymous" that would cost them their persistent session."""

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
    """Waits for no more than `MOST_READ_BYTES` at a time."""

    async def read(self, n: int = -1) -> Any:
        if n > MOST_READ_BYTES:
            raise AMQTTError("packet too large")
        return await super().read(n)


class _Broker(Broker):  # type: ignore[misc]  # amqtt's type is Any to us
    def __init__(self, config: dict[str, Any]) -> None:
        super().__init__(config)
        self._subscriptions = _Subscriptions()
        self._clients = 0
        self._writers: set[asyncio.StreamWriter] = set()

    async def _publish_retained_messages_for_subscription(
        self, subscription: tuple[str, int], session: Any
    ) -> None:
        subscribers = self._subscriptions.get(subscription[0], [])
        if any(subscriber.client_id == session.client_id for subscriber, _ in subscribers):
            await super()._publish_retained_messages_for_subscription(subscription, session)

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
            await self._client_connected(listener_name, _FrugalReader(reader), StreamWriterAdapter(writer))
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

    async def _initialize_client_session(self, *args: Any) -> Any:
        try:
            async with asyncio.timeout(CONNECT_WITHIN_S):
                return await super()._initialize_client_session(*args)
        except TimeoutError:
            raise AMQTTError("no CONNECT") from None

    @property
    def address(self) -> BrokerAddress:
        host, port = self._servers["default"].instance.sockets[0].getsockname()[:2]
        return BrokerAddress(host, port)


@asynccontextmanager
async def embedded_broker(host: str = "127.0.0.1", port: int = 1883) -> AsyncIterator[BrokerAddress]:
    """Run a broker inside the `async with`. Port 0 = any free one.

    Raises:
        BrokerStartError: `host` is not loopback, or the port is taken.
    """
    if not is_loopback(host):
        raise BrokerStartError(
            f"the embedded broker knows no passwords and listens on loopback only, not on {host}",
            next_step='run Mosquitto for other machines and set [mqtt] host, or use host = "127.0.0.1"',
        )
    # Its log lines name packets and tracebacks of clients that went away; what matters we say ourselves.
    for name in ("amqtt", "transitions"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    bind = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    broker = _Broker(
        {
            "listeners": {"default": {"type": "tcp", "bind": bind}},
            "plugins": {f"{__name__}._Loopback": {}},
            "session_expiry_interval": SESSION_KEPT_S,
        }
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


def is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _start_error(error: BaseException, host: str, port: int) -> BrokerStartError:
    cause = error.__cause__
    if isinstance(cause, OSError) and cause.errno == errno.EADDRINUSE:
        return BrokerStartError(
            f"cannot start the embedded broker: port {port} on {host} is taken",
            next_step="if a broker runs there already, use `kikimori agent` and `kikimori dashboard` with it; "
            "else choose another [mqtt] port",
        )
    if isinstance(cause, OSError):
        return BrokerStartError(
            f"cannot start the embedded broker on {host}, port {port}: {cause.strerror}",
            next_step="choose another [mqtt] port (below 1024 needs a privilege)",
        )
    return BrokerStartError(f"cannot start the embedded broker on {host}, port {port}: {error}")
