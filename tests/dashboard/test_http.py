"""The server over real sockets: what it lets in, and what a press becomes."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import WSCloseCode
from tests.support.attacks import ATTACKS, Target, attack
from tests.support.live_client import connected, live_client
from tests.support.sign_in import client, cookie

from kikimori_core.wire.messages import Action, Announcement, Outcome

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.support.live_client import LiveClient
    from tests.support.peer_agent import PeerAgent


ANNOUNCEMENTS = (
    Announcement(name="recorded", title="録音のお知らせ"),
    Announcement(name="closing", title="終話の予告"),
)


@pytest_asyncio.fixture
async def http(url: str) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(url, headers=cookie()) as session:
        yield session


async def press(http: aiohttp.ClientSession, url: str, call_id: str, body: dict[str, Any]) -> tuple[int, Any]:
    async with http.post(f"/api/calls/{call_id}/commands", json=body, headers={"Origin": url}) as answer:
        return answer.status, await answer.json()


def result_of(picture: dict[str, Any], lane: str) -> Any:
    return picture["commands"].get("c", {}).get(lane, {}).get("result")


async def test_a_press_becomes_a_command_and_its_result_reaches_every_browser(
    http: aiohttp.ClientSession, url: str, agent: PeerAgent
) -> None:
    await agent.call("c")
    async with live_client(url) as other:
        await other.until(lambda picture: connected(picture) and "c" in picture["calls"])
        pressed = asyncio.create_task(press(http, url, "c", {"action": "hold_transfer"}))
        command = await agent.command()
        assert (command.call_id, command.action, command.issued_by) == (
            "c",
            Action.HOLD_TRANSFER,
            "高橋 課長",
        )
        assert (command.expires_at - command.issued_at).total_seconds() == 10
        await other.until(lambda picture: "c" in picture["commands"])
        assert other.picture["commands"]["c"]["move"]["result"] is None
        await agent.answer(command, Outcome.FAILED, "no_answer", "rang 20 s")
        status, result = await pressed
        assert (status, result["outcome"], result["reason"], result["detail"]) == (
            200,
            "failed",
            "no_answer",
            "rang 20 s",
        )
        shown = await other.until(lambda picture: picture["commands"]["c"]["move"]["result"])
        assert shown["commands"]["c"]["move"]["result"]["outcome"] == "failed"


async def test_the_same_press_twice_is_sent_once(
    http: aiohttp.ClientSession, url: str, agent: PeerAgent
) -> None:
    await agent.call("c")
    async with live_client(url) as watching:
        await watching.until(lambda picture: connected(picture) and "c" in picture["calls"])
        first = asyncio.create_task(press(http, url, "c", {"action": "hold"}))
        command = await agent.command()
        assert await press(http, url, "c", {"action": "hold"}) == (
            409,
            {"outcome": "not_sent", "reason": "under_way"},
        )
        await agent.answer(command)
        assert (await first)[1]["outcome"] == "done"
        assert agent.commands.empty()


async def test_the_operators_button_says_who_pressed_it(url: str, agent: PeerAgent) -> None:
    await agent.call("c", capabilities=())
    async with live_client(url) as watching:
        await watching.until(lambda picture: connected(picture) and "c" in picture["calls"])
        async with client(url, "operator") as operator:
            pressed = asyncio.create_task(press(operator, url, "c", {"action": "escalate"}))
            command = await agent.command()
            await agent.answer(command)
            await pressed
        assert (command.action, command.issued_by, command.role) == (Action.ESCALATE, "鈴木 大輔", "operator")
        assert command.person_id is not None


async def test_what_cannot_be_done_is_refused_before_it_is_sent(
    http: aiohttp.ClientSession, url: str, agent: PeerAgent
) -> None:
    await agent.call("c", capabilities=(Action.HOLD,))
    async with live_client(url) as watching:
        await watching.until(lambda picture: connected(picture) and "c" in picture["calls"])
        assert (await press(http, url, "none", {"action": "hold"}))[1]["reason"] == "no_such_call"
        assert (await press(http, url, "c", {"action": "transfer"}))[1]["reason"] == "not_supported"
        await agent.health(online=False)
        await watching.until(lambda picture: picture["calls"]["c"]["stale"])
        assert (await press(http, url, "c", {"action": "hold"}))[1]["reason"] == "agent_offline"
        assert agent.commands.empty()


async def test_everything_that_a_press_may_carry_reaches_the_agent(
    http: aiohttp.ClientSession, url: str, agent: PeerAgent
) -> None:
    await agent.call("c", capabilities=tuple(Action), announcements=ANNOUNCEMENTS, keep_operator=True)
    async with live_client(url) as watching:
        await watching.until(lambda picture: connected(picture) and "c" in picture["calls"])
        for body in (
            {"action": "listen", "target": "210"},
            {"action": "hold_transfer", "keep_operator": False},
            {"action": "announce", "announcement": "closing"},
        ):
            pressed = asyncio.create_task(press(http, url, "c", body))
            command = await agent.command()
            sent = command.model_dump(
                mode="json", include={"action", "target", "keep_operator", "announcement"}
            )
            assert {key: value for key, value in sent.items() if value is not None} == body
            await agent.answer(command)
            assert (await pressed)[0] == 200


async def test_what_makes_no_sense_for_this_call_is_refused(
    http: aiohttp.ClientSession, url: str, agent: PeerAgent
) -> None:
    await agent.call("c", capabilities=tuple(Action), announcements=ANNOUNCEMENTS, keep_operator=None)
    async with live_client(url) as watching:
        await watching.until(lambda picture: connected(picture) and "c" in picture["calls"])
        for body, status, reason in (
            ({"action": "whisper"}, 422, "no_telephone"),
            ({"action": "announce", "announcement": "jingle"}, 409, "no_such_announcement"),
            ({"action": "transfer", "keep_operator": True}, 409, "no_choice_of_operator"),
        ):
            assert await press(http, url, "c", body) == (status, {"outcome": "not_sent", "reason": reason})
        assert agent.commands.empty()


async def test_listening_in_does_not_make_the_ringing_superior_forgotten(
    http: aiohttp.ClientSession, url: str, agent: PeerAgent
) -> None:
    await agent.call("c", capabilities=tuple(Action))
    async with live_client(url) as watching:
        await watching.until(lambda picture: connected(picture) and "c" in picture["calls"])
        ringing = asyncio.create_task(press(http, url, "c", {"action": "hold_transfer"}))
        transfer = await agent.command()
        listening = asyncio.create_task(press(http, url, "c", {"action": "listen", "target": "210"}))
        await agent.answer(await agent.command())
        await listening
        assert await press(http, url, "c", {"action": "hold_transfer"}) == (
            409,
            {"outcome": "not_sent", "reason": "under_way"},
        )
        shown = await watching.until(lambda picture: result_of(picture, "aside"))
        assert shown["commands"]["c"]["move"]["result"] is None
        await agent.answer(transfer)
        await ringing


async def test_an_answer_that_comes_after_the_customer_was_taken_back_changes_nothing(
    http: aiohttp.ClientSession, url: str, agent: PeerAgent
) -> None:
    await agent.call("c", capabilities=tuple(Action))
    async with live_client(url) as watching:
        await watching.until(lambda picture: connected(picture) and "c" in picture["calls"])
        ringing = asyncio.create_task(press(http, url, "c", {"action": "hold_transfer"}))
        transfer = await agent.command()
        back = asyncio.create_task(press(http, url, "c", {"action": "take_back"}))
        await agent.answer(await agent.command())
        await agent.answer(transfer, Outcome.FAILED, "taken_back")
        assert (await back)[1]["outcome"] == "done"
        assert (await ringing)[1]["reason"] == "taken_back"
        shown = await watching.until(lambda picture: result_of(picture, "move"))
        assert shown["commands"]["c"]["move"]["action"] == "take_back"
        assert shown["commands"]["c"]["move"]["result"]["outcome"] == "done"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"action": "dance"},
        {"action": "hold", "target": "200"},
        {"action": "hang_up", "keep_operator": True},
        {"action": "transfer", "keep_operator": "perhaps"},
        {"action": "hold", "announcement": "recorded"},
        {"action": "announce", "announcement": "../etc/passwd"},
        {"action": "hold", "x": 1},
        {"action": "transfer", "target": "200\n"},
        {"action": "transfer", "target": "2 0"},
        [],
    ],
)
async def test_a_body_that_is_no_press_is_refused(http: aiohttp.ClientSession, url: str, body: Any) -> None:
    assert (await press(http, url, "c", body))[0] == 422


async def test_a_body_that_is_too_large_is_refused(http: aiohttp.ClientSession, url: str) -> None:
    async with http.post(
        "/api/calls/c/commands", json={"action": "x" * 10_000}, headers={"Origin": url}
    ) as answer:
        assert answer.status == 413


@pytest.mark.parametrize(
    "origin", [None, "http://evil.example", "null", "http://127.0.0.1:1", "http://[", ""]
)
async def test_other_sites_cannot_press_or_watch(http: aiohttp.ClientSession, origin: str | None) -> None:
    headers = {} if origin is None else {"Origin": origin}
    async with http.post("/api/calls/c/commands", json={"action": "hold"}, headers=headers) as answer:
        assert answer.status == 403
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await http.ws_connect("/live", headers=headers)
    assert refused.value.status == 403


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "[::1", ""])
async def test_foreign_names_are_refused(http: aiohttp.ClientSession, host: str) -> None:
    async with http.get("/", headers={"Host": host}) as answer:
        assert answer.status in (400, 421)


async def test_every_answer_carries_the_security_headers(http: aiohttp.ClientSession) -> None:
    for path in ("/", "/operator", "/static/js/views/supervisor.js", "/none", "/healthz"):
        async with http.get(path) as answer:
            policy = answer.headers["Content-Security-Policy"]
            assert "default-src 'none'" in policy
            assert "unsafe" not in policy
            assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("path", ["/static/../app.py", "/static/%2e%2e/app.py", "/static/", "/static/js/"])
async def test_only_the_static_files_are_served(url: str, path: str) -> None:
    address = urlsplit(url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode())
    head = await reader.readline()
    writer.close()
    assert head.split()[1] in (b"401", b"403", b"404")


async def test_a_ping_is_echoed_behind_what_was_sent(url: str, agent: PeerAgent) -> None:
    """With the number of the last change before it: a browser that has drawn that one knows how old its picture is."""
    async with live_client(url) as browser:
        await a_call_is_shown(agent, browser, "c")
        await browser.socket.send_json({"type": "ping", "at": 1234.5})
        while (message := await browser.next())["type"] != "echo":
            assert message["type"] in ("snapshot", "delta", "beat")
        assert message == {"type": "echo", "at": 1234.5, "seq": browser.seq}


@pytest.mark.parametrize(
    "said",
    ["hello", "[" * 900, '{"type": "ping"}', '{"type": "ping", "at": true}', '{"type": "ping", "at": 1e400}'],
)
async def test_a_browser_that_says_anything_else_is_disconnected(url: str, said: str) -> None:
    async with live_client(url) as browser:
        await browser.next()
        await browser.socket.send_str(said)
        await browser.over()
        assert browser.socket.close_code == WSCloseCode.POLICY_VIOLATION


async def test_health_tells_whether_the_site_is_known(http: aiohttp.ClientSession, url: str) -> None:
    async with live_client(url) as watching:
        await watching.until(connected)
    async with http.get("/healthz") as answer:
        assert answer.status == 200
        assert (await answer.json())["broker_connected"] is True


async def a_call_is_shown(agent: PeerAgent, browser: LiveClient, call_id: str) -> None:
    await agent.call(call_id)
    await browser.until(lambda picture: call_id in picture["calls"])


async def test_a_bad_peer_harms_no_page(http: aiohttp.ClientSession, url: str, agent: PeerAgent) -> None:
    """A crowd, haste, garbage, requests that are slow or never end: open pages live on, and presses go through."""
    at = urlsplit(url)
    assert at.hostname is not None
    assert at.port is not None
    head = b"POST /api/calls/c/commands HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    header = b"X-Header: " + b"x" * 100 + b"\r\n"
    body = b"Content-Type: application/json\r\nContent-Length: 99999999\r\n\r\n"
    async with live_client(url) as browser:
        for begins, goes_on in (
            (head, header),
            (head + body, b"x"),
            (b"", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"),
        ):
            for kind in ATTACKS:
                async with attack(Target((at.hostname, at.port), begins, goes_on), kind):
                    await a_call_is_shown(agent, browser, f"{kind}{len(begins)}")
    pressed = asyncio.create_task(press(http, url, "crowd0", {"action": "hold"}))
    await agent.answer(await agent.command(), Outcome.DONE)
    assert (await pressed)[0] == 200
