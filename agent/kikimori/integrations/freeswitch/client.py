"""Connection to the event socket that reconnects by itself."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import structlog

from kikimori.integrations.freeswitch.esl import EslDecoder, EslError, EslMessage, Event, command, event_from
from kikimori_core.cancellation import run_cancellable
from kikimori_core.messages import remedy

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

log = structlog.get_logger()

FIRST_WAIT_S = 0.5
LONGEST_WAIT_S = 15.0
GREETING_WITHIN_S = 5.0
ANSWER_WITHIN_S = 5.0
QUIET_S = 20.0
"""Seconds without a byte after which FreeSWITCH is asked for a sign of life."""
MOST_WAITING = 2000
"""Most commands without an answer; beyond that FreeSWITCH has stopped answering."""


class EslAwayError(Exception):
    """FreeSWITCH cannot be asked now. `reason` is a stable word."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(detail or reason)
        self.reason = reason
        self.detail = detail


class EslClient:
    """One connection: commands and their answers in order, events to `on_event`.

    `events` are the names to be told of, as in FreeSWITCH's `event` command. `on_up` runs after every log-in, inside
    the connection: when it fails with `EslAwayError` the connection is made anew. `on_down` is told when a connection
    is lost, after `up` has become false.
    """

    def __init__(
        self,
        host: str,
        port: int,
        password: Callable[[], str],
        *,
        events: tuple[str, ...] = (),
        on_event: Callable[[Event], None] | None = None,
        on_up: Callable[[], Awaitable[None]] | None = None,
        on_down: Callable[[], None] | None = None,
    ) -> None:
        """`password` is asked at each log-in; it may raise OSError or ValueError."""
        self._host = host
        self._port = port
        self._password = password
        self._events = events
        self._on_event = on_event
        self._on_up = on_up
        self._on_down = on_down
        self._writer: asyncio.StreamWriter | None = None
        self._waiting: deque[asyncio.Future[EslMessage]] = deque()
        self._jobs: dict[str, asyncio.Future[str]] = {}
        self._heard_at = 0.0
        self.up = False
        self.trouble: EslAwayError | None = EslAwayError("esl_away", "not connected yet")
        """Reason for which it is not connected; None while it is."""
        self.reconnects = 0

    async def run(self) -> None:
        """Connect, and again whenever the connection is lost, until cancelled."""
        wait_s = FIRST_WAIT_S
        while True:
            was_up = False
            try:
                await run_cancellable(self._connected)
            except (EslAwayError, EslError, OSError, TimeoutError) as error:
                was_up = self.up
                self._down(_why(error))
            finally:
                self._give_up_waiting()
            wait_s = FIRST_WAIT_S if was_up else min(wait_s * 2, LONGEST_WAIT_S)
            await asyncio.sleep(wait_s)
            self.reconnects += 1

    # --- commands

    async def api(self, line: str, *, within_s: float = ANSWER_WITHIN_S) -> str:
        """Send a command and return FreeSWITCH's answer, without the last line break.

        FreeSWITCH carries it out before anything else on this connection, so nothing slow belongs here.

        Raises:
            EslAwayError: not connected, or no answer in time.
            ValueError: the line cannot be a command.
        """
        return (await self._send(f"api {line}", within_s)).text.rstrip("\n")

    async def bgapi(self, line: str, *, within_s: float) -> str:
        """Send a command that runs in the background, as ringing a telephone does; otherwise as `api`."""
        # Named by us: its end may be told in the same breath as its beginning.
        job = str(uuid4())
        future: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._jobs[job] = future
        try:
            answer = await self._send(f"bgapi {line}", ANSWER_WITHIN_S, Job_UUID=job)
            if not answer.reply.startswith("+OK"):
                return answer.reply
            async with asyncio.timeout(within_s):
                return await future
        except TimeoutError:
            raise EslAwayError("esl_timeout", "no answer in time") from None
        finally:
            self._jobs.pop(job, None)

    async def rows(self, line: str) -> list[dict[str, Any]]:
        """Return the rows of `show … as json`; raises `EslAwayError`."""
        text = await self.api(f"{line} as json", within_s=15)
        try:
            rows = json.loads(text).get("rows", [])
        except (ValueError, AttributeError, RecursionError):
            raise EslAwayError("esl_protocol", "show answered no JSON") from None
        return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []

    async def _send(self, line: str, within_s: float, **headers: str) -> EslMessage:
        if self._writer is None:
            raise self.trouble or EslAwayError("esl_away")
        if len(self._waiting) >= MOST_WAITING:
            raise EslAwayError("esl_timeout", "FreeSWITCH has stopped answering")
        data = command(line, **headers)
        future: asyncio.Future[EslMessage] = asyncio.get_running_loop().create_future()
        try:
            self._writer.write(data)
        except (OSError, RuntimeError) as error:
            # uvloop has a RuntimeError for a socket that was closed a moment ago.
            raise EslAwayError("esl_away", "the connection was lost") from error
        # The future stays in the queue when its owner gives up: answers come in order and each must find its own.
        self._waiting.append(future)
        try:
            async with asyncio.timeout(within_s):
                return await asyncio.shield(future)
        except TimeoutError:
            raise EslAwayError("esl_timeout", "no answer in time") from None

    # --- the connection

    async def _connected(self) -> None:
        decoder = EslDecoder()
        async with asyncio.timeout(GREETING_WITHIN_S):
            reader, writer = await asyncio.open_connection(self._host, self._port)
        try:
            ready: deque[EslMessage] = deque()
            async with asyncio.timeout(GREETING_WITHIN_S):
                await self._log_in(reader, writer, decoder, ready)
            self._writer = writer
            self._heard_at = asyncio.get_running_loop().time()
            try:
                async with asyncio.TaskGroup() as tasks:
                    tasks.create_task(self._read(reader, decoder, ready), name="esl-read")
                    tasks.create_task(self._keep(), name="esl-keep")
                    tasks.create_task(self._begin(), name="esl-begin")
            except* (EslAwayError, EslError, OSError, TimeoutError) as group:
                raise group.exceptions[0] from None
        finally:
            self._writer = None
            writer.close()
            with suppress(OSError):
                writer.transport.abort()

    async def _log_in(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        decoder: EslDecoder,
        ready: deque[EslMessage],
    ) -> None:
        greeting = await _next(reader, decoder, ready)
        if greeting.kind == "text/rude-rejection":
            raise EslAwayError("esl_acl", "FreeSWITCH's access list refuses this machine")
        if greeting.kind != "auth/request":
            raise EslError("no_greeting")
        try:
            password = self._password()
            writer.write(command(f"auth {password}"))
        except (OSError, ValueError) as error:
            raise EslAwayError("esl_password_file", str(error)) from None
        answer = await _next(reader, decoder, ready)
        if not answer.reply.startswith("+OK"):
            raise EslAwayError("esl_auth", "FreeSWITCH refuses the password")

    async def _begin(self) -> None:
        names = " ".join(("BACKGROUND_JOB", *self._events))
        answer = await self._send(f"event json {names}", ANSWER_WITHIN_S)
        if not answer.reply.startswith("+OK"):
            raise EslAwayError("esl_protocol", answer.reply[:200])
        self.up, self.trouble = True, None
        log.info("esl_connected", host=self._host, port=self._port)
        if self._on_up is not None:
            await self._on_up()

    async def _read(
        self, reader: asyncio.StreamReader, decoder: EslDecoder, ready: deque[EslMessage]
    ) -> None:
        while True:
            while ready:
                self._take(ready.popleft())
            data = await reader.read(65536)
            if not data:
                raise EslAwayError("esl_away", "FreeSWITCH closed the connection")
            self._heard_at = asyncio.get_running_loop().time()
            ready.extend(decoder.feed(data))

    async def _keep(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(QUIET_S / 4)
            if loop.time() - self._heard_at > QUIET_S:
                await self.api("uptime", within_s=10)

    def _take(self, message: EslMessage) -> None:
        match message.kind:
            case "command/reply" | "api/response":
                if not self._waiting:
                    raise EslError("unasked_answer")
                future = self._waiting.popleft()
                if not future.done():
                    future.set_result(message)
            case "text/disconnect-notice":
                raise EslAwayError("esl_away", "FreeSWITCH said goodbye")
            case _:
                event = event_from(message)
                if event is not None:
                    self._tell(event)

    def _tell(self, event: Event) -> None:
        if event.name == "BACKGROUND_JOB":
            future = self._jobs.get(event.get("Job-UUID"))
            if future is not None and not future.done():
                future.set_result(event.body.rstrip("\n"))
        elif self._on_event is not None:
            self._on_event(event)

    def _down(self, trouble: EslAwayError) -> None:
        if self.up or self.trouble is None or self.trouble.reason != trouble.reason:
            log.warning("esl_away", host=self._host, port=self._port, reason=trouble.reason)
        self.up, self.trouble = False, trouble

    def _give_up_waiting(self) -> None:
        """Fail every command that waits for an answer."""
        trouble = self.trouble or EslAwayError("esl_away", "connection closed")
        self.up = False
        unanswered: list[asyncio.Future[Any]] = [*self._waiting, *self._jobs.values()]
        for future in unanswered:
            if not future.done():
                future.set_exception(EslAwayError(trouble.reason, trouble.detail))
                future.exception()  # whoever gave up waiting will not ask
        self._waiting.clear()
        if self._on_down is not None:
            self._on_down()


async def _next(reader: asyncio.StreamReader, decoder: EslDecoder, ready: deque[EslMessage]) -> EslMessage:
    while not ready:
        data = await reader.read(65536)
        if not data:
            raise EslAwayError("esl_away", "FreeSWITCH closed the connection")
        ready.extend(decoder.feed(data))
    return ready.popleft()


def _why(error: BaseException) -> EslAwayError:
    match error:
        case EslAwayError():
            return error
        case EslError():
            return EslAwayError("esl_protocol", error.reason)
        case TimeoutError():
            return EslAwayError("esl_timeout", "no answer in time")
        case OSError():
            return EslAwayError("esl_away", error.strerror or type(error).__name__)
        case _:
            return EslAwayError("esl_away", type(error).__name__)


REMEDIES = {
    reason: remedy(reason)
    for reason in ("esl_away", "esl_timeout", "esl_acl", "esl_auth", "esl_password_file", "esl_protocol")
}
"""Remedies for a person, by `EslAwayError.reason`."""
