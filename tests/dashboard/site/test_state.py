"""The picture of the site: what each message does to it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from tests.support.peer_agent import SHOUT
from tests.support.sample import NOON

from kikimori_core.wire.messages import (
    Action,
    Alert,
    AlertState,
    CallLevels,
    CallState,
    CallStatus,
    ClosedBecause,
    Command,
    Health,
    LegLevel,
    Levels,
    Party,
    Role,
    Severity,
    TranscriptLine,
)
from kikimori_dashboard.picture.order import in_order
from kikimori_dashboard.site import state as state_module
from kikimori_dashboard.site.alert_book import LEAST_CLOSED
from kikimori_dashboard.site.changes import ChangeLog, PicturePart
from kikimori_dashboard.site.extensions import ExtensionLog
from kikimori_dashboard.site.missed import LOOKS_TO_BE_SEEN
from kikimori_dashboard.site.state import SiteState


def call(call_id: str, **fields: Any) -> CallState:
    defaults: dict[str, Any] = {"site": "main", "agent_id": "a", "tap": "t", "started_at": NOON}
    return CallState(call_id=call_id, **{**defaults, **fields})


def alert(call_id: str, *, revision: int = 1, severity: Severity = Severity.WARNING, **fields: Any) -> Alert:
    defaults: dict[str, Any] = {
        "alert_id": f"{call_id}.shouting.1",
        "site": "main",
        "agent_id": "a",
        "rule": "shouting",
        "rule_kind": "shouting",
        "title": {"ja": "大声"},
        "state": AlertState.OPEN,
        "raised_at": NOON,
        "updated_at": NOON,
        "raised_s": 1.0,
        "evidence": (SHOUT,),
    }
    return Alert(call_id=call_id, revision=revision, severity=severity, **{**defaults, **fields})


def health(*, online: bool) -> Health:
    return Health(agent_id="a", site="main", online=online, at=NOON)


def seen(state: SiteState) -> None:
    """Have a supervisor's page show what is open now for some seconds."""
    for _ in range(LOOKS_TO_BE_SEEN):
        state.look(watched=True)


def line(line_id: str, text: str, at_s: float, *, final: bool, role: Role = Role.CUSTOMER) -> TranscriptLine:
    return TranscriptLine(
        call_id="c", line_id=line_id, role=role, start_s=at_s, end_s=at_s + 1, text=text, final=final
    )


def texts(state: SiteState, call_id: str = "c") -> list[str]:
    return [each["text"] for each in state.calls[call_id].tail.view()]


def test_the_worst_call_comes_first_and_among_equals_the_one_that_waits_longest() -> None:
    state = SiteState()
    for name in ("calm", "notice", "warned-late", "warned-early", "critical"):
        state.take_call(call(name))
    state.take_alert(alert("notice", severity=Severity.NOTICE))
    state.take_alert(alert("warned-late", raised_at=NOON + timedelta(seconds=9)))
    state.take_alert(alert("warned-early"))
    state.take_alert(alert("critical", severity=Severity.CRITICAL, raised_at=NOON + timedelta(minutes=5)))
    assert in_order(state) == ["critical", "warned-early", "warned-late", "notice", "calm"]


def test_a_call_that_a_superior_has_taken_over_needs_no_decision_any_more() -> None:
    state = SiteState()
    state.take_call(call("taken", status=CallStatus.TRANSFERRED))
    state.take_call(call("noticed"))
    state.take_alert(alert("taken", severity=Severity.CRITICAL))
    state.take_alert(alert("noticed", severity=Severity.NOTICE))
    assert state.urgency("taken") == 0
    assert state.worst("taken") is Severity.CRITICAL
    assert in_order(state) == ["noticed", "taken"]


def test_the_alert_with_the_higher_revision_wins_in_any_order() -> None:
    for revisions in ((1, 2), (2, 1), (2, 2, 1)):
        state = SiteState()
        for revision in revisions:
            severity = Severity.CRITICAL if revision == 2 else Severity.WARNING
            state.take_alert(alert("c", revision=revision, severity=severity))
        assert [each.severity for each in state.alerts.values()] == [Severity.CRITICAL]


