"""The page of the record: the lines to add until the office has decided; then disk, agents and counts of each day."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from playwright.async_api import expect
from sqlalchemy import insert
from tests.support.axe import assert_accessible
from tests.support.browser import chromium, dashboard, dashboard_settings
from tests.support.kept_calls import add_recorded
from tests.support.live_client import live_client
from tests.support.sign_in import client, sign_in_browser

from kikimori_core.journal.settings import RecordingTable, RecordsTable
from kikimori_core.wire.messages import Problem
from kikimori_records.audit.entry import ActorKind
from kikimori_records.journals.book_keeping import write_faults
from kikimori_records.journals.faults import FaultCode, JournalFault
from kikimori_records.journals.incoming import RunKey
from kikimori_records.keeping.holds import hold
from kikimori_records.keeping.ledger import Ledger
from kikimori_records.keeping.refused import note_refused
from kikimori_records.keeping.subject import KeepingSubject
from kikimori_records.people.changes import Author
from kikimori_records.proof.tables import record_accounts
from kikimori_records.service_state import ServiceState, StateNote

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.mosquitto import Mosquitto
    from tests.support.peer_agent import PeerAgent

    from kikimori_records.store import Store

COUNTS = {"heard": 9, "recorded": 5, "excluded": 1, "stopped": 1, "no_disk": 0, "running": 0, "missing": 2}


async def test_administrators_read_the_state_of_the_record(
    tmp_path: Path, real: Mosquitto, store: Store, agent: PeerAgent
) -> None:
    settings = dashboard_settings(real.settings)
    async with chromium() as browser:
        context = await browser.new_context()
        await sign_in_browser(context, "admin")
        page = await context.new_page()
        async with dashboard(settings, store=store) as url:
            await page.goto(f"{url}/account")
            await page.get_by_role("link", name="録音").click()
            await expect(page.locator("#decision h2")).to_contain_text("未決定")
            yes, no = page.locator("pre").first, page.locator("pre").last
            await expect(yes).to_contain_text("[recording]\nenabled = true\ndays = 90")
            await expect(no).to_have_text("[recording]\nenabled = false")
            await assert_accessible(page)
            async with client(url) as http, http.get("/api/recording") as answer:
                assert answer.status == 403

        await add_recorded(store, tmp_path, "c1")
        await add_recorded(store, tmp_path, "c2", with_sound=False)
        async with store.begin() as connection:
            rows = [
                {"day": "2026-11-28", "agent_id": each, "checked_at": datetime.now(UTC), **COUNTS}
                for each in ("a", "b")
            ]
            await connection.execute(insert(record_accounts), rows)
        lost = JournalFault(5, FaultCode.SOUND_LOST, details={"sound_lost": 96_000})
        late = JournalFault(9, FaultCode.AFTER_END, 7)
        async with store.begin() as connection:
            await write_faults(connection, RunKey("agent1", "r1"), [lost, late], datetime.now(UTC))
        by = Author(ActorKind.PERSON, "木村")
        held = await hold(store, Ledger(tmp_path), KeepingSubject(uid="c1.r1"), "case 12", by, None)
        await note_refused(store, "c1.r1", "recording stopped during the call", by)
        records = RecordsTable(dir=tmp_path)
        table = RecordingTable(enabled=True, days=90, max_gb=0.5, announcement="pbx")
        await agent.health(problems=(Problem.of("records_away", reason="no route"),))
        waits = Problem.of("records_wait", reason="disk broken")
        note = StateNote(store, lambda: ServiceState(datetime.now(UTC), 2, (waits,)))
        await note.write()
        writing = asyncio.create_task(note.run())
        async with dashboard(
            settings.model_copy(update={"recording": table, "records": records}), store=store
        ) as url:
            await page.goto(f"{url}/recording")
            await expect(page.locator("#decision h2")).to_have_text("通話を録音しています")
            await expect(page.locator("#decision")).to_contain_text("録音あり 1件")
            await expect(page.locator("#decision")).to_contain_text("対象外 1件")
            await expect(page.locator("#decision")).to_contain_text(re.compile(r"録音の大きさ\d+ MB"))
            await expect(page.locator(".short")).to_contain_text("残す日数 90日に足りません")
            await expect(page.locator("#agents .problem").last).to_contain_text("no route")
            await expect(page.locator("#service .problem")).to_contain_text("disk broken")
            await expect(page.locator("#service")).to_contain_text("記録サービス 動作中")
            await expect(page.locator("#service")).to_contain_text("待っている通話：2件")
            async with live_client(url) as watching:
                picture = await watching.until(lambda shown: shown["site"]["certificate"])
                assert [each["code"] for each in picture["site"]["certificate"]] == ["records_wait"]
            await expect(page.locator("#held li")).to_contain_text("c1.r1")
            await expect(page.locator("#held pre").first).to_contain_text(f"records release {held.id[:8]}")
            await expect(page.locator("#held pre").last).to_contain_text("records erase --call c1.r1")
            await expect(page.locator("#faults h2")).to_have_text("受け取った記録の不一致：2件")
            await expect(page.locator("#faults li").first).to_contain_text("agent1")
            await expect(page.locator("#faults")).to_contain_text("音声 12 秒が欠けています")
            await expect(page.locator("#faults")).to_contain_text("c2.r1")
            await expect(page.locator("#faults pre")).to_contain_text("records faults --acknowledge")
            row = page.locator("tbody tr")
            await expect(row.locator("td")).to_have_text(["2026-11-28", "18", "10", "2", "2", "0", "0", "4"])
            await expect(row.locator("[data-missing=yes]")).to_have_text("4")
            await assert_accessible(page)
        writing.cancel()
        await asyncio.gather(writing, return_exceptions=True)
