"""The shipped Mosquitto files with the TLS listener: agent and dashboard work through it, and a wrong certificate is named."""

from __future__ import annotations

import asyncio
import gc
import json
import tomllib
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.support.browser import dashboard, dashboard_settings
from tests.support.certificates import Authority
from tests.support.deadline import WITHIN_S
from tests.support.issuing import Wish, alone
from tests.support.live_client import connected, live_client
from tests.support.telephone import on_the_line
from tests.system.conftest import AGENT_ID, SITE, agent_config, running

from kikimori.checks.diagnosis import CheckState
from kikimori.cli.main import main
from kikimori.doctor.broker import look_at_broker
from kikimori.doctor.broker_certificate import look_at_broker_certificate
from kikimori_core.messages import CodedText
from kikimori_core.wire.broker_problem import broker_problem
from kikimori_core.wire.connection import BrokerError, BrokerMuteError, connect
from kikimori_core.wire.settings import BrokerSettings
from kikimori_lab.bench.mosquitto import ShippedMosquitto

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from kikimori_core.wire.messages import Problem

BOARD = "dashboard"
LEFT_SOCKET = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
"""paho leaves the socket of a handshake that failed to the collector."""


@asynccontextmanager
async def secured(
    folder: Path, names: str, days: int = 2, authority_days: int = 90
) -> AsyncIterator[tuple[ShippedMosquitto, Path]]:
    """Run Mosquitto with a certificate for these names; gives it, and the file of its authority."""
    authority = made_in(folder, authority_days)
    put_in_place(folder, *authority.certificate("made", names, days))
    broker = ShippedMosquitto(
        folder / "broker", SITE, agents=[AGENT_ID], dashboards=[BOARD], certificates=folder
    )
    await broker.start()
    try:
        yield broker, authority.file
    finally:
        await broker.stop()


def made_in(folder: Path, days: int) -> Authority:
    folder.mkdir()
    return Authority(folder, "authority", days=days)


def put_in_place(folder: Path, cert: Path, key: Path) -> None:
    cert.replace(folder / "mosquitto.crt")
    key.replace(folder / "mosquitto.key")


async def connects(settings: BrokerSettings) -> bool:
    try:
        async with connect(settings, "new"):
            return True
    except BrokerError:
        return False


async def problem_with(settings: BrokerSettings) -> Problem:
    with pytest.raises((BrokerError, OSError)) as caught:
        async with connect(settings, "test"):
            pass
    return broker_problem(caught.value, settings)


async def test_agent_and_dashboard_work_by_tls(tmp_path: Path) -> None:
    """A call reaches the page; the listener on loopback is there beside it."""
    async with secured(tmp_path / "tls", "IP:127.0.0.1") as (broker, authority):
        config = agent_config(tmp_path / "state", broker.tls_settings(AGENT_ID, authority))
        settings = dashboard_settings(broker.tls_settings(BOARD, authority), site=SITE)
        async with (
            running(config) as agent,
            dashboard(settings) as url,
            live_client(url) as watching,
            on_the_line(await agent.ready, call="c1") as telephone,
        ):
            await watching.until(connected)
            await telephone.speak(bytes(8000))
            await watching.until(lambda picture: "c1" in picture["calls"])
            diagnosis = await look_at_broker(config)
            assert diagnosis.state is CheckState.OK, diagnosis
        async with connect(broker.settings(AGENT_ID), "plain"):
            pass


