"""Delivery to a real HTTPS server and a real SMTP server: attempts, refusals, certificates, and one target beside another."""

from __future__ import annotations

import asyncio
import json
import ssl
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC
from typing import TYPE_CHECKING, Any

from aiohttp import web
from aiosmtpd.smtp import SMTP, AuthResult
from tests.support import sample
from tests.support.browser import dashboard, dashboard_settings
from tests.support.certificates import Authority
from tests.support.live_client import live_client
from tests.support.peer_agent import PeerAgent
from tests.support.ports import free_port

from kikimori_core.mail.settings import MailSettings
from kikimori_core.wire.messages import Severity
from kikimori_dashboard.notices.delivery import MOST_WAITING, NoticeDelivery
from kikimori_dashboard.notices.desk import notice_of
from kikimori_dashboard.notices.mail import MailSender
from kikimori_dashboard.notices.settings import WebhookSettings
from kikimori_dashboard.notices.webhook import WebhookSender

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from tests.support.mosquitto import Mosquitto

    from kikimori_dashboard.notices.delivery import NoticeSender
    from kikimori_dashboard.notices.notice import Notice

WITHIN_S = 60
NOTICE = notice_of(sample.alert(), "A4", "https://kikimori.office.example/")


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(WITHIN_S):
        while not condition():  # noqa: ASYNC110 - what is looked at offers its state for reading only
            await asyncio.sleep(0.01)


def server_context(authority: Authority) -> ssl.SSLContext:
    certificate, key = authority.certificate("outside", "IP:127.0.0.1,DNS:localhost", 2)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    return context


@dataclass
class Hooks:
    """A chat service: answers what it is told to, else 200."""

    port: int = 0
    answers: list[web.Response] = field(default_factory=list)
    bodies: list[tuple[str, Any]] = field(default_factory=list)

    async def take(self, request: web.Request) -> web.Response:
        self.bodies.append((request.path, json.loads(await request.read())))
        return self.answers.pop(0) if self.answers else web.Response(text="ok")

    def settings(
        self, folder: Path, ca_file: Path | None, name: str = "chat", port: int = 0
    ) -> WebhookSettings:
        file = folder / f"{name}-url"
        file.write_text(f"https://127.0.0.1:{port or self.port}/services/{name}-secret\n", encoding="utf-8")
        return WebhookSettings(name=name, kind="slack", url_file=file, ca_file=ca_file)


@asynccontextmanager
async def hooks(context: ssl.SSLContext) -> AsyncIterator[Hooks]:
    made = Hooks()
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", made.take)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context)
    await site.start()
    made.port = runner.addresses[0][1]
    try:
        yield made
    finally:
        await runner.cleanup()


@asynccontextmanager
async def delivering(sender: NoticeSender, **limits: float) -> AsyncIterator[NoticeDelivery]:
    delivery = NoticeDelivery(sender, lambda: None, **{"first_retry_s": 0.01, **limits})
    task = asyncio.create_task(delivery.run())
    try:
        yield delivery
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def cause(delivery: NoticeDelivery) -> str:
    return "".join(each.parameters["fault"] for each in delivery.problems())


async def test_a_webhook_is_tried_again_until_it_takes_the_notice(tmp_path: Path) -> None:
    authority = Authority(tmp_path, "authority")
    async with hooks(server_context(authority)) as chat:
        chat.answers = [
            web.Response(status=500),
            web.Response(status=429, headers={"Retry-After": "0"}),
            web.Response(status=503),
        ]
        sender = WebhookSender(chat.settings(tmp_path, authority.file), "ja", UTC)
        async with delivering(sender) as delivery:
            delivery.put(NOTICE)
            await until(lambda: len(chat.bodies) == 4 and not delivery.problems())
            assert {path for path, _ in chat.bodies} == {"/services/chat-secret"}
            assert "席 A4" in chat.bodies[-1][1]["text"]
            # What will never be taken is not tried again; nor is another place that it names.
            away = web.Response(status=302, headers={"Location": f"https://127.0.0.1:{chat.port}/elsewhere"})
            for answer, code in ((web.Response(status=404), "http_404"), (away, "http_302")):
                chat.answers, chat.bodies = [answer], []
                delivery.put(NOTICE)
                await until(lambda code=code: cause(delivery) == code)  # type: ignore[misc]
                delivery.put(NOTICE)
                await until(lambda: not delivery.problems())
                assert len(chat.bodies) == 2
            assert delivery.dropped == 2
            # The problem tells the target's name and never its address.
            chat.answers = [web.Response(status=404)]
            delivery.put(NOTICE)
            await until(delivery.problems)
            assert "services" not in delivery.problems()[0].model_dump_json()


async def test_a_server_that_is_not_the_one_is_told_nothing(tmp_path: Path) -> None:
    authority = Authority(tmp_path, "authority")
    (tmp_path / "other").mkdir()
    other = Authority(tmp_path / "other", "other")
    async with hooks(server_context(authority)) as chat:
        untrusted = WebhookSender(chat.settings(tmp_path, other.file), "ja", UTC)
        plain = chat.settings(tmp_path, authority.file, "plain")
        plain.url_file.write_text(f"http://127.0.0.1:{chat.port}/\n", encoding="utf-8")
        missing = chat.settings(tmp_path, authority.file, "missing")
        missing.url_file.unlink()
        for sender, code in (
            (untrusted, "certificate"),
            (WebhookSender(plain, "ja", UTC), "not_https"),
            (WebhookSender(missing, "ja", UTC), "secret_unreadable"),
        ):
            async with delivering(sender) as delivery:
                delivery.put(NOTICE)
                await until(lambda delivery=delivery, code=code: cause(delivery) == code)  # type: ignore[misc]
        assert chat.bodies == []


