"""The doctor reads what the running agent reports, from a real broker."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.support import sample
from tests.support.deadline import WITHIN_S

from kikimori.config import AgentConfig
from kikimori.doctor import running
from kikimori.doctor.running import look_at_running
from kikimori_core.messages import in_language
from kikimori_core.wire.connection import connect
from kikimori_core.wire.messages import Problem
from kikimori_core.wire.topics import Topics

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.brokers import AnyBroker

CODEC = Problem.of("mirror-codec", calls="G729")


def config(broker: AnyBroker, folder: Path) -> AgentConfig:
    return AgentConfig.model_validate(
        {"site": sample.SITE, "agent_id": sample.AGENT, "state_dir": folder, "mqtt": broker.settings}
    )


@pytest.fixture
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait longer: what the broker retains comes at once, but on a busy machine that may be seconds."""
    monkeypatch.setattr(running, "WAIT_S", WITHIN_S)


@pytest.mark.usefixtures("_patient")
@pytest.mark.parametrize("problems", [(), (CODEC,)], ids=["none", "codec"])
async def test_problems_of_the_running_agent_are_named_in_both_languages(
    broker: AnyBroker, tmp_path: Path, problems: tuple[Problem, ...]
) -> None:
    topic = Topics(sample.SITE).of(sample.AGENT).health
    async with connect(broker.settings, "agent") as client:
        await client.publish(topic, sample.health(problems=problems).to_bytes(), qos=1, retain=True)
        [found] = await look_at_running(config(broker, tmp_path))
    assert found.check == "agent"
    if problems:
        assert found.state == "warning"
        assert "G729" in found.detail
        assert "読めないコーデック" in in_language(found.detail, "ja")
        assert "PCMA" in found.next_step
    else:
        assert found.state == "ok"


@pytest.mark.usefixtures("_patient")
async def test_an_agent_that_has_gone_is_no_fault(broker: AnyBroker, tmp_path: Path) -> None:
    topic = Topics(sample.SITE).of(sample.AGENT).health
    async with connect(broker.settings, "agent") as client:
        await client.publish(topic, sample.health(online=False).to_bytes(), qos=1, retain=True)
        assert await look_at_running(config(broker, tmp_path)) == []


async def test_where_no_agent_runs_that_is_no_fault(broker: AnyBroker, tmp_path: Path) -> None:
    assert await look_at_running(config(broker, tmp_path)) == []


async def test_a_broker_that_is_away_is_told_elsewhere(tmp_path: Path) -> None:
    away = AgentConfig.model_validate({"state_dir": tmp_path, "mqtt": {"port": 1}})
    assert await look_at_running(away) == []