def test_a_closed_alert_is_not_opened_again_by_a_late_message() -> None:
    state = SiteState()
    state.take_alert(alert("c", revision=1))
    seen(state)
    state.take_alert(alert("c", revision=2, state=AlertState.CLOSED, closed_because=ClosedBecause.CALMED))
    state.take_alert(alert("c", revision=1))
    state.take_alert(alert("c", revision=2))
    assert state.alerts == {}
    assert [each.closed_because for each in state.closed.values()] == [ClosedBecause.CALMED]


def test_an_alert_before_its_call_counts_once_the_call_is_known() -> None:
    state = SiteState()
    state.take_alert(alert("c", severity=Severity.CRITICAL))
    state.take_call(call("c"))
    assert state.urgency("c") == 3


def test_closed_alerts_are_bounded_in_number_and_age() -> None:
    state = SiteState(closed_for=timedelta(minutes=15))
    for number in range(LEAST_CLOSED + 5):
        state.take_alert(alert("c", alert_id=f"c.{number}"))
    seen(state)
    for number in range(LEAST_CLOSED + 5):
        state.take_alert(
            alert(
                "c",
                alert_id=f"c.{number}",
                state=AlertState.CLOSED,
                updated_at=NOON + timedelta(seconds=number),
            )
        )
    assert len(state.closed) == LEAST_CLOSED
    assert "c.0" not in state.closed
    state.forget_old(NOON + timedelta(minutes=15, seconds=50))
    assert min(each.updated_at for each in state.closed.values()) == NOON + timedelta(seconds=50)
    assert len(state.alert_book.encoded) == len(state.closed)
    state.forget_old(NOON + timedelta(hours=1))
    assert state.closed == {}


def test_what_the_broker_does_not_tell_again_has_ended() -> None:
    state = SiteState()
    for name in ("stays", "ended"):
        state.take_call(call(name))
        state.take_alert(alert(name))
    state.take_health(health(online=True))
    state.end_reading_retained()
    assert (state.calls, state.alerts, state.agents) == ({}, {}, {})
    for name in ("stays", "ended"):
        state.take_call(call(name))
        state.take_alert(alert(name))
    state.broker_lost()
    assert sorted(state.calls) == ["ended", "stays"]
    assert not state.broker_connected
    state.take_call(call("ended"))
    state.begin_reading_retained()
    state.take_call(call("stays"))
    state.take_alert(alert("stays"))
    state.take_call(call("new"))
    state.end_reading_retained()
    assert sorted(state.calls) == ["new", "stays"]
    assert sorted(each.call_id for each in state.alerts.values()) == ["stays"]
    assert state.broker_connected


def test_a_connection_lost_while_reading_forgets_nothing() -> None:
    state = SiteState()
    state.begin_reading_retained()
    state.take_call(call("c"))
    state.end_reading_retained()
    state.begin_reading_retained()
    state.broker_lost()
    assert list(state.calls) == ["c"]


def test_a_call_whose_agent_is_offline_is_marked_and_kept() -> None:
    state = SiteState()
    state.take_call(call("c"))
    assert not state.stale("c")
    state.take_health(health(online=True))
    seen = state.changes.version
    state.take_health(health(online=False))
    assert state.stale("c")
    assert (PicturePart.CALLS, "c") in (state.changes.since(seen) or [])


def test_an_agent_was_heard_until_its_last_heartbeat() -> None:
    """Its last will is as old as its connection; a farewell is not."""
    state = SiteState()
    state.take_health(health(online=True))
    state.take_health(health(online=True).model_copy(update={"at": NOON + timedelta(hours=3)}))
    state.take_health(health(online=False))
    assert state.agents["a"].at == NOON + timedelta(hours=3)
    state.take_health(health(online=False).model_copy(update={"at": NOON + timedelta(hours=4)}))
    assert state.agents["a"].at == NOON + timedelta(hours=4)


