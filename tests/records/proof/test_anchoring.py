"""Heads go to every place outside, each once, in their order, and later where a place was away."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from email import message_from_bytes
from email.policy import default
from typing import TYPE_CHECKING, Any

from aiohttp import web
from aiosmtpd.smtp import SMTP
from tests.support.deadline import WITHIN_S
from tests.support.recorded import call_row, keep_calls, tokyo

from kikimori_core.journal.anchor_settings import AnchorTable
from kikimori_core.mail.settings import MailSettings
from kikimori_records.proof import queries
from kikimori_records.proof.anchor_file import NAME, FileAnchor, heads_in
from kikimori_records.proof.keeper import ProofKeeper
from kikimori_records.proof.office import RecordedOffice
from kikimori_records.proof.trees import ClosedTree

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from datetime import datetime
    from pathlib import Path

    from kikimori_records.store import Store


class OtherMachine:
    """A machine that takes heads by POST, or refuses them."""

    def __init__(self) -> None:
        self.heads: list[dict[str, Any]] = []
        self.status = 204

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[str]:
        app = web.Application()
        app.router.add_post("/heads", self._take)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        try:
            yield f"http://127.0.0.1:{runner.addresses[0][1]}/heads"
        finally:
            await runner.cleanup()

    async def _take(self, request: web.Request) -> web.Response:
        assert request.headers["Authorization"] == "Bearer known to both"
        if self.status < 300:
            self.heads.append(await request.json())
        return web.Response(status=self.status)


class Mails:
    """A mail server's handler."""

    def __init__(self) -> None:
        self.bodies: list[str] = []

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 (aiosmtpd's name)
        message = message_from_bytes(envelope.original_content, policy=default)
        body = message.get_body()
        assert body is not None
        self.bodies.append(body.get_content())
        return "250 taken"


def keeper_of(store: Store, table: AnchorTable, now: list[datetime]) -> ProofKeeper:
    """Return a keeper whose clock is the last of `now`, and which waits for nothing."""
    return ProofKeeper(
        store, table, RecordedOffice("本社"), every_s=0.01, first_retry_s=0.0, clock=lambda: now[-1]
    )


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(WITHIN_S):
        while not holds():  # noqa: ASYNC110  (nothing tells of it)
            await asyncio.sleep(0.01)


async def heads(store: Store) -> list[str]:
    async with store.read() as connection:
        return [each.head for each in await queries.trees(connection)]


async def test_every_place_gets_every_head_once(store: Store, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("known to both\n", encoding="utf-8")
    other, mails, now = OtherMachine(), Mails(), [tokyo(11, 9)]
    await keep_calls(store, call_row("a", tokyo(10)), call_row("b", tokyo(12)))
    server = await asyncio.get_running_loop().create_server(
        lambda: SMTP(mails, hostname="localhost"), "127.0.0.1", 0
    )
    async with server, other.serving() as url:
        port = server.sockets[0].getsockname()[1]
        mail = MailSettings(
            host="127.0.0.1",
            port=port,
            security="none",
            sender="k@office.example",
            recipients=("a@office.example",),
        )
        table = AnchorTable(folder=tmp_path, url=url, token_file=tmp_path / "token", mail=mail)
        keeper = keeper_of(store, table, now)
        await keeper.once()
        await keeper.once()
        other.status = 503
        now.append(tokyo(13, 9))
        await keeper.once()
        (problem,) = keeper.problems()
        assert (problem.code, problem.parameters["fault"]) == ("record_anchor_failing", "http_503")
        other.status = 200
        await keeper.once()
        assert keeper.problems() == []
        expected = await heads(store)
        assert len(expected) == 3
        assert [each["head"] for each in heads_in(tmp_path / NAME)] == expected
        assert [each["head"] for each in other.heads] == expected
        # Two mails: one for the first day, one for the two closed afterwards; digits in groups, on two lines.
        assert len(mails.bodies) == 2
        printed = "".join(mails.bodies).replace(" ", "").replace("\n", "").replace("\r", "")
        assert all(head in printed for head in expected)
        assert "2026-11-12" in mails.bodies[1]
        async with store.read() as connection:
            kept = await queries.anchors(connection)
        assert [(each.number, each.kind) for each in kept] == [
            (number, kind) for number in (1, 2, 3) for kind in ("file", "mail", "post")
        ]


async def test_a_keeper_runs_until_it_is_stopped_and_a_dead_place_hinders_none(
    store: Store, tmp_path: Path
) -> None:
    await keep_calls(store, call_row("a", tokyo(10)))
    table = AnchorTable(folder=tmp_path / "away", url="http://127.0.0.1:9/heads")
    keeper = keeper_of(store, table, [tokyo(11, 9)])
    task = asyncio.create_task(keeper.run())
    await until(lambda: len(keeper.problems()) == 2)
    # The other machine's folder is mounted again.
    (tmp_path / "away").mkdir()
    await until(lambda: bool(heads_in(tmp_path / "away" / NAME)))
    assert [each["head"] for each in heads_in(tmp_path / "away" / NAME)] == await heads(store)
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()


async def test_late_calls_wait_for_the_next_night(store: Store) -> None:
    await keep_calls(store, call_row("a", tokyo(10)))
    now = [tokyo(11, 9)]
    keeper = keeper_of(store, AnchorTable(), now)
    await keeper.once()
    await keep_calls(store, call_row("late", tokyo(10, 18)))
    await keeper.once()
    assert len(await heads(store)) == 1
    now.append(tokyo(12, 1))
    await keeper.once()
    assert len(await heads(store)) == 3


async def test_a_line_that_was_cut_off_hides_no_later_head(tmp_path: Path) -> None:
    file = tmp_path / NAME
    file.write_text('{"number": 1, "he', encoding="utf-8")
    tree = ClosedTree.after(None, "2026-11-10", 0, [], tokyo(11, 1))
    for _ in range(2):
        await FileAnchor(tmp_path).keep([tree])
    assert heads_in(file) == [json.loads(json.dumps(tree.fields()))]
