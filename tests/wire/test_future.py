"""A newer agent beside an older dashboard, and the other way round: nothing that is new costs a call, an alert or a press."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from playwright.async_api import expect
from tests.bus.conftest import Office
from tests.support import future, sample
from tests.support.browser import chromium, dashboard, dashboard_settings
from tests.support.listener import listening
from tests.support.live_client import connected, live_client
from tests.support.mosquitto import mosquitto
from tests.support.peer_agent import PeerAgent
from tests.support.sign_in import sign_in_page
from tests.support.signing import DASHBOARD, addressed

from kikimori_core.wire.connection import connect
from kikimori_core.wire.delivery import Acks, Inventory
from kikimori_core.wire.directory import Directory
from kikimori_core.wire.envelope import sealed
from kikimori_core.wire.evidence import KINDS
from kikimori_core.wire.former_topics import FormerTopics
from kikimori_core.wire.messages import (
    Alert,
    BadMessageError,
    CallState,
    Command,
    CommandResult,
    Health,
    Levels,
    NewerMessageError,
    OtherEvidence,
    Outcome,
    TranscriptLine,
)
from kikimori_core.wire.ringing_calls import RingingCalls
from kikimori_core.wire.values import Severity
from kikimori_dashboard import DashboardSettings
from kikimori_dashboard.broker.subscriber import Subscriber
from kikimori_dashboard.picture.views import Views
from kikimori_dashboard.site.state import SiteState

if TYPE_CHECKING:
    from pathlib import Path

    from kikimori_core.wire.messages import Message

FUTURES = future.every_future()
TOPIC_OF: dict[type[Message], str] = {
    CallState: sample.TOPICS.call_state("call-1"),
    TranscriptLine: sample.TOPICS.transcript("call-1"),
    Alert: sample.TOPICS.alert("call-1.shouting.1"),
    Health: sample.TOPICS.health,
    Levels: sample.TOPICS.levels,
    Inventory: sample.TOPICS.inventory(1),
    RingingCalls: sample.TOPICS.ringing,
    CommandResult: sample.TOPICS.reply("dashboard-test"),
}


def test_every_kind_of_open_value_is_among_them() -> None:
    places = {(type(message).__name__, path[-1]) for _, message, path in FUTURES}
    assert {
        ("CallState", "status"), ("CallState", "speech"), ("TranscriptLine", "role"), ("Levels", "key customer"),
        ("Alert", "severity"), ("Alert", "state"), ("Alert", "suggestion"), ("Alert", "kind"), ("Alert", "since"),
        ("Alert", "source"), ("Alert", "who"), ("Command", "action"), ("CommandResult", "outcome"), ("Health", "v"),
    } <= places  # fmt: skip


@pytest.mark.parametrize(
    ("message", "path"), [each[1:] for each in FUTURES], ids=[each[0] for each in FUTURES]
)
def test_it_is_understood_and_goes_on_unchanged(message: Message, path: future.Path) -> None:
    understood = type(message).from_bytes(future.changed(message, path))
    assert type(message).from_bytes(understood.to_bytes()) == understood
    if path[-1] not in ("v", "kind"):
        assert future.UNKNOWN in understood.to_bytes().decode()


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_evidence_of_an_unknown_kind_keeps_what_people_can_read(kind: str) -> None:
    made = json.loads(sample.alert().to_bytes())
    (piece,) = [each for each in made["evidence"] if each["kind"] == kind]
    piece |= {"kind": "unheard_of", "summary": {"ja": "新しい根拠", "en": "new evidence"}}
    alert = Alert.from_bytes(json.dumps(made).encode())
    (other,) = [each for each in alert.evidence if each.kind == "unheard_of"]
    assert isinstance(other, OtherEvidence)
    assert other.summary == {"ja": "新しい根拠", "en": "new evidence"}
    assert (other.start_s, other.end_s) == (piece["start_s"], piece["end_s"])


def test_a_severity_that_is_not_known_needs_a_look() -> None:
    assert Severity("catastrophe").rank == Severity.WARNING.rank
    assert not Severity("catastrophe").known
    assert Severity("critical") is Severity.CRITICAL


def test_what_is_no_name_is_still_refused() -> None:
    for value in ("", "a b", "<b>", "x" * 129, 7, None, ["open"]):
        made = json.loads(sample.alert().to_bytes()) | {"severity": value}
        with pytest.raises(BadMessageError):
            Alert.from_bytes(json.dumps(made).encode())


def test_a_newer_message_that_cannot_be_read_says_that_it_is_newer() -> None:
    with pytest.raises(NewerMessageError):
        Alert.from_bytes(b'{"v": 2, "id": "quite different"}')
    with pytest.raises(BadMessageError) as caught:
        Alert.from_bytes(b'{"v": 1, "id": "quite different"}')
    assert not isinstance(caught.value, NewerMessageError)


# --- the dashboard


class Site:
    """A dashboard's state with what folds messages into it; no broker."""

    def __init__(self) -> None:
        self.state = SiteState()
        settings = DashboardSettings()
        self.subscriber = Subscriber(
            settings.mqtt,
            sample.SITE,
            "dashboard-test",
            self.state,
            changed=lambda: None,
            on_result=lambda _: None,
        )
        self._views = Views(self.state, settings)
        for message in (sample.health(), sample.call()):
            self.take(type(message), message.to_bytes())

    def take(self, kind: type[Message], payload: bytes) -> None:
        self.subscriber.take(TOPIC_OF[kind], payload, now=True)

    def view(self) -> dict[str, Any]:
        """Return the snapshot for a browser, made from scratch and by changes."""
        delta = self._views.delta(0, sample.NOON)
        assert delta is not None
        snapshot: dict[str, Any] = json.loads(self._views.snapshot(sample.NOON))
        assert json.loads(delta)["calls"] == snapshot["calls"]
        return snapshot


