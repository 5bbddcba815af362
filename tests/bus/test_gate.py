"""Commands that nobody signed rightly, over both brokers: none is carried out, each is answered with its reason."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

from tests.bus.conftest import until
from tests.support import sample
from tests.support.listener import listening
from tests.support.signing import (
    AGENT,
    DASHBOARD,
    RUN,
    STRANGER,
    addressed,
    signed,
    trusting_dashboard,
)  # fmt: skip

from kikimori.bus.gate import MOST_NONCES, CommandGate
from kikimori_core.wire.connection import connect
from kikimori_core.wire.delivery import Acks
from kikimori_core.wire.envelope import envelope_of, sealed
from kikimori_core.wire.key_store import TrustStore
from kikimori_core.wire.messages import Action, Command, CommandResult, Outcome
from kikimori_lab.bench.commands import measure_commands

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.bus.conftest import Office
    from tests.support.brokers import AnyBroker

COMMANDS = sample.TOPICS.commands
REPLY = sample.TOPICS.reply("dashboard-1")


def rewritten(**fields: object) -> bytes:
    """Return a signed command of which something was changed after it was signed."""
    envelope = json.loads(signed(sample.command("forged")))
    envelope["body"] = json.dumps(json.loads(envelope["body"]) | fields)
    return json.dumps(envelope).encode()


WRONG: dict[str, tuple[str, Callable[[], bytes]]] = {
    "unsigned": ("unsigned", lambda: addressed(sample.command("forged")).to_bytes()),
    "until 2099": (
        "unsigned",
        lambda: sample.command(
            "forged", target="09901234567", expires_at=sample.NOON.replace(year=2099)
        ).to_bytes(),
    ),
    "unknown key": ("unknown_key", lambda: signed(sample.command("forged"), STRANGER)),
    "the agent's own key": ("unknown_key", lambda: signed(sample.command("forged"), AGENT)),
    "changed": ("bad_signature", lambda: rewritten(target="09901234567")),
    "another's signature": (
        "bad_signature",
        lambda: signed(sample.command("forged"), STRANGER).replace(
            STRANGER.public.encode(), DASHBOARD.public.encode()
        ),
    ),
    "other run": ("wrong_run", lambda: signed(sample.command("forged"), run="another")),
    "other site": ("wrong_site", lambda: signed(sample.command("forged"), site="elsewhere")),
    "other agent": ("wrong_agent", lambda: signed(sample.command("forged"), agent_id="agent-2")),
    "no nonce": ("incomplete", lambda: signed(sample.command("forged"), nonce=None)),
    "no run": ("incomplete", lambda: signed(sample.command("forged"), run=None)),
    "no role": ("incomplete", lambda: signed(sample.command("forged"), role=None)),
    "late": (
        "expired",
        lambda: signed(
            sample.command(
                "forged",
                issued_at=sample.NOON - timedelta(seconds=15),
                expires_at=sample.NOON + timedelta(days=9),
            )
        ),
    ),
    "from the future": (
        "not_yet_valid",
        lambda: signed(
            sample.command(
                "forged",
                issued_at=sample.NOON + timedelta(seconds=4),
                expires_at=sample.NOON + timedelta(seconds=9),
            )
        ),
    ),
}


class Handler:
    def __init__(self) -> None:
        self.taken: list[str] = []

    async def __call__(self, command: Command) -> CommandResult:
        self.taken.append(command.command_id)
        return sample.result(command.command_id)


async def test_each_wrong_command_is_refused_with_its_reason(broker: AnyBroker, office: Office) -> None:
    handler = Handler()
    async with (
        office.bus(broker.settings, on_command=handler),
        listening(broker.settings, REPLY) as listener,
        connect(broker.settings, "forger") as client,
    ):
        for number, (name, (reason, payload)) in enumerate(WRONG.items(), start=1):
            await client.publish(COMMANDS, payload(), qos=1)
            answer = CommandResult.from_bytes((await listener.until_on(REPLY, number))[-1])
            assert (answer.reason, answer.outcome is Outcome.DONE) == (reason, False), name
        await client.publish(COMMANDS, signed(sample.command("honest")), qos=1)
        await listener.until_on(REPLY, len(WRONG) + 1)
        assert handler.taken == ["honest"]


async def test_a_revoked_key_counts_for_nothing(broker: AnyBroker, office: Office, tmp_path: Path) -> None:
    handler = Handler()
    trust = TrustStore(tmp_path / "trusted.json")
    trust.trust("dashboard", DASHBOARD.public)
    trust.trust("other", STRANGER.public)
    async with (
        office.bus(broker.settings, on_command=handler, trust=trust),
        listening(broker.settings, REPLY) as listener,
        connect(broker.settings, "dashboard") as client,
    ):
        await client.publish(COMMANDS, signed(sample.command("before")), qos=1)
        await listener.until_on(REPLY, 1)
        TrustStore(tmp_path / "trusted.json").revoke("dashboard")
        assert trust.reread()
        await client.publish(COMMANDS, signed(sample.command("after")), qos=1)
        await client.publish(COMMANDS, signed(sample.command("other"), STRANGER), qos=1)
        answers = [CommandResult.from_bytes(each) for each in await listener.until_on(REPLY, 3)]
        assert [each.reason for each in answers] == ["manual", "revoked_key", "manual"]
        assert handler.taken == ["before", "other"]


async def test_a_replay_moves_nobody(broker: AnyBroker, office: Office) -> None:
    """The same bytes are answered as before, the same nonce in another command is refused, another run refuses both."""
    handler = Handler()
    recorded = signed(sample.command("first"), nonce="once")
    async with (
        listening(broker.settings, REPLY) as listener,
        connect(broker.settings, "thief") as client,
    ):
        async with office.bus(broker.settings, on_command=handler) as bus:
            for _ in range(3):
                await client.publish(COMMANDS, recorded, qos=1)
            await client.publish(COMMANDS, signed(sample.command("second"), nonce="once"), qos=1)
            answers = [CommandResult.from_bytes(each) for each in await listener.until_on(REPLY, 4)]
            assert [each.reason for each in answers] == ["manual"] * 3 + ["replayed"]
            assert bus.counters()["commands_repeated"] == 2
        async with office.bus(broker.settings, on_command=handler, run="1"):
            await client.publish(COMMANDS, recorded, qos=1)
            answer = CommandResult.from_bytes((await listener.until_on(REPLY, 5))[-1])
            assert answer.reason == "wrong_run"
    assert handler.taken == ["first"]


async def test_without_a_dashboards_key_only_the_call_for_help_is_taken(
    broker: AnyBroker, office: Office
) -> None:
    handler = Handler()
    async with (
        office.bus(broker.settings, on_command=handler, trust=TrustStore()) as bus,
        listening(broker.settings, REPLY) as listener,
        connect(broker.settings, "dashboard") as client,
    ):
        assert [each.code for each in bus.problems()] == ["no_dashboard_key"]
        help_ = sample.command("help", action=Action.ESCALATE, target=None)
        await client.publish(COMMANDS, help_.to_bytes(), qos=1)
        await client.publish(COMMANDS, sample.command("hold").to_bytes(), qos=1)
        await client.publish(COMMANDS, signed(sample.command("signed")), qos=1)
        answers = [CommandResult.from_bytes(each) for each in await listener.until_on(REPLY, 3)]
        assert [each.reason for each in answers[1:]] == ["unsigned", "unknown_key"]
        assert handler.taken == ["help"]
        # Whoever mends it is told which key it was.
        (problem,) = bus.problems()
        assert DASHBOARD.public in problem.remedy


async def test_one_person_gives_thirty_commands_a_minute(broker: AnyBroker, office: Office) -> None:
    handler = Handler()
    async with (
        office.bus(broker.settings, on_command=handler),
        listening(broker.settings, REPLY) as listener,
        connect(broker.settings, "dashboard") as client,
    ):
        for number in range(33):
            await client.publish(COMMANDS, signed(sample.command(f"c-{number}")), qos=1)
            await listener.until_on(REPLY, number + 1)
        await client.publish(COMMANDS, signed(sample.command("else", issued_by="another")), qos=1)
        answers = [CommandResult.from_bytes(each) for each in await listener.until_on(REPLY, 34)]
        assert [each.reason for each in answers] == ["manual"] * 30 + ["too_many_presses"] * 3 + ["manual"]
        assert len(handler.taken) == 31


async def test_the_agent_signs_what_counts(broker: AnyBroker, office: Office) -> None:
    async with (
        listening(broker.settings, "kikimori/v2/#") as listener,
        office.bus(broker.settings, on_command=Handler(), key=AGENT) as bus,
        connect(broker.settings, "dashboard") as client,
    ):
        await bus.raise_alert(sample.alert())
        await client.publish(COMMANDS, signed(sample.command()), qos=1)
        await listener.until_on(REPLY, 1)
        await listener.until_on(sample.TOPICS.inventory(1), 1)
        await listener.until(lambda: bool(listener.of_alerts()))
    # And its goodbye.
    said = [each for each in listener.heard if each.payload and each.topic != COMMANDS]
    kinds = set()
    for each in said:
        envelope = envelope_of(each.raw)
        assert envelope is not None, each.topic
        assert envelope.key == AGENT.public
        assert envelope.is_genuine()
        kinds.add(each.topic.split("/")[5])
    assert kinds == {"health", "inventory", "alerts", "replies"} or kinds >= {"health", "inventory", "alerts"}


# --- acknowledgements


async def test_forged_acknowledgements_keep_no_alert_from_its_supervisor(
    broker: AnyBroker, office: Office
) -> None:
    told: list[object] = []
    async with (
        office.bus(broker.settings, on_command=Handler(), on_callers=told.append) as bus,
        connect(broker.settings, "forger") as client,
    ):
        await bus.raise_alert(sample.alert())
        alert_id = sample.alert().alert_id

        def said(**fields: object) -> bytes:
            given = {
                "held": {alert_id: 9}, "drawn": {}, "site": sample.SITE, "agent_id": sample.AGENT, "agent_run": RUN, "seq": 1,
            }  # fmt: skip
            return Acks.from_bytes(sample.acks().to_bytes()).model_copy(update=given | fields).to_bytes()

        forged = [
            said(),
            sealed(said(), STRANGER),
            sealed(said(agent_run="another"), DASHBOARD),
            sealed(said(agent_id="agent-2"), DASHBOARD),
            sealed(said(seq=None), DASHBOARD),
        ]
        for payload in forged:
            await client.publish(sample.TOPICS.acks, payload, qos=1)
        await until(lambda: bus.counters()["acks_invalid"] == len(forged))
        assert bus.counters()["alerts_unacknowledged"] == 1
        assert told == []
        await client.publish(sample.TOPICS.acks, sealed(said(), DASHBOARD), qos=1)
        await until(lambda: bus.counters()["alerts_unacknowledged"] == 0)
        await client.publish(sample.TOPICS.acks, sealed(said(), DASHBOARD), qos=1)
        await until(lambda: bus.counters()["acks_invalid"] == len(forged) + 1)
        assert told == [sample.acks().callers]


# --- without a broker


def test_nonces_are_remembered_as_long_as_they_could_be_used_and_no_longer() -> None:
    gate = CommandGate(sample.SITE, sample.AGENT, RUN, trusting_dashboard())
    for number in range(MOST_NONCES):
        assert gate.spend(addressed(sample.command(), nonce=f"n{number}"), sample.NOON) is None
    # With more of them than can be remembered nothing is taken.
    assert gate.spend(addressed(sample.command(), nonce="more"), sample.NOON) == "busy"
    later = sample.NOON + timedelta(seconds=20)
    fresh = sample.command(issued_at=later, expires_at=later + timedelta(seconds=10))
    assert gate.spend(addressed(fresh, nonce="n0"), later) is None
    assert len(gate._nonces) == 1


def test_the_bench_carries_nothing_out_and_names_the_reasons() -> None:
    """The figures are those of a short run of `kikimori bench commands`."""
    figures = measure_commands(20, 3000, lambda _: None)
    assert figures.carried_out == 0
    assert figures.unreadable + sum(figures.refused.values()) == 3000
    assert {"bad_signature", "unknown_key", "unsigned"} & figures.refused.keys()
