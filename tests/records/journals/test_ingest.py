"""Ingest of journals over real sockets: every request that is not right is named, and nothing of it is kept."""

from __future__ import annotations

import asyncio
import io
import random
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import aiohttp
from tests.support.deadline import WITHIN_S
from tests.support.file_sink import FileSink
from tests.support.records_service import AGENT, KEY, open_ingest

from kikimori_core.journal.framing import MAX_RECORD, Kind, encode
from kikimori_core.journal.signing import BODY, SIGNATURE, signed_headers, utc_now
from kikimori_core.journal.sink import MAX_DELIVERY
from kikimori_core.serving.connection_limiter import PortLimits
from kikimori_core.wire.key_store import TrustStore, given_key
from kikimori_core.wire.keys import SigningKey

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

RUN = "r1"
PATH = f"/v1/journals/{AGENT}/{RUN}"


def frames(first: int, count: int) -> bytes:
    return b"".join(encode(first + at, Kind.SOUND, bytes([at]) * 50) for at in range(count))


class Asker:
    """Client that signs as an agent does, or not quite."""

    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        self.url = url
        self._session = session

    async def ask(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        *,
        key: SigningKey = KEY,
        sent: bytes | None = None,
        off: timedelta = timedelta(),
        changed: dict[str, str] | None = None,
    ) -> tuple[int, dict[str, Any]]:
        """Return status and answer. `sent`: another body than the signed one; `changed`: other headers."""
        headers = signed_headers(key, method, path, body, utc_now() + off) | (changed or {})
        data = body if sent is None else sent
        async with self._session.request(
            method, self.url + path, data=io.BytesIO(data) if data else None, headers=headers
        ) as answer:
            return answer.status, await answer.json()


@asynccontextmanager
async def asking(sink: FileSink, **more: Any) -> AsyncIterator[Asker]:
    async with open_ingest(sink, **more) as url, aiohttp.ClientSession() as session:
        yield Asker(url, session)


async def test_a_delivery_is_kept_once(tmp_path: Path) -> None:
    sink = FileSink(tmp_path)
    async with asking(sink) as agent:
        assert await agent.ask("GET", PATH) == (200, {"acknowledged": 0})
        assert await agent.ask("POST", f"{PATH}/0", frames(0, 5)) == (200, {"acknowledged": 5})
        assert await agent.ask("POST", f"{PATH}/0", frames(0, 5)) == (200, {"acknowledged": 5})
        assert await agent.ask("POST", f"{PATH}/3", frames(3, 5)) == (200, {"acknowledged": 8})
        assert await agent.ask("GET", PATH) == (200, {"acknowledged": 8})
        assert await agent.ask("GET", f"/v1/journals/{AGENT}/r2") == (200, {"acknowledged": 0})