def test_what_an_agent_that_never_came_back_left_is_gone_after_a_day() -> None:
    """Its machine was replaced: nobody else clears what the broker retains of its calls."""
    state = SiteState()
    for message in (call("c"), call("living", agent_id="b")):
        state.take_call(message)
    state.take_alert(alert("c"))
    state.take_alert(alert("living", agent_id="b"))
    state.take_health(health(online=False))
    state.take_health(health(online=True).model_copy(update={"agent_id": "b"}))
    state.take_sign_of_life("b")
    # Only the memory of a broker that was killed says that this one is there.
    state.take_health(health(online=True).model_copy(update={"agent_id": "dead"}))
    state.take_call(call("of-the-dead", agent_id="dead"))
    state.forget_old(NOON + timedelta(hours=23))
    assert set(state.calls) == {"c", "living", "of-the-dead"}
    state.forget_old(NOON + timedelta(hours=25))
    assert set(state.calls) == {"living"}
    assert [each.call_id for each in state.alerts.values()] == ["living"]


def test_a_partial_is_replaced_by_its_final_and_never_the_other_way() -> None:
    state = SiteState()
    state.take_call(call("c"))
    state.take_line(line("1", "もし", 0, final=False))
    state.take_line(line("1", "もしもし", 0, final=True))
    state.take_line(line("1", "もしも", 0, final=False))
    assert texts(state) == ["もしもし"]


def test_a_partial_that_never_became_final_goes_with_the_next_line_of_that_voice() -> None:
    state = SiteState()
    state.take_call(call("c"))
    state.take_line(line("1", "partial", 0, final=False))
    state.take_line(line("2", "the operator", 1, final=True, role=Role.OPERATOR))
    assert texts(state) == ["partial", "the operator"]
    state.take_line(line("3", "next", 2, final=False))
    assert texts(state) == ["the operator", "next"]


def test_the_tail_is_ordered_by_time_and_bounded() -> None:
    state = SiteState()
    state.take_call(call("c"))
    for number in reversed(range(100)):
        state.take_line(line(str(number), str(number), number, final=True))
    assert texts(state) == [str(number) for number in range(60, 100)]


def test_a_dashboard_started_mid_call_takes_the_tail_of_the_call_state() -> None:
    state = SiteState()
    state.take_call(call("c", transcript_tail=(line("1", "a", 0, final=True), line("2", "b", 1, final=True))))
    state.take_line(line("3", "c", 2, final=True))
    state.take_call(call("c", transcript_tail=(line("1", "a", 0, final=True),)))
    assert texts(state) == ["a", "b", "c"]


def test_only_the_agent_of_a_call_speaks_for_its_levels() -> None:
    state = SiteState()
    state.take_call(call("c"))
    levels = {"c": CallLevels(media_s=1, legs={Role.CUSTOMER: LegLevel(level_db=-20, speaking=True)})}
    state.take_levels(Levels(agent_id="other", at=NOON, calls=levels))
    assert state.calls["c"].levels is None
    state.take_levels(Levels(agent_id="a", at=NOON, calls={**levels, "unknown": levels["c"]}))
    assert state.calls["c"].levels == levels["c"]


def test_an_ended_call_goes() -> None:
    state = SiteState()
    state.take_call(call("c"))
    state.take_call(call("c", status=CallStatus.ENDED))
    assert state.calls == {}


def test_changes_tell_each_key_once_and_know_what_they_forgot() -> None:
    log = ChangeLog(least_gone=2)
    start = log.version
    for name in ("a", "b", "a"):
        log.touch(PicturePart.CALLS, name)
    assert sorted(log.since(start) or []) == [(PicturePart.CALLS, "a"), (PicturePart.CALLS, "b")]
    assert log.since(log.version) == []
    before = log.version
    for name in ("a", "c", "d"):
        log.remove(PicturePart.CALLS, name)
    assert log.since(start) is None
    assert log.since(before) is None
    assert sorted(log.since(before + 1) or []) == [(PicturePart.CALLS, "c"), (PicturePart.CALLS, "d")]


