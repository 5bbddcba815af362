"""The clock of unanswered alerts on a site's state: marks for the pages, and superiors who are rung."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from tests.support import sample

from kikimori_core.wire.messages import Action, CallStatus, CommandResult, Outcome, Severity
from kikimori_core.wire.unanswered import UnansweredTable
from kikimori_dashboard.access.audit_trail import AuditTrail
from kikimori_dashboard.site.state import SiteState
from kikimori_dashboard.unanswered.desk import MARK, UnansweredDesk

if TYPE_CHECKING:
    from kikimori_records.store import Store

NOON = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
CAN = (Action.HOLD, Action.HOLD_TRANSFER, Action.RING_SUPERIOR)


class UnansweredSite:
    """A site with one call, whose clock and whose agent's answers the test sets."""

    def __init__(self, store: Store, *, can: tuple[Action, ...] = CAN, **steps: Any) -> None:
        self.now = NOON
        self.state = SiteState()
        self.state.broker_lost()
        self.state.begin_reading_retained()
        self.state.end_reading_retained()
        self.answers: list[tuple[Outcome, str | None, str | None]] = []
        self.asked: list[tuple[str, str]] = []
        self.team: str | None = None
        self.ahead = timedelta()
        self.trail = AuditTrail(store)
        self.desk = UnansweredDesk(
            UnansweredTable(**steps),
            self.state,
            self.send,
            self.trail,
            lambda: None,
            agent_now=lambda _agent: self.now + self.ahead,
            first_group=lambda _extension: self.team,
            now=lambda: self.now,
        )
        self.state.alert_book.on_open = self.desk.note
        self.state.take_health(sample.health())
        self.call(capabilities=can)

    def call(self, **fields: Any) -> None:
        self.state.take_call(sample.call("c", **{"capabilities": CAN, **fields}))

    def alert(self, alert_id: str = "a", kind: str = "escalate", **fields: Any) -> None:
        at = self.now + self.ahead
        given = {"rule_kind": kind, "raised_at": at, "updated_at": at, **fields}
        self.state.take_alert(sample.alert(alert_id, call_id="c", **given))

    async def send(self, call_id: str, alert_id: str) -> CommandResult:
        self.asked.append((call_id, alert_id))
        outcome, reason, detail = self.answers.pop(0)
        return sample.result(action=Action.RING_SUPERIOR, outcome=outcome, reason=reason, detail=detail)

    async def after(self, seconds: float) -> dict[str, Any] | None:
        """Let time go by, and return the mark of the alert `a`."""
        self.now += timedelta(seconds=seconds)
        self.desk.look()
        for _ in range(10):
            await asyncio.sleep(0)
        return self.mark()

    def mark(self, alert_id: str = "a") -> dict[str, Any] | None:
        return self.state.alert_book.encoded.marks.of(alert_id, MARK)


async def test_an_alert_is_marked_at_once_and_step_by_step(store: Store) -> None:
    site = UnansweredSite(store)
    site.team = "A"
    site.alert()
    mark = site.mark()
    assert mark is not None
    assert (mark["step"], mark["team"], mark["since"]) == (0, "A", NOON.isoformat())
    steps = []
    for seconds in (15, 15):
        mark = await site.after(seconds)
        assert mark is not None
        steps.append((mark["step"], mark["louder"], mark["hold"]))
    assert steps == [(1, True, False), (2, True, True)]
    assert '"unanswered":{' in site.state.alert_book.encoded.of(site.state.alerts["a"])
    # A claim on it is an answer.
    site.state.alert_book.show_mark("a", "claim", {"name": "木村"})
    assert await site.after(1) is None
    site.state.alert_book.show_mark("a", "claim", None)
    mark = await site.after(1)
    assert mark is not None
    assert mark["step"] == 0


async def test_the_clock_of_an_agent_that_goes_wrong_delays_nothing(store: Store) -> None:
    site = UnansweredSite(store)
    site.ahead = timedelta(minutes=-5)
    site.alert()
    mark = await site.after(15)
    assert mark is not None
    assert (mark["since"], mark["louder"]) == (NOON.isoformat(), True)


async def test_a_critical_alert_waits_since_it_is_critical(store: Store) -> None:
    site = UnansweredSite(store)
    site.alert("a", "shouting", severity=Severity.WARNING)
    assert await site.after(100) is None
    site.alert("a", "shouting", severity=Severity.CRITICAL, revision=2, raised_at=NOON)
    await site.after(10)
    site.alert("a", "shouting", severity=Severity.CRITICAL, revision=3, raised_at=NOON)
    mark = await site.after(5)
    assert mark is not None
    assert mark["louder"]


async def test_superiors_are_rung_until_one_has_heard(store: Store) -> None:
    site = UnansweredSite(store)
    site.state.directory.superiors = [{"number": "201", "name": "田中", "open": True, "id": 1}]
    site.answers = [(Outcome.FAILED, "no_answer", "200"), (Outcome.DONE, None, "201")]
    site.alert()
    # A second alert of the call rings nobody a second time.
    site.alert("b", "shouting")
    mark = await site.after(60)
    assert mark is not None
    assert site.asked == [("c", "a"), ("c", "a")]
    assert (mark["alarm"], mark["heard_by"]) == ("heard", "田中")
    await site.after(60)
    assert len(site.asked) == 2
    entry = site.trail._waiting.get_nowait()
    assert (entry.action, entry.outcome, entry.details["target"]) == ("command.ring_superior", "done", "201")


@pytest.mark.parametrize("reason", ["nobody_left", "nobody_open"])
async def test_the_page_says_that_nobody_is_left(store: Store, reason: str) -> None:
    site = UnansweredSite(store)
    site.answers = [(Outcome.REFUSED, reason, None)]
    site.alert()
    mark = await site.after(60)
    assert mark is not None
    assert mark["alarm"] == reason
    await site.after(60)
    assert len(site.asked) == 1


async def test_a_pbx_that_cannot_ring_a_third_telephone_is_not_asked(store: Store) -> None:
    site = UnansweredSite(store, can=(Action.HOLD_TRANSFER,))
    site.alert()
    mark = await site.after(60)
    assert mark is not None
    assert (mark["alarm"], mark["hold"], site.asked) == ("not_supported", False, [])
    assert not site.desk.hold_offered("c")


async def test_steps_that_are_switched_off_do_not_come(store: Store) -> None:
    site = UnansweredSite(store, louder_after_s=0, hold_after_s=0, ring_after_s=0)
    site.alert()
    mark = await site.after(3000)
    assert mark is not None
    assert (mark["step"], mark["alarm"], site.asked) == (0, None, [])


async def test_the_operator_may_hold_only_while_nobody_answers(store: Store) -> None:
    site = UnansweredSite(store, ring_after_s=0)
    site.alert()
    offered = [site.desk.hold_offered("c")]
    await site.after(30)
    offered.append(site.desk.hold_offered("c"))
    site.call(status=CallStatus.ON_HOLD)
    offered.append(site.desk.hold_offered("c"))
    site.call()
    site.state.alert_book.show_mark("a", "claim", {"name": "木村"})
    await site.after(1)
    offered.append(site.desk.hold_offered("c"))
    assert offered == [False, True, False, False]
