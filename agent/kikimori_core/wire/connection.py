"""Connection to the broker that reconnects by itself. The only module that imports aiomqtt."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

import aiomqtt

from kikimori_core.cancellation import run_cancellable
from kikimori_core.wire.backlog import Backlog

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

    from kikimori_core.wire.settings import BrokerSettings

Will = aiomqtt.Will
Arrived = aiomqtt.Message
BrokerError = aiomqtt.MqttError


class BrokerRefusedError(BrokerError):
    """The broker answered CONNECT with a refusal; `code` is MQTT's reason code, as of version 5."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code


class BrokerMuteError(BrokerError):
    """The broker took the connection and said nothing in time."""


class BrokerUnreachableError(BrokerError):
    """No connection could be made; `cause` says why."""

    def __init__(self, cause: OSError) -> None:
        super().__init__(str(cause))
        self.cause = cause


FIRST_RETRY_S = 0.25
LAST_RETRY_S = 8.0

T = TypeVar("T")


class Client(aiomqtt.Client):
    """Client of aiomqtt that can be cancelled at any moment, and leaves nothing of a broken connection.

    aiomqtt 2.5 waits with `asyncio.wait_for`. On Python 3.11 that returns the result and forgets the cancellation when
    both come together (https://github.com/python/cpython/issues/86296), and whoever cancelled waits for ever.

    It also has the loop watch a socket's number for writing after the socket may have been closed, and never takes that
    back at the end: the number is the next connection's, which then is watched wrongly.

    An answer to a subscription that nobody waits for any more (it came too late, or the waiting was cancelled) is logged
    by aiomqtt with a traceback; here it is left alone.

    Cancelled while it connects, it leaves the socket open, and prints a traceback when the broker closes that.

    It also drops what comes while its queue is full, or lets the queue grow without bounds. Here the socket is not read
    for that time, and the broker waits.

    And nobody may ask any more why a connection broke, when it breaks while it is being ended: asyncio would then print
    that an exception was never retrieved, after the program's last line.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for each in (self._connected, self._disconnected):
            each.add_done_callback(_seen)
        self._abandoned = False
        self._unreachable: OSError | None = None
        backlog = cast("Backlog[aiomqtt.Message]", self._queue)
        backlog.stop = self._stop_reading
        backlog.go_on = self._go_on_reading

    async def __aenter__(self) -> Self:
        try:
            return await super().__aenter__()
        except asyncio.CancelledError:
            self._abandoned = True
            self._client.disconnect()
            raise
        except aiomqtt.MqttCodeError as error:
            raise BrokerRefusedError(getattr(error.rc, "value", -1), str(error.rc)) from None
        except BrokerError:
            cause, self._unreachable = self._unreachable, None
            if cause is not None:
                # Its frames hold a socket.
                raise BrokerUnreachableError(cause.with_traceback(None)) from None
            raise

    def _client_connect(self) -> None:
        try:
            super()._client_connect()
        except OSError as error:
            self._unreachable = error
            raise
        # In a thread, which goes on when its waiter is cancelled.
        if self._abandoned:
            self._client.disconnect()

    def _on_disconnect(self, *told: Any) -> None:
        if not self._connected.cancelled():
            super()._on_disconnect(*told)

    async def _wait_for(self, fut: Awaitable[T], timeout: float | None) -> T:  # noqa: ASYNC109 (aiomqtt's signature)
        try:
            async with asyncio.timeout(self.timeout if timeout is None else timeout):
                return await fut
        except TimeoutError:
            raise BrokerMuteError("the broker did not answer in time") from None

    def _on_subscribe(self, client: Any, userdata: Any, mid: int, *answer: Any) -> None:
        if mid in self._pending_subscribes:
            super()._on_subscribe(client, userdata, mid, *answer)

    def _on_unsubscribe(self, client: Any, userdata: Any, mid: int, *answer: Any) -> None:
        if mid in self._pending_unsubscribes:
            super()._on_unsubscribe(client, userdata, mid, *answer)

    def take_waiting(self, most: int) -> list[aiomqtt.Message]:
        """Return waiting messages, at most this many: a tenth of the cost of waiting for each."""
        return [self._queue.get_nowait() for _ in range(min(most, self._queue.qsize()))]

    def _stop_reading(self) -> None:
        sock = self._client.socket()
        if sock is not None and sock.fileno() >= 0:
            self._loop.remove_reader(sock.fileno())

    def _go_on_reading(self) -> None:
        sock = self._client.socket()
        if sock is not None and sock.fileno() >= 0:
            self._loop.add_reader(sock.fileno(), self._read_socket)
            # What TLS has decrypted already makes no socket readable.
            self._loop.call_soon(self._read_socket)

    def _read_socket(self) -> None:
        try:
            while True:
                self._client.loop_read()
                pending = getattr(self._client.socket(), "pending", None)
                if pending is None or not pending():
                    break
        except Exception as error:  # noqa: BLE001 - as aiomqtt: whatever it is, the connection is over
            if not self._disconnected.done():
                self._disconnected.set_exception(error)

    def _on_socket_register_write(self, client: Any, userdata: Any, sock: Any) -> None:
        del userdata

        def write() -> None:
            try:
                client.loop_write()
            except Exception as error:  # noqa: BLE001 - as aiomqtt: whatever it is, the connection is over
                if not self._disconnected.done():
                    self._disconnected.set_exception(error)

        def watch() -> None:
            if sock.fileno() >= 0:
                self._loop.add_writer(sock, write)

        self._loop.call_soon_threadsafe(watch)

    def _on_socket_unregister_write(self, client: Any, userdata: Any, sock: Any) -> None:
        del client, userdata
        if sock.fileno() >= 0:
            self._loop.remove_writer(sock)

    def _on_socket_close(self, client: Any, userdata: Any, sock: Any) -> None:
        self._on_socket_unregister_write(client, userdata, sock)
        super()._on_socket_close(client, userdata, sock)


def _seen(future: asyncio.Future[None]) -> None:
    if not future.cancelled():
        future.exception()


@asynccontextmanager
async def connect(
    settings: BrokerSettings, client_id: str, *, will: Will | None = None, keep_session: bool = False
) -> AsyncIterator[Client]:
    """Connect once, MQTT 3.1.1. `keep_session`: the broker queues QoS-1 messages for `client_id` while it is away.

    Raises:
        BrokerUnreachableError: there is no connection to the broker.
        BrokerRefusedError: the broker refused us.
        BrokerError: it did not answer in time, or was lost inside the `async with`.
        OSError: a certificate or password file cannot be read.
    """
    async with Client(
        hostname=settings.host,
        port=settings.port,
        identifier=client_id,
        username=settings.username,
        password=settings.password(),
        protocol=aiomqtt.ProtocolVersion.V311,
        keepalive=settings.keepalive_s,
        clean_session=not keep_session,
        will=will,
        tls_context=settings.tls(),
        timeout=10,
        queue_type=Backlog,
    ) as client:
        yield client


async def stay_connected(
    session: Callable[[], Awaitable[None]], on_lost: Callable[[Exception, float], None]
) -> None:
    """Run `session` again and again: it connects, does its work, and raises BrokerError when the broker is lost.

    `on_lost(error, retry_in_s)` is told of every failure. Waits 0.25 s after the first failure, doubling up to 8 s;
    a session that lived for a while starts again from the shortest wait. Never returns.
    """
    loop = asyncio.get_running_loop()
    waits = _waits()
    while True:
        began = loop.time()
        try:
            await run_cancellable(session)
        except (BrokerError, OSError) as error:
            if loop.time() - began > LAST_RETRY_S:
                waits = _waits()
            wait = next(waits)
            on_lost(error, wait)
            await asyncio.sleep(wait)


def only_broker_error(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """Return the broker's error if there is nothing else in the group, so that the connection is tried again."""
    broker, rest = group.split((BrokerError, OSError))
    if broker is None or rest is not None:
        return group
    error: BaseException = broker
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def _waits() -> Iterator[float]:
    wait = FIRST_RETRY_S
    while True:
        yield wait
        wait = min(wait * 2, LAST_RETRY_S)