def test_what_exists_is_never_forgotten_however_much_there_is() -> None:
    """A round of levels of a large site: a browser that is up to date needs no snapshot after it."""
    state = SiteState()
    names = [f"c{number}" for number in range(4500)]
    for name in names:
        state.take_call(call(name))
    seen = state.changes.version
    leg = CallLevels(media_s=1, legs={Role.CUSTOMER: LegLevel(level_db=-20, speaking=True)})
    state.take_levels(Levels(agent_id="a", at=NOON, calls=dict.fromkeys(names, leg)))
    assert sorted(state.changes.since(seen) or []) == sorted((PicturePart.LEVELS, name) for name in names)
    # As much of what is gone is remembered as is there.
    seen = state.changes.version
    for name in names[:2200]:
        state.remove_call(name)
    assert len(state.changes.since(seen) or []) == 4400


def test_the_worst_is_known_by_call_whatever_comes_and_goes() -> None:
    state = SiteState()
    state.take_call(call("c"))
    state.take_call(call("d"))
    state.take_alert(alert("c", alert_id="1", severity=Severity.NOTICE))
    state.take_alert(
        alert("c", alert_id="2", severity=Severity.WARNING, raised_at=NOON + timedelta(seconds=1))
    )
    state.take_alert(alert("c", alert_id="3", severity=Severity.WARNING))
    assert [each.alert_id for each in state.open_alerts("c")] == ["3", "2", "1"]
    assert state.open_alerts("d") == ()
    state.take_alert(alert("c", alert_id="1", revision=2, severity=Severity.CRITICAL))
    assert [each.alert_id for each in state.open_alerts("c")] == ["1", "3", "2"]
    state.take_alert(alert("c", alert_id="1", revision=3, state=AlertState.CLOSED))
    state.remove_alert("2")
    assert [each.alert_id for each in state.open_alerts("c")] == ["3"]
    # An id that says another call belongs to that one alone.
    state.take_alert(alert("d", alert_id="3", revision=2))
    assert (state.worst("c"), state.worst("d")) == (None, Severity.WARNING)


def test_what_finds_no_room_is_counted_until_it_ends_or_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    for limit, most in (("MAX_CALLS", 2), ("MAX_ALERTS", 1), ("MAX_AGENTS", 1)):
        monkeypatch.setattr(state_module, limit, most)
    state = SiteState()
    for name in ("a", "b", "c", "d", "d"):
        state.take_call(call(name))
        state.take_alert(alert(name))
    for name in ("one", "two"):
        state.take_health(health(online=True).model_copy(update={"agent_id": name}))
    assert sorted(state.calls) == ["a", "b"]
    assert state.left_out.counts() == {"calls": 2, "alerts": 3, "agents": 1}
    seen = state.changes.version
    state.remove_call("c")
    state.take_alert(alert("c", revision=2, state=AlertState.CLOSED))
    state.remove_agent("two")
    assert state.left_out.counts() == {"calls": 1, "alerts": 2}
    assert (PicturePart.SITE, "") in (state.changes.since(seen) or [])
    state.take_call(call("a", status=CallStatus.ENDED))
    state.take_call(call("d"))
    assert state.left_out.counts() == {"alerts": 2}
    # All is told again: the count begins anew.
    state.begin_reading_retained()
    for name in ("b", "d", "e"):
        state.take_call(call(name))
    state.end_reading_retained()
    assert state.left_out.counts() == {"calls": 1}


def press(action: Action, command_id: str = "1") -> Command:
    return Command(
        command_id=command_id,
        call_id="c",
        action=action,
        issued_by="supervisor",
        issued_at=NOON,
        expires_at=NOON + timedelta(seconds=10),
        reply_to="r",
    )


def through_hold(*actions: Action) -> SiteState:
    """A call that is put on hold after the first press and talks again after the last."""
    state = SiteState()
    state.take_call(call("c"))
    for number, action in enumerate(actions):
        state.take_press(press(action, str(number)))
        state.take_call(call("c", status=CallStatus.ON_HOLD))
    state.take_call(call("c", status=CallStatus.TALKING))
    return state