async def test_what_is_not_right_is_named_and_not_kept(tmp_path: Path) -> None:
    sink = FileSink(tmp_path)
    other, revoked = SigningKey.make(), SigningKey.make()
    given = [given_key(AGENT, KEY), given_key("reception", other)]
    given.append(given_key(AGENT, revoked).model_copy(update={"revoked_at": utc_now()}))
    some = frames(0, 5)
    flipped = some[:30] + bytes([some[30] ^ 1]) + some[31:]
    async with asking(sink, trust=TrustStore(given=given)) as agent:
        post = f"{PATH}/0"
        wrong: list[tuple[int, str, tuple[int, dict[str, Any]]]] = [
            (401, "records_key_unknown", await agent.ask("POST", post, some, key=SigningKey.make())),
            (401, "records_key_revoked", await agent.ask("POST", post, some, key=revoked)),
            (403, "records_key_other_agent", await agent.ask("POST", post, some, key=other)),
            (
                401,
                "records_signature_wrong",
                await agent.ask("POST", post, some, changed={SIGNATURE: "A" * 86}),
            ),
            (401, "records_signature_wrong", await agent.ask("POST", post, some, changed={BODY: "0" * 64})),
            (400, "records_body_altered", await agent.ask("POST", post, some, sent=frames(0, 4))),
            (422, "journal_damaged", await agent.ask("POST", post, flipped)),
            (422, "journal_damaged", await agent.ask("POST", post, some[:-1])),
            (422, "journal_damaged", await agent.ask("POST", post, frames(1, 5))),
            (422, "journal_damaged", await agent.ask("POST", post, b"")),
            (422, "journal_damaged", await agent.ask("POST", post, random.Random(1).randbytes(9999))),  # noqa: S311
            (413, "journal_too_large", await agent.ask("POST", post, bytes(MAX_DELIVERY + 1))),
            (400, "records_request_wrong", await agent.ask("POST", f"{PATH}/-1", some)),
            (400, "records_request_wrong", await agent.ask("POST", f"/v1/journals/{AGENT}/a%2Fb/0", some)),
            (404, "records_request_wrong", await agent.ask("GET", "/v1/other")),
            (405, "records_request_wrong", await agent.ask("PUT", post, some)),
        ]
        for status, code, (found, said) in wrong:
            assert (found, said["code"]) == (status, code)
        for off in (timedelta(minutes=6), timedelta(minutes=-6), timedelta(days=9999)):
            found, said = await agent.ask("POST", post, some, off=off)
            assert (found, said["code"]) == (401, "records_time_wrong")
            assert abs(said["time"] - utc_now().timestamp()) < WITHIN_S
        # Signed for another path: for another run, and for a question.
        headers = signed_headers(KEY, "POST", f"{PATH}/0", some, utc_now())
        found, said = await agent.ask("POST", f"/v1/journals/{AGENT}/r2/0", some, changed=headers)
        assert (found, said["code"]) == (401, "records_signature_wrong")
        assert sink.deliveries == sum(code == "journal_damaged" for _, code, _ in wrong) - 1
        assert await agent.ask("GET", PATH) == (200, {"acknowledged": 0})
        assert await agent.ask("POST", f"{PATH}/3", frames(3, 1)) == (
            409,
            {"code": "journal_gap", "wanted": 0},
        )
        # The largest record that there may be is taken.
        whole = encode(0, Kind.SOUND, bytes(MAX_RECORD)) + encode(1, Kind.SOUND, bytes(MAX_RECORD // 2))
        assert await agent.ask("POST", post, whole) == (200, {"acknowledged": 2})


async def test_a_full_disk_is_told_with_its_status(tmp_path: Path) -> None:
    sink = FileSink(tmp_path)
    sink.full = True
    async with asking(sink) as agent:
        assert await agent.ask("POST", f"{PATH}/0", frames(0, 1)) == (507, {"code": "records_disk_full"})
        assert await agent.ask("GET", PATH) == (200, {"acknowledged": 0})


async def test_slow_and_noisy_peers_keep_nobody_out(tmp_path: Path) -> None:
    sink = FileSink(tmp_path)
    limits = PortLimits(connections=40, per_address=40, head_within_s=5, body_within_s=5, idle_s=10)
    noise = random.Random(3)  # noqa: S311 - repeatable
    async with asking(sink, limits=limits) as agent:
        host, port = agent.url.removeprefix("http://").split(":")
        some = frames(0, 3)
        head = "".join(
            f"{name}: {value}\r\n"
            for name, value in signed_headers(KEY, "POST", f"{PATH}/0", some, utc_now()).items()
        )
        begun = f"POST {PATH}/0 HTTP/1.1\r\nHost: x\r\n{head}Content-Length: {len(some)}\r\n\r\n".encode()
        peers = [await asyncio.open_connection(host, int(port)) for _ in range(32)]
        for at, (_, writer) in enumerate(peers):
            if at < 2:
                writer.write(begun + some[:10])  # a body that never ends
            elif at < 16:
                writer.write(begun[:40])  # a head that never ends
            else:
                writer.write(noise.randbytes(2000))
        async with asyncio.timeout(WITHIN_S):
            while (found := await agent.ask("POST", f"{PATH}/0", some))[0] == 503:
                assert found[1]["code"] == "records_not_ready"
                await asyncio.sleep(0.1)
            assert found == (200, {"acknowledged": 3})
            # Each is closed, not waited for without end.
            for reader, writer in peers:
                while await reader.read(1 << 16):
                    pass
                writer.close()
        assert sink.deliveries == 1
