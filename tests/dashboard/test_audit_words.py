"""The audit in words: an entry of every kind that the code writes, as both languages of the page show it."""

from __future__ import annotations

import ast
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from playwright.async_api import expect
from tests.dashboard.test_reasons import calls_of
from tests.support.sign_in import sign_in_page

from kikimori_core.wire.messages import Action, Outcome
from kikimori_core.wire.opening_hours import read_hours
from kikimori_dashboard.access.audit_trail import AuditTrail, author_of
from kikimori_dashboard.access.who import Principal
from kikimori_dashboard.people.reasons import false_reasons, help_reasons
from kikimori_records.audit.entry import ActorKind, AuditEntry
from kikimori_records.audit.log import append
from kikimori_records.audit.queries import AuditFilter, newest
from kikimori_records.audit.retention import remove_old
from kikimori_records.people import NewPerson, person_by_login
from kikimori_records.people.changes import add_person, change_person
from kikimori_records.people.kiosks import make_code, revoke_code, revoke_kiosk, use_code
from kikimori_records.people.seatings import SeatingSource, correct, sit_down, stand_up
from kikimori_records.people.superiors import (
    add_superior,
    change_superior,
    order_superiors,
    remove_superior,
)

if TYPE_CHECKING:
    from playwright.async_api import Page

    from kikimori_records.audit.entry import AuditRow
    from kikimori_records.store import Store

ROOT = Path(__file__).parents[2]
SOURCES = [
    *(ROOT / "dashboard").rglob("*.py"),
    *(ROOT / "agent" / "kikimori" / "cli").rglob("*.py"),
]
ACTION = re.compile(r"[a-z_]+\.[a-z_]+")
NO_DETAILS = {*AuditEntry.__slots__, "about", "thing", "always"}
"""Arguments of the calls that write entries which are no details."""

WHO = Principal("田中 管理")
WEEK = read_hours("月-金 09:00-12:00 13:00-18:00; 土 10:00-12:00")
ID = "0123456789abcdef0123456789abcdef"


def written() -> tuple[set[str], set[str]]:
    """Return the actions of entries in the code, those of commands apart, and the names of their details."""
    actions, details = set(), set()
    for path in SOURCES:
        for call in calls_of(path, "note", "entry", AuditEntry.__name__, "_note", "_entry"):
            found = {
                each.value
                for argument in call.args
                for each in ast.walk(argument)
                if isinstance(each, ast.Constant) and isinstance(each.value, str)
            }
            actions |= {each for each in found if ACTION.fullmatch(each)}
            details |= {each.arg for each in call.keywords if each.arg is not None} - NO_DETAILS
    return actions, details


async def write_every_kind(store: Store) -> None:
    """Write an entry of each kind: what the store does is done, the rest is noted as the routes note it."""
    await _trimmed(store)
    await _people(store)
    await _superiors(store)
    await _kiosks_and_seatings(store)
    for entry in _noted():
        await append(store, entry)


async def _trimmed(store: Store) -> None:
    long_ago = datetime.now(UTC) - timedelta(days=store.settings.audit_days + 1)
    await append(store, AuditEntry("session.begin", ActorKind.PERSON, "前の人", at=long_ago))
    assert await remove_old(store)


async def _people(store: Store) -> None:
    by = author_of(WHO)
    new = NewPerson("佐藤 花子", "1001", frozenset({"operator"}), frozenset({"201", "202"}))
    person = await add_person(store, new, by)
    values = {"name": "鈴木 花子", "login": "1002", "roles": frozenset({"operator", "supervisor", "records", "admin", "wall"})}  # fmt: skip
    places = {"extensions": frozenset({"203"}), "telephone": "301", "team": "第一", "queue": "料金", "seat_row": 1, "seat_column": 2}  # fmt: skip
    await change_person(store, person.id, {**values, **places}, by)
    me = await person_by_login(store, "admin")
    assert me is not None
    own = author_of(Principal(me.name, person_id=me.id))
    await change_person(store, me.id, {"roles": frozenset({"admin", "supervisor"})}, own)
    for disabled in (True, False):
        await change_person(store, person.id, {}, by, disabled=disabled)


async def _superiors(store: Store) -> None:
    by = author_of(WHO)
    always = await add_superior(store, "課長 木村", "210", by)
    weekly = await add_superior(store, "部長 高橋", "220", by, hours=WEEK)
    await change_superior(store, always.id, by, hours=WEEK, name="課長 山本", number="211", enabled=False)
    await change_superior(store, weekly.id, by, hours={})
    await order_superiors(store, [weekly.id], by)
    await remove_superior(store, always.id, by)


