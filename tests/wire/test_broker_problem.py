"""Reason for which there is no connection: from a real broker, real sockets and real certificates."""

from __future__ import annotations

import asyncio
import gc
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import structlog
from tests.support.certificates import self_signed
from tests.support.mosquitto import mosquitto
from tests.support.ports import free_port

from kikimori_core.messages.text import translated
from kikimori_core.wire.broker_problem import BrokerStatus, broker_problem
from kikimori_core.wire.connection import BrokerError, connect
from kikimori_core.wire.settings import BrokerSettings

if TYPE_CHECKING:
    from tests.support.mosquitto import Mosquitto

    from kikimori_core.wire.messages import Problem


async def problem_with(settings: BrokerSettings) -> Problem:
    with pytest.raises((BrokerError, OSError)) as caught:
        async with connect(settings, "test"):
            pass
    return broker_problem(caught.value, settings)


async def test_a_refused_login_names_host_user_and_next_step(tmp_path: Path) -> None:
    secret = tmp_path / "word"
    secret.write_text("wrong\n", encoding="utf-8")
    async with mosquitto(tmp_path, passwords={"front-desk": "right"}) as broker:
        port = broker.settings.port
        wrong = BrokerSettings(port=port, username="front-desk", password_file=secret)
        none = BrokerSettings(port=port)
        refused, nameless = await problem_with(wrong), await problem_with(none)
        secret.write_text("right\n", encoding="utf-8")
        async with connect(wrong, "test"):
            pass
    assert refused.code == nameless.code == "broker_login"
    assert f"127.0.0.1:{port} refuses user front-desk" in refused.detail
    assert str(secret) in refused.remedy
    assert "asks for a user" in nameless.detail
    assert "[mqtt] username" in nameless.remedy


async def test_a_connection_that_ends_is_told_in_the_readers_language(tmp_path: Path) -> None:
    async def listen(broker: Mosquitto) -> None:
        async with connect(broker.settings, "test") as client:
            await broker.stop()
            async for _ in client.messages:
                pass

    async with mosquitto(tmp_path) as broker:
        with pytest.raises(BrokerError) as caught:
            await listen(broker)
    problem = broker_problem(caught.value, broker.settings)
    assert problem.code == "broker_lost"
    assert problem.detail.endswith(": the connection ended")
    told = translated("broker_lost", "detail", problem.parameters, "ja")
    assert told is not None
    assert told.endswith("：接続が切れました")


@pytest.mark.parametrize(
    ("settings", "code", "said"),
    [
        ({"port": 0}, "broker_unreachable", "nothing listens"),
        ({"host": "no-such-host.invalid"}, "broker_unreachable", "name is unknown"),
        ({"password_file": Path("/nowhere/word")}, "broker_files", "/nowhere/word: No such file"),
        ({"ca_file": Path("/nowhere/ca.pem")}, "broker_files", "/nowhere/ca.pem: No such file"),
    ],
)
async def test_what_stands_between(settings: dict[str, object], code: str, said: str) -> None:
    if settings.get("port") == 0:
        settings = {"port": free_port()}
    problem = await problem_with(BrokerSettings.model_validate(settings))
    assert problem.code == code
    assert said in problem.detail
    assert problem.remedy


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("keys", [("ca_file",), ("cert_file", "key_file")])
async def test_tls_with_a_broker_that_has_none(tmp_path: Path, keys: tuple[str, ...]) -> None:
    """A certificate of our own means TLS too: the connection is never made without, and nothing said."""
    cert, key = self_signed(tmp_path, "other")
    files = {"ca_file": cert, "cert_file": cert, "key_file": key}
    async with mosquitto(tmp_path) as broker:
        problem = await problem_with(broker.settings.model_copy(update={each: files[each] for each in keys}))
    gc.collect()  # paho leaves the socket of a handshake that failed to the collector
    assert problem.code in ("broker_tls", "broker_unreachable")
    assert str(broker.settings.port) in problem.detail
    assert problem.remedy


async def test_a_key_without_its_certificate_is_said(tmp_path: Path) -> None:
    _, key = self_signed(tmp_path, "other")
    problem = await problem_with(BrokerSettings(key_file=key))
    assert problem.code == "broker_files"
    assert "set cert_file too" in problem.detail


def test_a_reason_is_logged_once_until_it_changes() -> None:
    settings = BrokerSettings()
    status = BrokerStatus(settings)
    with structlog.testing.capture_logs() as logged:
        for reason in ("a", "a", "a", "b", "a"):
            status.lost(BrokerError(reason), 1.0)
        status.connected()
        status.lost(BrokerError("a"), 1.0)
    loud = [each["reason"][-1] for each in logged if each["log_level"] == "warning"]
    assert loud == ["a", "b", "a", "a"]
    assert len(logged) == 6


async def test_the_thread_of_a_connection_given_up_does_not_raise() -> None:
    """Nothing listens, and nobody waits any more for that to be found."""
    faults: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: faults.append(context))
    connecting = asyncio.create_task(problem_with(BrokerSettings(port=free_port())))
    await asyncio.sleep(0)
    connecting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await connecting
    await asyncio.get_running_loop().shutdown_default_executor()
    assert faults == []
