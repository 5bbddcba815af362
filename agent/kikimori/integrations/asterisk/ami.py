"""Connection to Asterisk's manager interface (AMI): log-in, actions, events, reconnect after a loss."""

from __future__ import annotations

import asyncio
import hashlib
from contextlib import suppress
from itertools import count
from typing import TYPE_CHECKING, Any

import structlog

from kikimori.integrations.asterisk.ami_away import (
    AmiAwayReason,
    AmiCaFileError,
    AmiError,
    AmiLoginError,
    AmiPasswordError,
    AmiSilentError,
    why_away,
)
from kikimori.integrations.asterisk.ami_codec import AmiProtocolError, Block, BlockReader, encode
from kikimori_core.cancellation import run_cancellable
from kikimori_core.messages import text

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Coroutine

    from kikimori.integrations.asterisk.settings import AsteriskTable

log = structlog.get_logger()

ANSWER_WITHIN_S = 5.0
CONNECT_WITHIN_S = 5.0
PING_EVERY_S = 15.0
BACKOFF_S = (0.5, 1.0, 2.0, 5.0, 10.0)
READ_BYTES = 64 * 1024
WAITING_LIMIT = 1000
"""Actions under way at once."""
LIST_LIMIT = 20_000
"""Events of one list; a PBX with more channels than that is another product."""


class _Waiting:
    __slots__ = ("events", "future")

    def __init__(self, future: asyncio.Future[Block], events: list[Block] | None) -> None:
        self.future = future
        self.events = events