async def _kiosks_and_seatings(store: Store) -> None:
    by, now = author_of(WHO), datetime.now(UTC)
    person = await person_by_login(store, "operator")
    assert person is not None
    code, _ = await make_code(store, "201", by, now)
    kiosk = await use_code(store, code, "窓側", now)
    assert kiosk is not None
    await revoke_kiosk(store, kiosk.id, by, now)
    _, row = await make_code(store, "201", by, now)
    assert await revoke_code(store, row.code_hash, by, now)
    seating = await sit_down(store, "201", None, SeatingSource.KIOSK, by, now)
    await correct(store, seating.id, person.id, by, now)
    assert await stand_up(store, "201", by, now + timedelta(hours=1))


def _noted() -> list[AuditEntry]:
    entry = AuditTrail.entry
    person, alert, call = ("person", ID), ("alert", ID), ("call", ID)
    asked = {"since": "2026-11-01T09:00", "until": "2026-11-02T09:00", "person": "佐藤", "action": "live.open", "object": "201", "outcome": "done"}  # fmt: skip
    found = [
        entry(WHO, "session.end"),
        entry(WHO, "session.end", about=("session", ID[:12])),
        entry(WHO, "session.end_all"),
        entry(WHO, "live.open", about=("page", "supervisor"), team="第一"),
        entry(WHO, "handover.open", about=call, extension="201"),
        entry(WHO, "password.change", about=person),
        entry(WHO, "audit.open", asked={}),
        entry(WHO, "audit.open", asked=asked),
        entry(WHO, "audit.export", asked=asked),
        entry(
            WHO,
            "history.find",
            about=("page", "history"),
            asked={
                "words": "返金",
                "caller": True,
                "kind": "phrase",
                "at_least_s": 600,
                "below_s": 1800,
                "reviewed": "no",
                "operator": "佐藤",
                "since": "2026-11-01",
                "until": "2026-11-02",
            },
        ),
        entry(WHO, "history.export", asked={"words": "返金"}),
        entry(WHO, "person.first", about=person, roles=["admin", "supervisor"]),
        entry(WHO, "link.first", about=("link", "")),
        entry(WHO, "person.export", about=("person", ""), count=12),
        entry(WHO, "alert.claim", outcome="refused", about=alert, call_id=ID, owner="高橋"),
        entry(WHO, "alert.release", about=alert, call_id=ID),
        entry(WHO, "alert.seen", about=alert, call_id=ID),
        entry(WHO, "person.open", about=("page", "people")),
        entry(WHO, "seating.open", about=("extension", "201")),
        entry(WHO, "note.add", about=call),
        entry(WHO, "sound.listen", about=call, extension="201", past_s=15),
        entry(WHO, "sound.listen", outcome="failed", about=call, reason="dashboard_unreachable"),
        entry(WHO, "sound.end", about=call, extension="201", seconds=12.5, lost=0),
        entry(WHO, "note.remove", about=call),
        entry(WHO, "ending.warn", about=call, warnings=1),
        entry(WHO, "ending.propose", about=call, why="threat", warnings=2, people=2),
        entry(WHO, "ending.propose", outcome="refused", about=call, why="abuse", reason="already_proposed"),
        entry(WHO, "ending.end", outcome="refused", about=call, reason="not_agreed"),
        entry(WHO, "alert.false_undo", about=alert, call_id=ID, rule="R-1"),
        entry(WHO, "alert.review", about=alert, call_id=ID),
        entry(WHO, "alert.review_undo", about=alert, call_id=ID),
        entry(WHO, "recording.open", about=call, extension="201", operator_id=ID),
        entry(WHO, "recording.play", about=call, from_s=83.5, why="苦情の確認"),
        entry(WHO, "recording.review", about=call),
        entry(WHO, "recording.review_undo", about=call),
        entry(None, "audit.left_out", outcome="failed", count=3, since="2026-11-01T00:00:00+00:00"),
    ]
    caller, program = ("caller", ID), Principal("kikimori")
    found += [entry(WHO, f"records.{each}", about=call) for each in ("show", "proof")]
    found += [
        entry(WHO, "records.erase", about=caller, erasure=ID, why="本人の求め"),
        entry(WHO, "records.hold", about=call, hold=ID, why="係争中", until="2027-11-29T00:00:00+00:00"),
        entry(WHO, "records.release", about=call, hold=ID, why="解決"),
        entry(program, "records.erased", about=caller, erasure=ID, calls=3),
        entry(program, "records.replay", erasures=1, holds=1, releases=1),
        entry(program, "records.acknowledge", about=("page", "recording"), count=2, why="ディスクを交換"),
        entry(
            program,
            "records.retention",
            call_calls=1,
            sound_calls=1,
            words_calls=1,
            number_calls=1,
            sound_bytes=16000,
            customers=2,
        ),
    ]
    customer = ("customer", ID)
    found += [entry(WHO, f"customer.{each}", about=customer) for each in ("add", "remove")]
    found += [entry(WHO, f"customer.{each}", about=customer, caller=ID[:24]) for each in ("join", "part")]
    columns = ["name", "contract", "in_charge", "manner"]
    found += [
        entry(WHO, "customer.change", about=customer, columns=columns),
        entry(WHO, "customer.import", about=("customer", ""), added=3, count=2),
        entry(WHO, "customer.export", about=("customer", ""), count=12),
        entry(WHO, "customer.open", about=("customer", "")),
        entry(WHO, "caller.open", about=("caller", ID[:24])),
    ]
    begun: dict[str, Any] = {"about": person, "address": "192.0.2.1"}
    proofs, faults = ("password", "password_and_code", "link"), ("wrong", "wrong_code")
    found.append(entry(WHO, "session.begin", **begun, by="password_and_recovery_code", codes_left=9))
    found += [entry(WHO, "session.begin", **begun, by=by) for by in proofs]
    found += [entry(None, "session.begin", outcome="refused", **begun, reason=reason) for reason in faults]
    found += [entry(WHO, action, about=person) for action in ("factor.on", "factor.off")]
    for action in ("password.set", "pin.set", "pin.remove", "factor.remove"):
        found.append(entry(WHO, action, about=person, name="佐藤"))
    for each in false_reasons():
        found.append(entry(WHO, "alert.false", about=alert, call_id=ID, reason=each.id, rule="R-1"))
    decided: dict[str, Any] = {"why": "abuse", "proposed_by": "高橋", "agreed_by": "木村", "warnings": 2}
    found += [
        entry(WHO, f"ending.{each}", about=call, **decided) for each in ("agree", "refuse", "withdraw", "end")
    ]
    for each in help_reasons():
        found.append(entry(WHO, "command.escalate", about=call, extension="201", why=each.id))
    for action in Action:
        found.append(entry(WHO, f"command.{action}", outcome="refused", about=call, extension="201", target="210", why="threat", reason="no_answer"))  # fmt: skip
    for outcome in Outcome:
        found.append(entry(WHO, "command.hold", outcome=outcome, about=call, extension=None))
    return found


