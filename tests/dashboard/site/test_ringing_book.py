"""Ringing calls, as the agents list them: replaced list by list, dropped with its agent and after a time, looked up like calls."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from tests.dashboard.test_callers_page import NUMBER, known_customer
from tests.support import sample

from kikimori_core.wire.messages import Party
from kikimori_core.wire.ringing_calls import RingingCall, RingingCalls
from kikimori_dashboard.broker.acks import AckDesk
from kikimori_dashboard.callers.caller_desk import CallerDesk
from kikimori_dashboard.callers.office_callers import tell_callers
from kikimori_dashboard.site import ringing_book
from kikimori_dashboard.site.changes import PicturePart
from kikimori_dashboard.site.ringing_book import LONGEST_RING
from kikimori_dashboard.site.state import SiteState

if TYPE_CHECKING:
    from pathlib import Path

    from kikimori_records.store import Store

TICK = timedelta(seconds=5)


def rings(*call_ids: str, agent: str = sample.AGENT, number: str = NUMBER, more: int = 0) -> RingingCalls:
    calls = [
        RingingCall(
            call_id=each, tap="asterisk", since=sample.NOON, caller=Party(number=number), phones=("201",)
        )
        for each in call_ids
    ]
    return RingingCalls(agent_id=agent, calls=tuple(calls), more=more)


@pytest.fixture
def state() -> SiteState:
    return SiteState()


def test_a_list_replaces_the_one_before_and_no_other_agents(state: SiteState) -> None:
    state.ringing.take(rings("c1", "c2"))
    state.ringing.take(rings("c3", "c1", agent="agent-2"))
    assert {each: entry.agent_id for each, entry in state.ringing.calls.items()} == {
        "c1": sample.AGENT,
        "c2": sample.AGENT,
        "c3": "agent-2",
    }
    state.ringing.take(rings("c2"))
    assert state.ringing.calls.keys() == {"c2", "c3"}
    version = state.changes.version
    state.ringing.take(rings("c2"))
    assert state.changes.version == version
    state.ringing.clear(sample.AGENT)
    assert state.ringing.calls.keys() == {"c3"}


def test_an_agent_that_is_offline_rings_for_nobody(state: SiteState) -> None:
    state.take_health(sample.health())
    state.ringing.take(rings("c1", more=3))
    assert state.ringing.more == 3
    state.take_health(sample.health(online=False))
    assert not state.ringing.calls
    assert state.ringing.more == 0
    state.ringing.take(rings("c1"))
    assert not state.ringing.calls
    state.take_health(sample.health())
    state.ringing.take(rings("c1"))
    assert state.ringing.calls
    state.remove_agent(sample.AGENT)
    assert not state.ringing.calls


def test_what_the_broker_does_not_send_again_is_over(state: SiteState) -> None:
    state.ringing.take(rings("c1"))
    state.ringing.take(rings("c2", agent="agent-2"))
    state.begin_reading_retained()
    state.ringing.take(rings("c2", agent="agent-2"))
    state.end_reading_retained(sample.NOON)
    assert state.ringing.calls.keys() == {"c2"}


def test_what_rings_too_long_is_dropped_and_stays_so(state: SiteState) -> None:
    state.ringing.take(rings("c1"))
    state.forget_old(sample.NOON)
    state.forget_old(sample.NOON + LONGEST_RING)
    assert state.ringing.calls
    state.forget_old(sample.NOON + LONGEST_RING + TICK)
    assert not state.ringing.calls
    state.ringing.take(rings("c1", "c2"))
    assert state.ringing.calls.keys() == {"c2"}
    state.ringing.take(rings("c2"))
    state.ringing.take(rings("c1"))
    assert state.ringing.calls.keys() == {"c1"}


def test_more_than_there_is_room_for_are_counted(state: SiteState, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ringing_book, "MAX_RINGING", 3)
    state.ringing.take(rings("c1", "c2", more=5))
    state.ringing.take(rings("c3", "c4", "c5", agent="agent-2"))
    assert len(state.ringing.calls) == 3
    assert state.ringing.more == 7


async def test_callers_are_looked_up_at_the_ring_and_known_when_the_call_is_answered(
    store: Store, tmp_path: Path
) -> None:
    await known_customer(store, tmp_path)
    state = SiteState()
    acks = AckDesk("test", state.alert_book)
    acks.health(sample.health())
    list(acks.due(0.0))
    desk = CallerDesk(store, lambda: tmp_path, state, lambda: None, tell_callers(acks))
    state.ringing.take(rings("c1", number="+81312345678"))
    before = state.changes.version_of(PicturePart.RINGING, "c1")
    await desk.look()
    assert state.changes.version_of(PicturePart.RINGING, "c1") > before
    entry = state.ringing.calls["c1"]
    assert entry.known is not None
    assert "山田 太郎" in entry.operator_json()
    assert "worst" in entry.supervisor_json()
    for hidden in ("worst", "outcome", "in_charge", "contract", entry.known.key, '"tap"'):
        assert hidden not in entry.operator_json()
    ((_, told),) = list(acks.due(1.0))
    assert set(told.callers) == {"c1"}

    state.take_call(sample.call("c1", caller=Party(number="+81312345678")))
    assert state.calls["c1"].known == entry.known
    state.ringing.take(rings())
    await desk.look()
    assert state.calls["c1"].known == entry.known