async def test_of_too_many_the_oldest_is_dropped_and_a_late_one_is_not_told() -> None:
    class Stuck:
        """A target that takes nothing until it is let."""

        name = "stuck"

        def __init__(self) -> None:
            self.free = asyncio.Event()
            self.taken: list[Notice] = []

        async def send(self, notice: Notice) -> None:
            await self.free.wait()
            self.taken.append(notice)

    sender = Stuck()
    numbered = [notice_of(sample.alert(), str(number), "https://x/") for number in range(MOST_WAITING + 50)]
    async with delivering(sender) as delivery:
        delivery.put(numbered[0])
        await asyncio.sleep(0)
        for each in numbered[1:]:
            delivery.put(each)
        assert delivery.dropped >= 49
        sender.free.set()
        await until(lambda: sender.taken[-1:] == numbered[-1:])
        assert len(sender.taken) + delivery.dropped == len(numbered)

    class Broken:
        """A target with a fault of ours in it."""

        name = "broken"

        async def send(self, _notice: Notice) -> None:
            raise ZeroDivisionError

    async with delivering(Broken(), longest_s=0.05) as delivery:
        delivery.put(NOTICE)
        await until(lambda: delivery.dropped == 1)
        assert cause(delivery) == "ZeroDivisionError"


@dataclass
class Inbox:
    """A mail server's handler."""

    mails: list[bytes] = field(default_factory=list)
    refuse: list[str] = field(default_factory=list)

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 (aiosmtpd's name)
        if self.refuse:
            return self.refuse.pop(0)
        self.mails.append(envelope.original_content)
        return "250 taken"


async def test_mail_goes_out_by_starttls_with_a_login(tmp_path: Path) -> None:
    authority = Authority(tmp_path, "authority")
    inbox = Inbox(refuse=["451 try again"])

    def login(_server: Any, _session: Any, _envelope: Any, _mechanism: str, auth: Any) -> AuthResult:
        known = (auth.login, auth.password) == (b"kikimori", b"in a file")
        return AuthResult(success=known, handled=False)

    context = server_context(authority)
    server = await asyncio.get_running_loop().create_server(
        lambda: SMTP(
            inbox,
            hostname="localhost",
            tls_context=context,
            require_starttls=True,
            authenticator=login,
            auth_required=True,
        ),
        "127.0.0.1",
        0,
    )
    secret = tmp_path / "mail-password"
    secret.write_text("in a file\n", encoding="utf-8")
    settings = MailSettings(
        host="127.0.0.1",
        port=server.sockets[0].getsockname()[1],
        username="kikimori",
        password_file=secret,
        ca_file=authority.file,
        sender="k@office.example",
        recipients=("a@office.example",),
    )
    async with server:
        async with delivering(MailSender(settings, "ja", UTC)) as delivery:
            delivery.put(NOTICE)
            await until(lambda: inbox.mails and not delivery.problems())
            secret.write_text("wrong\n", encoding="utf-8")
            delivery.put(NOTICE)
            await until(lambda: cause(delivery) == "login")
        untrusting = settings.model_copy(update={"ca_file": None})
        async with delivering(MailSender(untrusting, "ja", UTC)) as delivery:
            delivery.put(NOTICE)
            await until(lambda: cause(delivery) == "certificate")
        assert len(inbox.mails) == 1


async def test_the_dashboard_tells_each_alert_once_and_a_dead_target_hinders_none(
    tmp_path: Path, real: Mosquitto
) -> None:
    authority = Authority(tmp_path, "authority")
    async with hooks(server_context(authority)) as chat, PeerAgent(real.settings).running() as agent:
        notify = {
            "enabled": True,
            "seats": {"201": "A4"},
            "link": "https://kikimori.office.example/",
            "webhooks": [
                chat.settings(tmp_path, authority.file, "dead", free_port()),
                chat.settings(tmp_path, authority.file),
            ],
        }
        settings = dashboard_settings(real.settings, notify=notify)
        await agent.call("c1")
        # Raised long before the dashboard: it was told by the one before, or is no news any more.
        await agent.alert("c1", rule="long-ago", raised_s=1.0)
        async with dashboard(settings) as url, live_client(url) as page:
            await page.until(lambda each: each["alerts"])
            await agent.alert("c1", rule="mild", severity=Severity.WARNING)
            await agent.alert("c1", rule="escalate", kind="escalate", severity=Severity.WARNING)
            await agent.alert("c1", rule="escalate", kind="escalate", severity=Severity.WARNING)
            await agent.alert("c1", rule="mild", severity=Severity.CRITICAL)
            await until(lambda: len(chat.bodies) == 2)
            picture = await page.until(lambda each: each["site"]["certificate"])
            (problem,) = picture["site"]["certificate"]
            assert problem["code"] == "notify_failing"
            assert "dead" in problem["detail"]
        said = [body["text"].splitlines()[0] for _, body in chat.bodies]
        assert said == ["応援要請", "至急 要確認"]
        assert all("席 A4" in body["text"] for _, body in chat.bodies)