def test_a_held_call_that_comes_back_by_itself_needs_a_decision_even_without_an_alert() -> None:
    state = through_hold(Action.HOLD_TRANSFER)
    assert state.calls["c"].returned
    assert state.worst("c") is Severity.WARNING
    assert state.urgency("c") == 2
    state.take_press(press(Action.HOLD_TRANSFER, "again"))
    assert state.worst("c") is None
    assert state.urgency("c") == 0


def test_a_held_call_that_somebody_took_back_is_nothing_to_look_at() -> None:
    for asked in (Action.UNHOLD, Action.TAKE_BACK):
        assert not through_hold(Action.HOLD, asked).calls["c"].returned


def test_the_telephones_own_hold_key_is_the_operators_business() -> None:
    state = SiteState()
    for status in (CallStatus.TALKING, CallStatus.ON_HOLD, CallStatus.TALKING):
        state.take_call(call("c", status=status))
    assert state.worst("c") is None


def test_listening_in_does_not_settle_what_came_back() -> None:
    state = through_hold(Action.HOLD)
    state.take_press(press(Action.LISTEN, "2"))
    assert state.calls["c"].returned


def test_what_was_returned_and_taken_over_needs_no_decision() -> None:
    state = through_hold(Action.HOLD)
    state.take_call(call("c", status=CallStatus.TRANSFERRED))
    assert state.urgency("c") == 0
    assert state.worst("c") is None


def test_when_a_call_was_last_heard_on_an_extension() -> None:
    state = SiteState()
    assert state.extensions.since is None
    state.end_reading_retained(NOON)
    state.end_reading_retained(NOON + timedelta(hours=1))
    assert state.extensions.since == NOON

    state.take_call(call("c", operator=Party(number="204")))
    assert state.extensions.last("204") == NOON
    assert state.extensions.last("205") is None
    levels = Levels(agent_id="a", at=NOON + timedelta(minutes=3), calls={"c": CallLevels(media_s=1, legs={})})
    state.take_levels(levels)
    state.remove_call("c")
    assert state.extensions.last("204") == NOON + timedelta(minutes=3)

    ended = NOON + timedelta(minutes=9)
    state.take_call(call("d", operator=Party(number="205"), status=CallStatus.ENDED, ended_at=ended))
    assert state.extensions.last("205") == ended


def test_a_call_that_another_operator_takes_over_was_heard_on_both_extensions() -> None:
    state = SiteState()
    state.take_call(call("c", operator=Party(number="204")))
    state.take_call(call("c", operator=Party(number="205")))
    assert state.extensions.known() == ["204", "205"]


def test_extensions_are_bounded_and_the_oldest_is_forgotten() -> None:
    log = ExtensionLog(limit=2)
    assert log.note(None, NOON) == ()
    assert log.note("1", NOON) == ("1",)
    assert log.note("2", NOON + timedelta(minutes=1)) == ("2",)
    assert log.note("1", NOON) == ()
    assert log.note("1", NOON + timedelta(minutes=2)) == ("1",)
    assert log.note("3", NOON + timedelta(minutes=3)) == ("3", "2")
    assert (log.known(), log.last("2")) == (["1", "3"], None)


def test_a_press_outlives_a_broker_that_forgot_the_call() -> None:
    """The dashboard may be back before the agent, and the answer comes with the agent; a call that ended is over."""
    state = SiteState()
    state.take_call(call("c"))
    state.take_press(press(Action.HOLD, "1"))
    state.begin_reading_retained()
    state.end_reading_retained()
    assert state.calls == {}
    state.take_call(call("c"))
    assert state.presses.of("c")
    state.take_call(call("c", status=CallStatus.ENDED))
    assert not state.presses.of("c")
    state.take_call(call("c"))
    state.take_press(press(Action.HOLD, "2"))
    state.begin_reading_retained()
    state.end_reading_retained()
    state.forget_old(NOON + timedelta(minutes=5))
    assert state.presses.of("c")
    state.forget_old(NOON + timedelta(minutes=11))
    assert not state.presses.of("c")