async def everything(store: Store) -> list[AuditRow]:
    return await newest(store, AuditFilter(), most=1000)


async def test_the_page_words_every_kind_of_entry(url: str, store: Store, page: Page) -> None:
    await write_every_kind(store)
    entries = [each.entry for each in await everything(store)]
    actions, details = written()
    assert actions - {each.action for each in entries} == set(), "write an entry of these kinds in this test"
    assert details - {name for each in entries for name in each.details} == set(), "and with these details"

    await sign_in_page(page, "admin")
    await page.goto(f"{url}/audit")
    items = page.locator("#entries li")
    # There are more kinds than stand on one page.
    await page.get_by_role("button", name="さらに前を表示").click()
    for language, title, always in (("日本語", "監査記録", "常時"), ("English", "Audit", "always")):
        if language == "English":
            await page.get_by_role("button", name=language).click()
        await expect(page.get_by_role("heading", name=title)).to_be_visible()
        await expect(items).to_have_count(len(entries))
        await expect(page.locator("#account")).to_be_in_viewport(ratio=1)
        shown = await items.all_inner_texts()
        assert [each for each in shown if re.search(r"[{}\[\]\"]|undefined|null|NaN", each)] == []
        # What stands there as it is in the database: keys of the code, and names that have no word.
        assert [each for each in shown if re.search(r"[a-z]_[a-z]|[a-z]\.[a-z]", each)] == []
        added = next(each for each in shown if "部長 高橋" in each and "220" in each)
        assert added.count("部長 高橋") == 1
        assert any(each.count(always) == 1 and "→" in each for each in shown)
        if language == "日本語":
            known = f"{ID}|[0-9a-f]{{12,32}}|kikimori"
            assert [each for each in shown if re.search(r"[a-z]", re.sub(known, "", each))] == []
            assert "受付時間: 月-金 09:00-12:00 13:00-18:00; 土 10:00-12:00" in added
        else:
            assert "hours: mon-fri 09:00-12:00 13:00-18:00; sat 10:00-12:00" in added


async def test_hours_of_another_shape_are_shown_all_the_same(url: str, store: Store, page: Page) -> None:
    """Written by a newer version, or by hand; the list is there, and the entry with it."""
    for number, hours in enumerate(({"mon": 9}, "ever", [["mon"]], {"mon": [[1, 2]]})):
        details = {"changed": {"hours": [None, hours]}}
        about = ("superior", str(number))
        await append(
            store, AuditEntry("superior.change", ActorKind.PERSON, WHO.name, None, *about, details=details)
        )
    await sign_in_page(page, "admin")
    await page.goto(f"{url}/audit")
    await expect(page.locator("#entries li")).to_have_count(4)
    assert "{" not in await page.locator("#entries").inner_text()