class AmiConnection:
    """One connection to AMI. Made by `connect`; `read` must run in a task for any answer to arrive."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        on_event: Callable[[Block], None],
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._blocks = BlockReader()
        self._on_event = on_event
        self._ids = count(1)
        self._waiting: dict[str, _Waiting] = {}
        self._greeted = asyncio.Event()
        self.closed = False

    @classmethod
    async def connect(cls, table: AsteriskTable, on_event: Callable[[Block], None]) -> AmiConnection:
        """Open the socket.

        Raises:
            AmiCaFileError: `ca_file` cannot be read. AmiError: `ami_host` is no name.
            OSError, TimeoutError: no connection; ssl.SSLError: no trust.
        """
        tls = await _tls(table) if table.ami_tls else None
        try:
            async with asyncio.timeout(CONNECT_WITHIN_S):
                reader, writer = await asyncio.open_connection(
                    table.ami_host, table.ami_port, ssl=tls, server_hostname=table.tls_name if tls else None
                )
        except UnicodeError as error:
            raise AmiError(text("ami_no_host", value=repr(table.ami_host))) from error
        return cls(reader, writer, on_event)

    async def read(self) -> None:
        """Read until the connection ends. Raises AmiProtocolError, OSError."""
        try:
            while data := await self._reader.read(READ_BYTES):
                for block in self._blocks.feed(data):
                    self._deliver(block)
                if self._blocks.greeting is not None:
                    self._greeted.set()
        finally:
            self.close()

    def close(self) -> None:
        """Close the socket; actions that wait for an answer raise AmiError."""
        if self.closed:
            return
        self.closed = True
        self._greeted.set()
        for waiting in self._waiting.values():
            if not waiting.future.done():
                waiting.future.set_exception(AmiError("the connection to Asterisk was lost"))
        self._waiting.clear()
        with suppress(OSError, RuntimeError):
            self._writer.close()

    async def login(self, user: str, password: str) -> None:
        """Log in by challenge, so that the password does not travel.

        Raises:
            AmiLoginError: refused. AmiSilentError: not even a greeting. AmiError: no answer.
        """
        try:
            async with asyncio.timeout(ANSWER_WITHIN_S):
                await self._greeted.wait()
        except TimeoutError:
            raise AmiSilentError("takes the connection and says nothing") from None
        challenge = await self.act("Challenge", AuthType="MD5")
        if not challenge.ok:
            raise AmiLoginError(challenge.message or text("ami_no_challenge"))
        # AMI knows no other digest; what it protects is a connection inside the office.
        key = hashlib.md5((challenge.get("Challenge") + password).encode(), usedforsecurity=False).hexdigest()
        answer = await self.act("Login", AuthType="MD5", Username=user, Key=key)
        if not answer.ok:
            raise AmiLoginError(answer.message or "refused")

    async def act(self, action: str, *variables: tuple[str, str], **fields: str) -> Block:
        """Do one action and return its response, which may be an error: see `Block.ok`.

        Raises:
            AmiError: the connection is gone or does not answer. ValueError: a line break in a field.
        """
        block, _ = await self._ask(action, [*fields.items(), *variables], whole_list=False)
        return block

    async def listing(self, action: str, **fields: str) -> tuple[Block, list[Block]]:
        """Do an action that answers by a list of events; return its response and the list.

        Raises:
            AmiError, ValueError: as `act`.
        """
        return await self._ask(action, [*fields.items()], whole_list=True)

    async def _ask(
        self, action: str, fields: list[tuple[str, str]], *, whole_list: bool
    ) -> tuple[Block, list[Block]]:
        if self.closed:
            raise AmiError("there is no connection to Asterisk")
        if len(self._waiting) >= WAITING_LIMIT:
            raise AmiError("too many actions wait for Asterisk")
        given = next((value for key, value in fields if key == "ActionID"), "")
        action_id = given or f"kikimori-{next(self._ids)}"
        data = encode(action, fields if given else [("ActionID", action_id), *fields])
        waiting = _Waiting(asyncio.get_running_loop().create_future(), [] if whole_list else None)
        self._waiting[action_id] = waiting
        try:
            self._writer.write(data)
            async with asyncio.timeout(ANSWER_WITHIN_S):
                return await waiting.future, waiting.events or []
        except TimeoutError:
            raise AmiError(text("ami_no_answer", action=action)) from None
        except (OSError, RuntimeError) as error:
            # uvloop has a RuntimeError for a socket that was closed a moment ago.
            raise AmiError("the connection to Asterisk was lost") from error
        finally:
            self._waiting.pop(action_id, None)

    def _deliver(self, block: Block) -> None:
        waiting = self._waiting.get(block.action_id)
        if not block.event:
            if waiting is not None and not waiting.future.done():
                expects_list = waiting.events is not None and block.get("EventList").lower() == "start"
                if expects_list:
                    return
                waiting.future.set_result(block)
            return
        if waiting is not None and waiting.events is not None and block.event != "OriginateResponse":
            if block.get("EventList").lower() in ("complete", "cancelled"):
                if not waiting.future.done():
                    waiting.future.set_result(Block((("Response", "Success"), *block.lines)))
            elif len(waiting.events) < LIST_LIMIT:
                waiting.events.append(block)
            return
        self._on_event(block)


def read_password(table: AsteriskTable) -> str:
    """Read the password of `table`; raises AmiPasswordError."""
    try:
        return table.ami_password()
    except (OSError, ValueError) as error:
        words = error.strerror if isinstance(error, OSError) else "not text"
        raise AmiPasswordError(f"{table.ami_password_file}: {words or error}") from error


async def _tls(table: AsteriskTable) -> ssl.SSLContext:
    try:
        # The system's authorities are some hundred files to read: not on the loop that carries audio.
        return await asyncio.to_thread(table.tls)
    except OSError as error:
        raise AmiCaFileError(f"{table.ca_file}: {error.strerror or error}") from error


class AmiClient:
    """Stays connected. `run` in a task; `act` and `listing` as a connection's, or AmiError while there is none."""

    def __init__(
        self, table: AsteriskTable, on_event: Callable[[Block], None], on_lost: Callable[[], None]
    ) -> None:
        """`on_lost` is called when a connection that had logged in has ended."""
        self._table = table
        self._on_event = on_event
        self._on_lost = on_lost
        self._connection: AmiConnection | None = None
        self.away: AmiAwayReason | None = AmiAwayReason.NOT_YET
        self.away_because = ""
        """Text of the error, from the system or from Asterisk."""
        self.connections = 0
        """Successful logins since start."""

    @property
    def where(self) -> str:
        return f"{self._table.ami_host}:{self._table.ami_port}"

    async def run(self, on_ready: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Connect, log in, call `on_ready` after each login; again after each loss, until cancelled."""
        failures = 0
        while True:
            logins = self.connections
            try:
                await run_cancellable(lambda: self._once(on_ready))
            except (AmiError, AmiProtocolError, OSError) as error:
                self._gone(*why_away(error))
            else:
                self._gone(AmiAwayReason.UNREACHABLE, "Asterisk closed the connection")
            failures = 0 if self.connections > logins else failures + 1
            await asyncio.sleep(BACKOFF_S[min(failures, len(BACKOFF_S) - 1)])

    async def act(self, action: str, *variables: tuple[str, str], **fields: str) -> Block:
        """As `AmiConnection.act`."""
        return await self._live().act(action, *variables, **fields)

    async def listing(self, action: str, **fields: str) -> tuple[Block, list[Block]]:
        """As `AmiConnection.listing`."""
        return await self._live().listing(action, **fields)

    def _live(self) -> AmiConnection:
        if self._connection is None or self._connection.closed:
            raise AmiError("there is no connection to Asterisk")
        return self._connection

    async def _once(self, on_ready: Callable[[], Coroutine[Any, Any, None]]) -> None:
        password = read_password(self._table)
        connection = await AmiConnection.connect(self._table, self._on_event)
        reading = asyncio.create_task(connection.read(), name="ami-read")
        try:
            try:
                await connection.login(self._table.ami_user, password)
            except AmiError:
                if reading.done():
                    reading.result()  # says why
                raise
            self._connection = connection
            self.away, self.away_because = None, ""
            self.connections += 1
            log.info("ami_connected", logins=self.connections)
            async with asyncio.TaskGroup() as tasks:
                beside = [
                    tasks.create_task(on_ready(), name="ami-ready"),
                    tasks.create_task(self._ping(connection), name="ami-ping"),
                ]
                await asyncio.wait([reading])
                for task in beside:
                    task.cancel()
            reading.result()
        finally:
            connection.close()
            reading.cancel()
            with suppress(asyncio.CancelledError, OSError, AmiProtocolError):
                await reading

    async def _ping(self, connection: AmiConnection) -> None:
        """Ping at intervals; close a connection without answer, which may look alive for hours."""
        while not connection.closed:
            await asyncio.sleep(PING_EVERY_S)
            try:
                await connection.act("Ping")
            except AmiError:
                connection.close()

    def _gone(self, why: AmiAwayReason, because: str) -> None:
        if self.away is None or (self.away, self.away_because) != (why, because):
            log.warning("ami_away", reason=str(why))
        if self._connection is not None:
            self._connection = None
            self._on_lost()
        self.away, self.away_because = why, because[:200]
