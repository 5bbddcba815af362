"""The agent's alerts: raised when they are on the disk, told until a dashboard holds them, complained of when unseen."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest_asyncio
from structlog.testing import capture_logs
from tests.support import sample

from kikimori.bus import Outbox
from kikimori.bus.alert_board import FIRST_REMINDER_S, FIRST_RETRY_S, UNSEEN_AFTER_S, AlertBoard
from kikimori.bus.kept import SHOWN_AGAIN_S
from kikimori.bus.stamps import Stamps
from kikimori_core.wire.messages import Alert, AlertState, ClosedBecause, Severity

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from datetime import datetime
    from pathlib import Path

ID = "call-1.shouting.1"


class Office:
    """A board on a real outbox, with clocks that a test moves."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.passed_s = 0.0
        self.stamps = Stamps("run-1")

    def now(self) -> datetime:
        return sample.NOON + timedelta(seconds=self.passed_s)

    async def open(self) -> None:
        self.outbox = await Outbox.open(self.path)
        self.board = AlertBoard(self.outbox, self.now, lambda: self.passed_s)

    async def restart(self) -> None:
        await self.outbox.aclose()
        await self.open()

    async def put(self, **fields: object) -> None:
        await self.board.put(sample.alert(**({"updated_at": self.now()} | fields)), self.stamps)  # type: ignore[arg-type]

    async def close(self, revision: int = 2) -> None:
        await self.put(state=AlertState.CLOSED, revision=revision, closed_because=ClosedBecause.CALMED)

    def tell(self) -> list[tuple[str, int]]:
        """Take what is to be told, as a broker that confirms everything."""
        told = []
        while (kept := self.board.next_untold()) is not None:
            told.append((kept.alert_id, kept.revision))
            self.board.told(kept)
        return told

    def hear(self, **fields: object) -> None:
        given = {"client_id": "wall", "run": "a-1", "pages": 1, "held": {}, "drawn": {}}
        self.board.take_acks(sample.acks(**(given | fields)).to_bytes())

    def wait(self, seconds: float) -> None:
        self.passed_s += seconds
        self.board.tick()

    def causes(self) -> list[str | None]:
        return [each.cause for each in self.board.problems() if each.code == "alert_unseen"]


@pytest_asyncio.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    made = Office(tmp_path / "outbox.sqlite3")
    await made.open()
    yield made
    await made.outbox.aclose()


async def test_it_is_logged_when_it_is_on_the_disk(office: Office) -> None:
    with capture_logs() as logs:
        await office.put()
    assert [(each["event"], each["alert_id"], each["state"]) for each in logs] == [("alert", ID, "open")]
    await office.restart()
    assert office.board.is_open(ID)


async def test_it_is_told_again_until_a_dashboard_holds_this_revision(office: Office) -> None:
    await office.put()
    assert office.tell() == [(ID, 1)]
    office.hear()
    assert office.tell() == [(ID, 1)], "a dashboard that was not heard of before"
    await office.put(revision=2)
    assert office.tell() == [(ID, 2)]
    office.hear(held={ID: 1})
    office.wait(FIRST_RETRY_S)
    office.hear()
    assert office.tell() == [(ID, 2)]
    office.hear(held={ID: 2})
    assert office.board.unheld == 0
    for _ in range(20):
        office.wait(FIRST_RETRY_S)
        office.hear()
    assert office.tell() == []


async def test_without_a_dashboard_nothing_is_repeated_for_nobody(office: Office) -> None:
    await office.put()
    office.tell()
    for _ in range(20):
        office.wait(FIRST_RETRY_S)
    assert office.tell() == []


async def test_it_outlives_a_restart_until_it_is_held(office: Office) -> None:
    await office.put()
    await office.close()
    office.tell()
    await office.restart()
    assert office.tell() == [(ID, 2)]
    office.hear(held={ID: 2}, drawn={ID: 2})
    await office.restart()
    office.tell()
    office.wait(SHOWN_AGAIN_S + 1)
    assert office.tell() == []
    await office.restart()
    assert office.outbox.left_alerts == {}


