"""Asterisk's REST interface (ARI) and its events, as a client.

Source: https://docs.asterisk.org/Configuration/Interfaces/Asterisk-REST-Interface-ARI/ and Asterisk's `rest-api/`.
"""

from __future__ import annotations

import asyncio
import json
from base64 import b64encode
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import aiohttp

from kikimori.errors import KikimoriError, network_reason
from kikimori.integrations.asterisk.tls import tls_fault
from kikimori_core.messages import text

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from kikimori.integrations.asterisk.settings import AsteriskTable
    from kikimori.integrations.asterisk.tls import TlsFault

ANSWER_WITHIN_S = 5.0
HEARTBEAT_S = 4.0
"""Seconds without an event before a ping, and half as many for its answer. `core restart now` closes no
connection."""
MOST_ANSWER_BYTES = 32 * 1024 * 1024
"""Largest answer in bytes: a list of 10 000 channels has about 8 MB."""
MOST_EVENT_BYTES = 1024 * 1024
_CONNECTIONS = 8
"""Number of connections; Asterisk's http.conf admits 100 (`sessionlimit`) for all clients together."""
_KEEPALIVE_S = 10.0
"""Seconds, less than Asterisk's own 15 (`session_keep_alive`), so that no request meets a closing
connection."""

Json = dict[str, Any]


NOT_HTTP = (
    "the port does not speak HTTP; 5038 is the manager's, ARI is at bindport of http.conf, usually 8088"
)


class AriError(KikimoriError):
    """Asterisk refused a request. `status` is HTTP's: 404 no such thing, 409 not possible now."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"ARI: {status} {message}")
        self.status = status
        self.reason = message


class AriAwayError(KikimoriError):
    """Asterisk cannot be reached, or does not answer as ARI does. `tls` is set where TLS is the reason."""

    def __init__(self, message: str, tls: TlsFault | None = None) -> None:
        super().__init__(message)
        self.tls = tls


class AriClient:
    """One Asterisk. Make it on the event loop; `close` it at the end. Safe to use from several tasks."""

    def __init__(self, settings: AsteriskTable) -> None:
        """Read password and certificate; raises OSError when a file cannot be read."""
        self._url = settings.ari_url.rstrip("/")
        secure = self._url.startswith("https:")
        self._tls: Any = settings.tls() if secure else True
        self._tls_name = settings.tls_name if secure else None
        # In a header, not as `api_key` in the URL: URLs are logged by whatever stands between.
        login = b64encode(f"{settings.ari_user}:{settings.ari_password()}".encode()).decode()
        self._session = aiohttp.ClientSession(
            headers={"Authorization": f"Basic {login}"},
            connector=aiohttp.TCPConnector(limit=_CONNECTIONS + 1, keepalive_timeout=_KEEPALIVE_S),
            timeout=aiohttp.ClientTimeout(total=ANSWER_WITHIN_S),
            # An answer is for us alone: a PBX sets no cookies and sends nobody elsewhere.
            cookie_jar=aiohttp.DummyCookieJar(),
        )
        self._turn = asyncio.Semaphore(_CONNECTIONS)

    async def close(self) -> None:
        await self._session.close()

    async def get(self, path: str, **query: str) -> Any:
        """Send a GET request.

        Returns the JSON of the answer, None for an empty one. `path` begins with `/`, e.g. `/channels`.

        Raises:
            AriError: Asterisk refused, with its status and words.
            AriAwayError: no connection, no answer within 5 s, or an answer that is not ARI's.
        """
        return await self._request("GET", path, query)

    async def post(self, path: str, **query: str) -> Any:
        """Send a POST request; as `get`."""
        return await self._request("POST", path, query)

    async def delete(self, path: str, **query: str) -> Any:
        """Send a DELETE request; as `get`."""
        return await self._request("DELETE", path, query)

    async def put(self, path: str, body: Json) -> Any:
        """Send a PUT request with a JSON body; as `get`."""
        return await self._request("PUT", path, {}, body)

    async def _request(
        self, method: str, path: str, query: dict[str, str], json_body: Json | None = None
    ) -> Any:
        try:
            async with (
                self._turn,
                self._session.request(
                    method,
                    self._url + path,
                    params=query,
                    json=json_body,
                    ssl=self._tls,
                    server_hostname=self._tls_name,
                    allow_redirects=False,
                ) as answer,
            ):
                body = await _body(answer)
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise _away(self._url, error) from error
        if answer.status >= 300:
            raise AriError(answer.status, _refusal(body) or answer.reason or "")
        if not body:
            return None
        try:
            return json.loads(body)
        except (ValueError, RecursionError):
            raise AriAwayError(
                text("ari_away", url=self._url, because="the answer is not JSON; is it Asterisk?")
            ) from None

    @asynccontextmanager
    async def events(self, app: str) -> AsyncIterator[AsyncIterator[Json]]:
        """Connect as Stasis application `app`; gives the events of all channels and bridges until the connection ends.

        Whoever was connected under this name is told `ApplicationReplaced` and gets nothing any more.

        Raises:
            AriError: Asterisk refused: 401 user or password, 404 ARI is not there, …
            AriAwayError: no connection. Also from the iterator, when the connection breaks.
        """
        try:
            socket = await self._session.ws_connect(
                self._url + "/events",
                params={"app": app},
                heartbeat=HEARTBEAT_S,
                max_msg_size=MOST_EVENT_BYTES,
                timeout=aiohttp.ClientWSTimeout(ws_close=1.0),
                ssl=self._tls,
                server_hostname=self._tls_name,
            )
        except aiohttp.WSServerHandshakeError as error:
            raise AriError(error.status, error.message) from error
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise _away(self._url, error) from error
        try:
            # Not `subscribeAll`, which subscribes to the states of devices too: when such a connection breaks just as a
            # state changes, Asterisk locks itself up (two threads wait for each other in `stasis_app_unregister` and
            # `ari_websocket_send_event`; seen on 22.10.1 and the master of 2026-08), and answers no ARI until restarted.
            await self.post(f"/applications/{app}/subscription", eventSource="channel:,bridge:")
            yield self._read(socket)
        finally:
            await socket.close()

    async def _read(self, socket: aiohttp.ClientWebSocketResponse) -> AsyncIterator[Json]:
        async for message in socket:
            if message.type is not aiohttp.WSMsgType.TEXT:
                continue
            try:
                event = json.loads(message.data)
            except (ValueError, RecursionError):
                raise AriAwayError(text("ari_away", url=self._url, because="an event is not JSON")) from None
            if isinstance(event, dict):
                yield event
        raise AriAwayError(text("ari_away", url=self._url, because="the connection of events ended"))


async def _body(answer: aiohttp.ClientResponse) -> bytes:
    body = bytearray()
    async for piece in answer.content.iter_any():
        body += piece
        if len(body) > MOST_ANSWER_BYTES:
            raise aiohttp.ClientPayloadError("the answer is too long")
    return bytes(body)


def _refusal(body: bytes) -> str:
    """Asterisk's own words: `{"message": …}`, in old versions `{"error": …}`."""
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    return str(said.get("message") or said.get("error") or "")[:200] if isinstance(said, dict) else ""


def _away(url: str, error: aiohttp.ClientError | OSError) -> AriAwayError:
    fault, words = tls_fault(error) or (None, network_reason(error))
    if isinstance(error, TimeoutError):
        words = "no answer"
    elif isinstance(error, aiohttp.ClientResponseError):  # its own words are a dump of the bytes
        words = NOT_HTTP
    return AriAwayError(text("ari_away", url=url, because=words), fault)
