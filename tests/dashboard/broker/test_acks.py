"""Reports of the dashboard to agents about their alerts: held, and drawn by a page."""

from __future__ import annotations

from datetime import timedelta

from tests.dashboard.site.test_state import alert, health
from tests.support.sample import NOON

from kikimori_core.wire.messages import AlertState
from kikimori_dashboard.broker.acks import AckDesk
from kikimori_dashboard.site.state import SiteState


def said(desk: AckDesk, now: float) -> tuple[dict[str, int], dict[str, int]]:
    """Return what all agents are told now: held, drawn."""
    held: dict[str, int] = {}
    drawn: dict[str, int] = {}
    for _, acks in desk.due(now):
        held |= acks.held
        drawn |= acks.drawn
    return held, drawn


def test_what_a_page_has_drawn_is_said_again_to_an_agent_that_does_not_know_it() -> None:
    """A page says it once; the agent was killed before it heard, and sends the alert again."""
    state = SiteState()
    desk = AckDesk("wall", state.alert_book)
    first = alert("c", alert_id="c.1")
    desk.health(health(online=True))
    state.take_alert(first)
    desk.came(first)
    desk.drawn({"c.1": 1})
    assert said(desk, 1.0) == ({"c.1": 1}, {"c.1": 1})
    desk.begin_session()
    desk.health(health(online=True))
    desk.came(first)
    assert said(desk, 2.0) == ({"c.1": 1}, {"c.1": 1})
    desk.came(first.model_copy(update={"drawn": True}))
    assert said(desk, 3.0) == ({"c.1": 1}, {})
    # Which page has drawn what is forgotten with the alert.
    over = alert("c", alert_id="c.1", revision=2, state=AlertState.CLOSED)
    state.take_alert(over)
    state.acknowledge_missed(0, 9)
    state.forget_old(NOON + timedelta(hours=1))
    assert state.alert_book.drawn == {}
