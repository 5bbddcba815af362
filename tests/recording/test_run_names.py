"""Names of an agent's runs in their order, whatever the clock says between them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from tests.support.records_office import RecordsOffice, delivered
from tests.support.stores import opened
from tests.support.told_calls import ToldRun, told_call

from kikimori.agent import Agent
from kikimori.config import AgentConfig
from kikimori.recording.run_names import next_run_name
from kikimori_core.model.alert import run_name
from kikimori_records.calls.queries import newest_calls
from kikimori_records.settings import StoreSettings

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 12, 1, 9, tzinfo=UTC)
AHEAD = timedelta(hours=9)
"""By so much a clock is ahead whose hardware runs in Japan's time and is read as UTC."""


def named(state: Path, at: datetime) -> str:
    return next_run_name(state, state / "journal-office", "office", at)


def test_a_later_run_has_a_later_name_when_the_clock_was_set_back(tmp_path: Path) -> None:
    first = named(tmp_path, NOW + AHEAD)
    assert first == run_name(NOW + AHEAD)
    names = [first, *(named(tmp_path, NOW + timedelta(hours=each)) for each in (0, 1, 10, 10))]
    assert names == sorted(set(names))
    assert names[3] == run_name(NOW + timedelta(hours=10))
    assert (tmp_path / "last-run-office").read_text("ascii") == names[-1]
    assert next_run_name(tmp_path, tmp_path / "journal-other", "other", NOW) == run_name(NOW)


def test_journals_of_earlier_runs_count_where_no_name_was_kept(tmp_path: Path) -> None:
    """As at the first start of a version that keeps it."""
    for name in (run_name(NOW + AHEAD), "not-a-run", "kept.json"):
        (tmp_path / "journal-office" / name).mkdir(parents=True)
    assert named(tmp_path, NOW) == run_name(NOW + AHEAD + timedelta(milliseconds=1))


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"../../etc", b"z" * 17])
def test_a_damaged_file_counts_for_nothing(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "last-run-office").write_bytes(content)
    assert named(tmp_path, NOW) == run_name(NOW)
    assert (tmp_path / "last-run-office").read_text("ascii") == run_name(NOW)


def test_a_disk_that_cannot_be_written_leaves_the_clock(tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.write_text("a file")
    assert next_run_name(state, tmp_path / "journals", "office", NOW) == run_name(NOW)


async def test_calls_go_on_after_a_start_with_a_clock_that_was_set_back(tmp_path: Path) -> None:
    """The run before was killed in a call while the clock was ahead; its journal and the new one are sent."""
    before = ToldRun([told_call(0, 4.0)], run=named(tmp_path, NOW + AHEAD))
    live = ToldRun([told_call(1, 4.0)], run=named(tmp_path, NOW))
    half = len(live.records) // 2
    async with (
        opened(StoreSettings(dir=tmp_path / "store")) as store,
        RecordsOffice.opened(store, tmp_path / "records") as office,
    ):
        for told in sorted((before, live), key=lambda each: (len(each.run), each.run)):
            position = await office.incoming.position("office", told.run)
            assert position == 0
            await office.incoming.deliver("office", told.run, 0, told.frames(0, half))
        await office.finishing.finish_ended()
        ends = {each.call_id: each.end_reason for each in await newest_calls(store, 10)}
        assert ends == {"call-0": "agent_ended"}
        await delivered(office.incoming, live, first=half)
        await office.finishing.finish_ended()
        ends = {each.call_id: each.end_reason for each in await newest_calls(store, 10)}
        assert ends == {"call-0": "agent_ended", "call-1": "hung_up"}


async def test_an_agent_takes_such_a_name(tmp_path: Path) -> None:
    (tmp_path / "last-run-agent-1").write_text(last := run_name(datetime.now(UTC) + AHEAD), encoding="ascii")
    config = AgentConfig.model_validate({"agent_id": "agent-1", "site": "office", "state_dir": str(tmp_path)})
    Agent(config)
    kept = (tmp_path / "last-run-agent-1").read_text("ascii")
    assert int(kept, 36) == int(last, 36) + 1
