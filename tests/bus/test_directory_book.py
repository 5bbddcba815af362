"""The directory on the bus: only what a trusted dashboard signed, never an older one, kept while the dashboard is away."""

from __future__ import annotations

import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.bus.conftest import refuse_commands, until
from tests.support import sample, signing
from tests.support.signing import DASHBOARD, STRANGER, trusting_dashboard

from kikimori.bus import Bus, Outbox
from kikimori.bus.broker_users import agent_user, dashboard_user
from kikimori.bus.directory_book import DirectoryBook
from kikimori.config import AgentConfig
from kikimori.control.settings import PbxTable
from kikimori.control.targets import TargetPolicy
from kikimori.office_directory import OfficeDirectory
from kikimori_core.wire.connection import connect
from kikimori_core.wire.directory import Directory, DirectoryOperator, DirectorySuperior, periods_of
from kikimori_core.wire.envelope import sealed
from kikimori_core.wire.key_store import TrustStore
from kikimori_core.wire.messages import Action, Party
from kikimori_core.wire.topics import Topics

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from tests.support.brokers import AnyBroker

    from kikimori_core.wire.keys import SigningKey
    from kikimori_core.wire.settings import BrokerSettings

TOPIC = Topics(sample.SITE).directory("dashboard-1")


def payload(number: int = 7, key: SigningKey = DASHBOARD, **fields: object) -> bytes:
    return sealed(sample.directory(number, **fields).to_bytes(), key)


async def book(path: Path | None = None, trust: TrustStore | None = None) -> DirectoryBook:
    made = DirectoryBook(sample.SITE, path, lambda: sample.NOON)
    await made.open(trust or trusting_dashboard())
    return made


def changed() -> bytes:
    """Return a signed directory of which something was changed after it was signed."""
    envelope = json.loads(payload(9))
    envelope["body"] = envelope["body"].replace('"211"', '"999"')
    return json.dumps(envelope).encode()


WRONG: dict[str, Callable[[], bytes]] = {
    "unsigned": lambda: sample.directory(9).to_bytes(),
    "unknown key": lambda: payload(9, STRANGER),
    "changed": changed,
    "another's signature": lambda: payload(9, STRANGER).replace(
        STRANGER.public.encode(), DASHBOARD.public.encode()
    ),
    "other site": lambda: payload(9, site="elsewhere"),
    "older": lambda: payload(6),
    "same number": lambda: payload(7, telephones=("999",)),
    "another message": lambda: sealed(sample.health().to_bytes(), DASHBOARD),
    "no JSON": lambda: b"\xff{",
    "empty": lambda: b"",
}


@pytest.mark.parametrize("name", WRONG)
async def test_what_does_not_count_changes_nothing(name: str) -> None:
    kept = await book()
    assert kept.take(payload())
    before = kept.current
    assert not kept.take(WRONG[name]())
    assert (kept.current, kept.telephones) == (before, frozenset({"210", "220", "211"}))


@settings(max_examples=200, deadline=None)
@given(
    garbage=st.binary(max_size=300),
    cut=st.integers(0, 2000),
    flip=st.integers(0, 2000),
    bit=st.integers(0, 7),
)
async def test_garbage_and_damage_change_nothing(garbage: bytes, cut: int, flip: int, bit: int) -> None:
    kept = await book()
    kept.take(payload())
    damaged = bytearray(payload(8))
    damaged[flip % len(damaged)] ^= 1 << bit
    for each in (garbage, bytes(damaged), bytes(damaged[: cut % len(damaged)])):
        kept.take(each)
        assert kept.current == sample.directory()


async def test_a_newer_one_replaces_it_and_is_told() -> None:
    kept = await book()
    told: list[int] = []
    kept.changed = lambda: told.append(kept.current.number if kept.current else 0)
    assert kept.take(payload())
    assert not kept.take(payload())  # as a broker tells it again at each connection
    assert kept.take(payload(8, superiors=()))
    assert told == [7, 8]
    assert kept.telephones == {"211"}


async def test_it_is_kept_while_no_dashboard_is_there(tmp_path: Path) -> None:
    path = tmp_path / "directory-agent-1.json"
    async with running(await book(path)) as kept:
        kept.take(payload())
        await until(path.exists)
    assert path.stat().st_mode & 0o777 == 0o600
    again = await book(path)
    assert again.current == sample.directory()
    assert not again.take(payload(6))
    assert again.named(Party(number="201")) == Party(number="201", name="佐藤 美咲", named_by="directory")


async def test_a_file_that_was_changed_is_not_believed(tmp_path: Path) -> None:
    path = tmp_path / "directory-agent-1.json"
    path.write_bytes(changed())
    assert (await book(path)).current is None
    path.write_bytes(payload(7, STRANGER))
    other = await book(path)
    assert (other.current, other.refused) == (None, 0)
    path.write_bytes(b"\xff")
    assert (await book(path)).current is None