@pytest.mark.parametrize(
    ("message", "path"),
    [each[1:] for each in FUTURES if not isinstance(each[1], Command | Acks | Directory)],
    ids=[each[0] for each in FUTURES if not isinstance(each[1], Command | Acks | Directory)],
)
def test_the_dashboard_drops_nothing(message: Message, path: future.Path) -> None:
    site = Site()
    site.take(type(message), future.changed(message, path))
    view = site.view()
    assert site.subscriber.bad_messages == 0
    assert site.state.left_out.messages == 0
    assert list(view["calls"]) == ["call-1"]
    assert list(view["agents"]) == [sample.AGENT]
    if isinstance(message, Alert):
        assert view["alerts"]["call-1.shouting.1"]["evidence"][-1]["summary"]
        assert view["calls"]["call-1"]["urgency"] >= 2
    assert view["site"]["newer"] == (
        [sample.AGENT] if path == ("v",) and "agent_id" in type(message).model_fields else []
    )


def test_an_unreadable_newer_message_is_said() -> None:
    site = Site()
    site.take(Health, b'{"v": 2, "quite": "different"}')
    assert site.view()["site"]["newer"] == [sample.AGENT]
    site.take(Alert, b'{"v": 2, "quite": "different"}')
    assert site.view()["site"]["newer"] == [sample.AGENT]
    # The tree before does not tell whose an alert is.
    site.subscriber.take(FormerTopics(sample.SITE).alert("a"), b'{"v": 2, "quite": "different"}', now=True)
    assert site.view()["site"]["newer"] == ["", sample.AGENT]
    # The agent was replaced by one of this version.
    site.take(Health, sample.health().to_bytes())
    assert site.view()["site"]["newer"] == [""]


# --- the pages


