"""Recognition on another machine: a vosk-server on the LAN, over WebSocket. The only module that imports websocket.

The protocol is that of `websocket/asr_server.py` of github.com/alphacep/vosk-server: the first message sets the sample
rate, each binary message of s16le audio is answered by one partial or final, the text `{"reset" : 1}` (to the letter) by
the final of what was said so far. One connection per leg.
"""

from __future__ import annotations

import contextlib
import threading
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

import structlog
import websocket

from kikimori.hearing.speech.engine import Recognised, SpeechUnavailableError
from kikimori.hearing.speech.vosk_answers import MOST_OTHERS, final_from, parsed, partial_from

log = structlog.get_logger()

EOF = '{"eof" : 1}'
RESET = '{"reset" : 1}'
CONNECT_WITHIN_S = 3.0
ANSWER_WITHIN_S = 5.0
RETRY_AFTER_S = 5.0
"""Seconds after a failure without an attempt: each one would delay all legs of its thread."""

MOST_ANSWER = 1_000_000
"""Largest answer in bytes; an utterance of minutes with every word's times is a tenth of it."""


@dataclass(slots=True)
class _Health:
    down_until: float = 0.0
    reason: str | None = None


class VoskServerEngine:
    """Engine with streams to one server. It connects when the first leg speaks; failures are retried."""

    def __init__(self, url: str) -> None:
        """`url`: `ws://host:2700`, or `wss://` with a certificate this machine trusts."""
        self._url = url
        self._health = _Health()
        self._lock = threading.Lock()

    @property
    def kind(self) -> str:
        return "vosk-server"

    @property
    def name(self) -> str:
        return f"vosk-server {urlsplit(self._url).netloc}"

    @property
    def fault(self) -> str | None:
        """Return the reason for which the server cannot be used now; None when it answered last."""
        return self._health.reason

    def open(self, rate: int) -> VoskServerStream:
        """Raise SpeechUnavailableError when the server failed a moment ago or cannot be reached."""
        with self._lock:
            if time.monotonic() < self._health.down_until:
                raise SpeechUnavailableError(self._health.reason or "down")
        try:
            connection = websocket.create_connection(self._url, timeout=CONNECT_WITHIN_S)
            connection.settimeout(ANSWER_WITHIN_S)
            stream = VoskServerStream(self, connection, rate)
        except (OSError, ValueError, websocket.WebSocketException) as error:
            raise self.failed(error) from error
        return stream

    def answered(self) -> None:
        if self._health.reason is not None:
            log.info("speech_server_back", server=self.name)
            self._health = _Health()

    def failed(self, error: BaseException) -> SpeechUnavailableError:
        """Note that the server failed; return the exception to raise."""
        reason = f"{self.name} {_reason(error)}"
        with self._lock:
            if self._health.reason is None:
                log.warning("speech_server_failed", reason=reason)
            self._health = _Health(time.monotonic() + RETRY_AFTER_S, reason)
        return SpeechUnavailableError(reason)


class VoskServerStream:
    """One leg's connection. After an exception it is closed and of no use."""

    def __init__(self, engine: VoskServerEngine, connection: websocket.WebSocket, rate: int) -> None:
        self._engine = engine
        self._connection = connection
        self._spoken = False
        wanted = f'"sample_rate" : {rate}, "words" : 1, "max_alternatives" : {1 + MOST_OTHERS}'
        connection.send(f'{{"config" : {{{wanted}}}}}')

    def accept(self, pcm: bytes, *, wanted: bool = True) -> Recognised | None:
        answer = self._ask(pcm, wanted=wanted)
        self._spoken = True
        return answer

    def finish(self, *, wanted: bool = True) -> Recognised | None:
        if not self._spoken:
            # A server makes its recogniser with the first audio; before that it has nothing to finish.
            return None
        return self._ask(RESET, wanted=wanted)

    def close(self) -> None:
        """End the connection; the server forgets the leg."""
        with contextlib.suppress(OSError, websocket.WebSocketException):
            self._connection.send(EOF)
        self._connection.close(timeout=0)

    def _ask(self, message: bytes | str, *, wanted: bool) -> Recognised | None:
        try:
            if isinstance(message, bytes):
                self._connection.send_binary(message)
            else:
                self._connection.send(message)
            answer = parsed(self._connection.recv()[: MOST_ANSWER + 1])
            # Only a final has `text`, or several of them; a partial may be empty.
            is_final = "text" in answer or "alternatives" in answer
            found = final_from(answer) if is_final else partial_from(answer)
            if is_final and not wanted:
                found = Recognised("", (), final=True)
        except (
            OSError,
            ValueError,
            KeyError,
            TypeError,
            AttributeError,
            websocket.WebSocketException,
        ) as error:
            self.close()
            raise self._engine.failed(error) from error
        self._engine.answered()
        return found


def _reason(error: BaseException) -> str:
    match error:
        case TimeoutError() | websocket.WebSocketTimeoutException():
            return f"did not answer within {ANSWER_WITHIN_S:g} s"
        case ConnectionRefusedError():
            return "refused the connection"
        case OSError():
            return f"cannot be reached: {error.strerror or error}"
        case websocket.WebSocketException():
            return f"broke off: {error}" if str(error) else "broke off"
        case _:
            return f"sent what is no answer: {error}"