async def test_a_revoked_key_takes_its_directory_with_it(tmp_path: Path) -> None:
    trust = TrustStore(tmp_path / "trusted.json")
    trust.trust("dashboard", DASHBOARD.public)
    trust.trust("other", STRANGER.public)
    kept = await book(trust=trust)
    kept.take(payload())
    kept.recheck()
    assert kept.telephones
    trust.revoke("dashboard")
    kept.recheck()
    assert (kept.current, kept.telephones) == (None, frozenset())
    assert not kept.take(payload(9))
    # The number of a key that counts no more binds nobody.
    assert kept.take(payload(3, STRANGER))


@asynccontextmanager
async def running(kept: DirectoryBook) -> AsyncIterator[DirectoryBook]:
    import asyncio  # noqa: PLC0415

    task = asyncio.create_task(kept.run())
    try:
        yield kept
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@asynccontextmanager
async def bus_with(settings: BrokerSettings, path: Path, kept: DirectoryBook) -> AsyncIterator[Bus]:
    import asyncio  # noqa: PLC0415

    outbox = await Outbox.open(path / "outbox.sqlite3")
    bus = Bus(
        settings,
        sample.SITE,
        sample.AGENT,
        outbox,
        on_command=refuse_commands,
        identity=signing.identity(),
        directory=kept,
    )
    task = asyncio.create_task(bus.run())
    try:
        yield bus
    finally:
        await bus.aclose()
        await asyncio.gather(task, return_exceptions=True)
        await outbox.aclose()


async def test_an_agent_hears_what_is_retained_and_what_comes(broker: AnyBroker, tmp_path: Path) -> None:
    kept = await book()
    async with connect(broker.settings, "dashboard-1") as client:
        await client.publish(TOPIC, payload(), qos=1, retain=True)
        async with bus_with(broker.settings, tmp_path, kept):
            await until(lambda: kept.current is not None)
            for each in (payload(9, STRANGER), b"{", payload(5)):
                await client.publish(TOPIC, each, qos=1, retain=True)
            await client.publish(TOPIC, payload(8, telephones=()), qos=1, retain=True)
            await until(lambda: kept.current is not None and kept.current.number == 8)
    assert kept.refused == 3


def test_the_brokers_users_may_not_publish_each_others() -> None:
    agent, dashboard = agent_user("main", "agent-1"), dashboard_user("main", "dashboard-1")
    assert agent.may_read(TOPIC)
    assert not agent.may_write(TOPIC)
    assert dashboard.may_write(TOPIC)
    assert not dashboard.may_write(Topics("main").directory("dashboard-2"))


# --- the agent's use of it


def listed(tmp_path: Path, directory: Directory) -> OfficeDirectory:
    config = AgentConfig(
        agent_id="agent-1", state_dir=tmp_path, pbx=PbxTable(superior="200", superior_name="高橋")
    )
    made = OfficeDirectory(config)
    made.book = DirectoryBook(sample.SITE, None, lambda: sample.NOON)
    made.book._trust = trusting_dashboard()
    made.book.take(sealed(directory.to_bytes(), DASHBOARD))
    return made


def test_calls_and_alerts_carry_the_name_on_the_extension(tmp_path: Path) -> None:
    known = listed(tmp_path, sample.directory())
    nameless = Party(number="201")
    assert known.call(sample.call(operator=nameless)).operator.name == "佐藤 美咲"
    assert known.alert(sample.alert(operator=nameless)).operator.named_by == "directory"
    told = Party(number="201", name="田中")
    assert known.call(sample.call(operator=told)).operator == told
    unknown = Party(number="999")
    assert known.call(sample.call(operator=unknown)).operator == unknown


def test_the_first_superior_within_hours_is_asked(tmp_path: Path) -> None:
    # 2026-11-24 is a Tuesday; noon of the sample is 11:00 in Taipei.
    assert listed(tmp_path, sample.directory()).superior_number() == "210"
    evening = DirectorySuperior(number="210", hours=periods_of({"tue": (("18:00", "22:00"),)}))
    always = DirectorySuperior(number="220")
    assert listed(tmp_path, sample.directory(superiors=(evening, always))).superior_number() == "220"
    assert listed(tmp_path, sample.directory(superiors=(evening,))).superior_number() == "210"
    assert listed(tmp_path, sample.directory(superiors=())).superior == Party(number="200", name="高橋")


def test_the_directory_allows_telephones_of_the_house_alone(tmp_path: Path) -> None:
    outside = DirectorySuperior(number="09012345678")
    known = listed(tmp_path, sample.directory(superiors=(outside,), telephones=("211", "0312345678", "*72")))
    for number, refusal in {
        "211": None,
        "200": None,
        "09012345678": "not_internal",
        "0312345678": "not_internal",
        "*72": "forbidden_target",
        "2111": "not_internal",
    }.items():
        assert known.targets.refusal(Action.HOLD_TRANSFER, number) == refusal, number
    # Such a superior is not asked; the file's is.
    assert known.superior_number() == "200"
    assert TargetPolicy(["200"]).refusal(Action.TRANSFER, "211") == "not_internal"


def test_names_are_taken_as_they_are() -> None:
    odd = "<b>佐藤</b>'; DROP TABLE people; --"
    directory = sample.directory(operators=(DirectoryOperator(extension="201", name=odd),))
    assert Directory.from_bytes(directory.to_bytes()).name_of("201") == odd