async def test_what_nobody_has_seen_is_kept_and_told_until_a_page_draws_it(office: Office) -> None:
    """Over and held by a dashboard at night, when no page was open; the agent and the dashboard are started again."""
    await office.put()
    await office.close()
    office.hear(pages=0, held={ID: 2})
    office.tell()
    office.wait(SHOWN_AGAIN_S + 1)
    assert office.tell() == []
    await office.restart()
    office.tell()
    office.wait(UNSEEN_AFTER_S)
    assert office.causes() == ["no_dashboard"]
    office.hear(run="a-2", pages=0)
    office.wait(1)
    assert office.tell() == []
    # In the morning somebody opens a page, of a dashboard that has forgotten it, or never knew it.
    office.hear(run="a-2", pages=1)
    office.wait(1)
    assert office.tell() == [(ID, 2)]
    office.wait(FIRST_REMINDER_S - 1)
    assert office.tell() == []
    office.hear(run="a-2", pages=1)
    office.wait(1)
    assert office.tell() == [(ID, 2)]
    office.hear(run="a-3", pages=1)
    office.wait(1)
    assert office.tell() == [(ID, 2)]
    office.hear(run="a-3", pages=1, drawn={ID: 2})
    assert office.causes() == []
    office.wait(1)
    office.hear(run="a-4", pages=1)
    assert office.tell() == []
    await office.restart()
    assert office.outbox.left_alerts == {}


async def test_a_new_run_of_a_dashboard_gets_what_is_open_or_was_closed_lately(office: Office) -> None:
    await office.put()
    await office.close()
    await office.put(alert_id="open", revision=1)
    office.tell()
    office.hear(held={ID: 2, "open": 1}, drawn={ID: 2, "open": 1})
    office.tell()
    office.hear()
    assert office.tell() == []
    office.hear(run="a-2")
    assert sorted(office.tell()) == [(ID, 2), ("open", 1)]
    office.hear(client_id="another")
    assert sorted(office.tell()) == [(ID, 2), ("open", 1)]
    office.wait(SHOWN_AGAIN_S + 1)
    office.hear(run="a-3")
    assert office.tell() == [("open", 1)]


async def test_after_a_loss_of_the_broker_a_known_dashboard_gets_it_again(office: Office) -> None:
    await office.put()
    await office.close()
    office.tell()
    office.hear(held={ID: 2})
    office.tell()
    office.board.tell_again()
    assert office.tell() == []
    office.hear()
    assert office.tell() == [(ID, 2)]


async def test_what_no_page_has_drawn_is_a_problem_with_its_cause(office: Office) -> None:
    await office.put()
    office.wait(UNSEEN_AFTER_S - 1)
    assert office.causes() == []
    with capture_logs() as logs:
        office.wait(1)
        office.wait(1)
    assert [(each["event"], each["cause"]) for each in logs] == [("alert_unseen", "no_dashboard")]
    assert office.causes() == ["no_dashboard"]
    office.hear(pages=0, held={ID: 1})
    assert office.causes() == ["no_page"]
    office.hear(pages=1)
    assert office.causes() == ["page_behind"]
    office.hear(drawn={ID: 1})
    assert office.causes() == []
    await office.restart()
    office.wait(UNSEEN_AFTER_S)
    assert office.causes() == []


async def test_whoever_saw_the_warning_has_not_seen_the_critical_one(office: Office) -> None:
    await office.put(severity=Severity.WARNING)
    office.hear(drawn={ID: 1})
    await office.put(severity=Severity.CRITICAL, revision=2)
    office.hear(drawn={ID: 1})
    office.wait(UNSEEN_AFTER_S)
    assert office.causes() == ["page_behind"]
    # More of the same needs no new look.
    office.hear(drawn={ID: 2})
    await office.put(severity=Severity.CRITICAL, revision=3)
    office.wait(UNSEEN_AFTER_S)
    assert office.causes() == []


async def test_what_was_taken_back_needs_nobody(office: Office) -> None:
    await office.put()
    await office.put(state=AlertState.CLOSED, revision=2, closed_because=ClosedBecause.TAKEN_BACK)
    office.wait(UNSEEN_AFTER_S)
    assert office.causes() == []


async def test_a_repeated_message_says_that_a_page_has_shown_it(office: Office) -> None:
    await office.put()
    kept = office.board.next_untold()
    assert kept is not None
    assert not Alert.from_bytes(office.board.message(kept)).drawn
    office.hear(drawn={ID: 1})
    kept = office.board.next_untold()
    assert kept is not None
    assert Alert.from_bytes(office.board.message(kept)).drawn


async def test_garbage_is_counted(office: Office) -> None:
    for payload in (b"", b"{}", b"\xff", b'{"client_id": 1}'):
        office.board.take_acks(payload)
    assert office.board.invalid_acks == 4