async def test_the_pages_show_every_future(tmp_path: Path) -> None:
    """Each open place in a call of its own; the real pages draw all of them in both languages, with generic words."""
    alerts = [path for _, message, path in FUTURES if isinstance(message, Alert)]
    calls = [path for _, message, path in FUTURES if isinstance(message, CallState)]
    async with (
        mosquitto(tmp_path) as broker,
        PeerAgent(broker.settings, sample.SITE, sample.AGENT).running() as agent,
        dashboard(dashboard_settings(broker.settings)) as url,
    ):
        for number, path in enumerate(calls):
            payload = future.changed(sample.call(f"call-{number}"), path)
            await agent.publish(agent.topics.call_state(f"call-{number}"), payload, retain=True)
        for number, path in enumerate(alerts):
            call_id = f"alerted-{number}"
            await agent.publish(agent.topics.call_state(call_id), sample.call(call_id), retain=True)
            alert = sample.alert(f"{call_id}.shouting.1", call_id=call_id)
            await agent.publish(agent.topics.alert(alert.alert_id), future.changed(alert, path), retain=True)
        closed = sample.alert(
            "closed.1", state="closed", closed_because=future.UNKNOWN, severity=future.UNKNOWN
        )
        await agent.publish(agent.topics.alert("closed.1"), closed)
        health = future.changed(sample.health(), ("speech",), ("v",))
        await agent.publish(agent.topics.health, health, retain=True)
        async with live_client(url) as watching:
            await watching.until(
                lambda each: (
                    connected(each)
                    and len(each["calls"]) == len(calls) + len(alerts)
                    and each["site"]["newer"]
                )
            )
        async with chromium() as browser:
            page = await browser.new_page()
            await sign_in_page(page)
            faults: list[str] = []
            page.on("pageerror", lambda error: faults.append(str(error)))
            await page.goto(f"{url}/")
            await expect(page.locator("#inbox .inbox-item")).to_have_count(len(alerts))
            await expect(page.locator(".banner.bad")).to_contain_text("新しい版")
            first = page.locator(".card[data-call=alerted-0] .why")
            await expect(first).to_contain_text("嘲笑と思われる声")
            for language in ("ja", "en"):
                text = await page.locator("body").inner_text()
                # A key instead of words, or nothing where there should be something.
                for raw in (
                    "severity.",
                    "status.",
                    "role.",
                    "why.",
                    "closed.",
                    "banner.",
                    "undefined",
                    "NaN",
                ):
                    assert raw not in text, (language, raw)
                await page.get_by_role("button", name="English" if language == "ja" else "日本語").click()
                await expect(page.locator("html")).to_have_attribute(
                    "lang", "en" if language == "ja" else "ja"
                )
            operator = await browser.new_page()
            await sign_in_page(operator)
            operator.on("pageerror", lambda error: faults.append(str(error)))
            await operator.goto(f"{url}/operator?ext=201")
            await expect(operator.locator("#main")).not_to_be_empty()
            await expect(operator.locator(".banner.bad")).to_contain_text("新しい版")
            assert faults == []


# --- the agent


async def test_an_agent_refuses_a_press_that_it_may_misunderstand(tmp_path: Path) -> None:
    """And says so at once; an action that it does not know goes to whoever carries out presses, who refuses it."""
    given: list[Command] = []

    async def take(command: Command) -> CommandResult:
        given.append(command)
        return sample.result(
            command.command_id, action=command.action, outcome=Outcome.REFUSED, reason="not_supported"
        )

    reply = sample.TOPICS.reply("dashboard-1")
    async with (
        mosquitto(tmp_path) as broker,
        Office(tmp_path / "outbox.sqlite3").bus(broker.settings, on_command=take),
        listening(broker.settings, reply) as listener,
        connect(broker.settings, "dashboard") as client,
    ):
        topic = sample.TOPICS.commands
        await client.publish(
            topic, sealed(future.changed(addressed(sample.command()), ("v",)), DASHBOARD), qos=1
        )
        answers = await listener.until_on(reply, 1)
        assert CommandResult.from_bytes(answers[0]).reason == "newer_version"
        assert given == []
        await client.publish(
            topic, sealed(future.changed(addressed(sample.command("another")), ("action",)), DASHBOARD), qos=1
        )
        answers = await listener.until_on(reply, 2)
        assert CommandResult.from_bytes(answers[1]).action == future.UNKNOWN
        assert [str(each.action) for each in given] == [future.UNKNOWN]