async def test_from_an_authority_to_a_connection_by_the_commands(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One step each: made, issued for the broker, taken over on the agent's machine by its fingerprint, used."""
    here, there = tmp_path / "broker's", tmp_path / "agent's"
    for command in (
        ["create", "--name", "kikimori.office.example", "--address", "127.0.0.1"],
        ["issue", "--name", "broker.office.example", "--address", "127.0.0.1", "--as", "mosquitto"],
        ["show", "--json"],
    ):
        assert main(["certificate", *command, "--folder", str(here)]) == 0
    shown = json.loads(capsys.readouterr().out.splitlines()[-1])
    file, expected = here / "authority.crt", shown["authority"]["fingerprint"]
    assert main(["certificate", "trust", str(file), "--fingerprint", expected, "--folder", str(there)]) == 0
    told = tomllib.loads(capsys.readouterr().out.partition("[mqtt]")[2])
    broker = ShippedMosquitto(
        tmp_path / "broker", SITE, agents=[AGENT_ID], dashboards=[BOARD], certificates=here
    )
    await broker.start()
    try:
        settings = broker.tls_settings(AGENT_ID, Path(told["ca_file"]))
        async with connect(settings, "agent"):
            pass
        found = await look_at_broker_certificate(settings)
        assert [each.state for each in found] == [CheckState.OK]
    finally:
        await broker.stop()


@LEFT_SOCKET
async def test_a_renewed_certificate_is_taken_by_a_reload(tmp_path: Path) -> None:
    """Connections stay; a new one is made with the new certificate."""
    folder = tmp_path / "tls"
    async with (
        secured(folder, "IP:127.0.0.1") as (broker, old),
        connect(broker.tls_settings(BOARD, old), "stays") as staying,
    ):
        other = Authority(folder, "next")
        put_in_place(folder, *other.certificate("renewed", "IP:127.0.0.1"))
        broker.reload()
        async with asyncio.timeout(WITHIN_S):
            while not await connects(broker.tls_settings(AGENT_ID, other.file)):  # noqa: ASYNC110 - another program
                await asyncio.sleep(0.1)
        await staying.publish(f"kikimori/v2/{SITE}/dashboards/{BOARD}/here", b"still", qos=1)
    gc.collect()


@LEFT_SOCKET
@pytest.mark.parametrize(
    ("names", "days", "cause"),
    [("DNS:elsewhere.example", 2, "name"), ("IP:127.0.0.1", -1, "expired"), ("IP:127.0.0.1", 2, "authority")],
)
async def test_a_wrong_certificate_is_one_sentence_in_both_languages(
    tmp_path: Path, names: str, days: int, cause: str
) -> None:
    async with secured(tmp_path / "tls", names, days) as (broker, authority):
        trusted = Authority(tmp_path, "stranger").file if cause == "authority" else authority
        problem = await problem_with(broker.tls_settings(AGENT_ID, trusted))
    gc.collect()
    assert (problem.code, problem.cause) == ("broker_certificate", cause)
    for language in ("ja", "en"):
        detail, remedy = problem.words(language)
        assert f"127.0.0.1:{broker.tls_port}" in detail
        assert "kikimori certificate" in remedy
    assert problem.words("ja")[0] != problem.detail


@LEFT_SOCKET
async def test_a_port_of_the_other_kind_is_named(tmp_path: Path) -> None:
    async with secured(tmp_path / "tls", "IP:127.0.0.1") as (broker, authority):
        tls_at_plain = broker.tls_settings(AGENT_ID, authority).model_copy(update={"port": broker.port})
        problem = await problem_with(tls_at_plain)
        assert problem.code == "broker_tls"
        plain_at_tls = BrokerSettings(port=broker.tls_port)
        # What `connect` raises after ten seconds, here without them: the doctor waits for five.
        problem = broker_problem(BrokerMuteError("no answer"), plain_at_tls)
        assert problem.code == "broker_mute"
        assert "certificate trust" in problem.words("ja")[1]
        config = agent_config(tmp_path / "state", plain_at_tls)
        assert "certificate trust" in (await look_at_broker(config)).next_step
    gc.collect()


@pytest.mark.parametrize(
    ("days", "authority_days", "codes"),
    [
        (60, 90, ["broker_certificate_good"]),
        (20, 90, ["broker_certificate_ends"]),
        (60, 20, ["broker_certificate_good", "authority_ends"]),
        (-1, 90, ["broker_certificate.expired"]),
    ],
)
async def test_the_doctor_reads_the_brokers_certificate(
    tmp_path: Path, days: int, authority_days: int, codes: list[str]
) -> None:
    """It needs no user for that, so that it can be done beside a running agent."""
    async with secured(tmp_path / "tls", "IP:127.0.0.1", days, authority_days) as (broker, authority):
        nobody = BrokerSettings(port=broker.tls_port, ca_file=authority)
        found = await look_at_broker_certificate(nobody)
    assert [each.detail.code for each in found if isinstance(each.detail, CodedText)] == codes
    assert [each.state is CheckState.OK for each in found] == [
        code == "broker_certificate_good" for code in codes
    ]
    assert all(each.next_step for each in found if each.state is not CheckState.OK)


@pytest.mark.parametrize("names", [("localhost",), ()], ids=["named", "common name alone"])
async def test_the_doctor_reads_a_certificate_that_is_trusted_for_itself(
    tmp_path: Path, names: tuple[str, ...]
) -> None:
    folder = tmp_path / "tls"
    folder.mkdir()
    itself = alone(Wish("localhost", names, addresses=()))
    put_in_place(folder, *itself.write(folder))
    trusted = tmp_path / "trusted.pem"
    trusted.write_bytes(itself.pem)
    broker = ShippedMosquitto(tmp_path / "broker", SITE, agents=[], dashboards=[BOARD], certificates=folder)
    await broker.start()
    try:
        settings = BrokerSettings(host="localhost", port=broker.tls_port, ca_file=trusted)
        (found,) = await look_at_broker_certificate(settings)
    finally:
        await broker.stop()
    assert found.state is CheckState.OK
    assert f"good for {'DNS:localhost' if names else '-'}," in found.detail


async def test_the_doctor_warns_of_a_plain_way_to_another_machine() -> None:
    (found,) = await look_at_broker_certificate(BrokerSettings(host="192.0.2.1"))
    assert found.state is CheckState.WARNING
    assert "certificate trust" in found.next_step
    assert await look_at_broker_certificate(BrokerSettings()) == []
