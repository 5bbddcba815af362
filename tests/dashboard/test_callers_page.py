"""Callers on the pages: at the ring, on a page of their own, and the list of customers."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from playwright.async_api import expect
from sqlalchemy import update
from tests.dashboard.test_audit_page import noted
from tests.support import sample
from tests.support.axe import assert_accessible
from tests.support.browser import chromium, dashboard, dashboard_settings
from tests.support.kept_calls import NAME, SAID, add_recorded
from tests.support.sign_in import client, sign_in_browser
from tests.support.stores import audited, opened

from kikimori_core.journal.settings import RecordsTable
from kikimori_core.wire.messages import Party
from kikimori_dashboard.broker.acks import AckDesk
from kikimori_dashboard.callers.caller_desk import CallerDesk
from kikimori_dashboard.callers.office_callers import tell_callers
from kikimori_dashboard.site.state import SiteState
from kikimori_records.audit.entry import ActorKind
from kikimori_records.callers.changes import add_customer, part_number
from kikimori_records.callers.fields import NumberReader
from kikimori_records.callers.key import office_pseudonyms
from kikimori_records.calls.tables import recorded_calls
from kikimori_records.errors import StoreAwayError
from kikimori_records.keeping.erasing import name_callers
from kikimori_records.people import NewPerson, add, change, person_by_login
from kikimori_records.people.changes import Author
from kikimori_records.settings import StoreSettings

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.async_api import Route
    from tests.support.mosquitto import Mosquitto
    from tests.support.peer_agent import PeerAgent

    from kikimori_records.callers.customer import Customer
    from kikimori_records.store import Store

BY = Author(ActorKind.PERSON, "高橋", "h")
MINE = Party(number="201", name="佐藤 美咲")
NUMBER, SECOND = "03-1234-5678", "090-1111-2222"


async def known_customer(store: Store, folder: Path) -> Customer:
    """A customer with two numbers and four contacts, one of them of the team 夜間."""
    for at, number in enumerate(("0312345678", "+81 3-1234-5678", "09011112222", "0312345678")):
        ended_at = datetime.now(UTC) - timedelta(days=at + 1)
        await add_recorded(store, folder, f"c{at}", number=number, ended_at=ended_at)
    async with store.begin() as connection:
        team = update(recorded_calls).where(recorded_calls.c.uid == "c1.r1")
        await connection.execute(team.values(team="夜間", operator_name="佐々木"))
    pseudonyms = await office_pseudonyms(store, folder)
    await name_callers(store, pseudonyms)
    reader = NumberReader(pseudonyms)
    values = {"name": "山田 太郎", "manner": "結論から話す", "in_charge": "木村"}
    return await add_customer(store, values, [reader.one(NUMBER), reader.one(SECOND)], BY)


async def test_the_caller_is_known_when_the_call_appears(
    real: Mosquitto, store: Store, agent: PeerAgent, tmp_path: Path
) -> None:
    customer = await known_customer(store, tmp_path)
    settings = dashboard_settings(real.settings, records=RecordsTable(dir=tmp_path))
    async with dashboard(settings, store=store) as url, chromium() as browser:
        context = await browser.new_context(viewport={"width": 1366, "height": 768})
        await sign_in_browser(context, "both")
        operator, supervisor = await context.new_page(), await context.new_page()
        faults: list[str] = []
        supervisor.on("pageerror", lambda error: faults.append(str(error)))
        await operator.goto(f"{url}/operator?ext=201")
        await supervisor.goto(url)
        await agent.call("c", operator=MINE, caller=Party(number="+81312345678"))
        await agent.call("w", operator=Party(number="202"), caller=Party(withheld="anonymous"))
        await agent.alert("c")

        line = operator.locator(".known")
        await expect(line).to_contain_text("山田 太郎 様")
        await expect(line).to_contain_text("5回目のお電話（")
        await expect(line).to_contain_text("佐藤")
        await expect(line).to_contain_text("お話しのしかた: 結論から話す")
        said = await line.inner_text()
        assert "警告" not in said
        assert "要確認" not in said
        assert said.count("、") == 2  # the last three
        await assert_accessible(operator)

        card = supervisor.locator(".card[data-call=c] .caller")
        await expect(card).to_contain_text("山田 太郎 様")
        await expect(card).to_contain_text("5回目")
        await supervisor.locator(".card[data-call=c] h3").click()
        known = supervisor.locator(".panel .known")
        await expect(known).to_contain_text("佐々木・要確認")
        await expect(known).to_contain_text("担当: 木村")

        await known.get_by_role("link", name="これまでのお電話").click()
        await expect(supervisor.get_by_role("heading", name="山田 太郎")).to_be_visible()
        assert "1234" not in supervisor.url
        rows = supervisor.locator("#contacts tbody tr")
        await expect(rows).to_have_count(4)
        await expect(rows.first.locator(".why")).to_have_text("言葉")
        await expect(rows.first.locator("td").last).to_have_text("電話が切れて終了")
        # A recorded call leads to its caller, too.
        await rows.first.get_by_role("link").click()
        await supervisor.locator("#head").get_by_role("link", name="これまでのお電話").click()
        await expect(supervisor.get_by_role("heading", name="山田 太郎")).to_be_visible()
        # On a telephone the reason is in sight without moving the table sideways.
        await supervisor.set_viewport_size({"width": 390, "height": 844})
        box = await rows.first.locator("td[data-severity]").bounding_box()
        assert box is not None
        assert box["x"] + box["width"] <= 390
        await expect(rows.first.locator("td[data-severity] .shape")).to_have_text("▲")
        await supervisor.set_viewport_size({"width": 1366, "height": 768})
        await expect(supervisor.locator("#sums")).to_contain_text("40分")
        await expect(supervisor.locator("#sums tbody tr")).to_have_count(2)
        await assert_accessible(supervisor)
        supervisor.on("dialog", lambda dialog: asyncio.ensure_future(dialog.accept()))
        await supervisor.get_by_role("button", name=f"{SECOND} を分ける").click()
        await expect(rows).to_have_count(3)
        await supervisor.get_by_role("button", name="別の番号をまとめる").click()
        await supervisor.locator("dialog input").fill("０９０（１１１１）２２２２")
        await supervisor.locator("dialog button[type=submit]").click()
        await expect(rows).to_have_count(4)
        # Erased, or parted elsewhere: the running call shows it within seconds.
        await part_number(store, customer.id, customer.keys[1], BY)
        assert {"customer.part", "customer.join"} <= {each["action"] for each in await audited(store)}
        await noted(store, "caller.open")

        # A role that is taken away ends the open page.
        both = await person_by_login(store, "both")
        assert both is not None
        await change(store, both.id, roles=frozenset({"operator"}))
        await expect(rows).to_have_count(0)
        assert faults == []


@pytest.mark.parametrize("known_by", ["who_sat_there", "extension"])
async def test_calls_of_another_team_are_told_without_their_content(
    real: Mosquitto, store: Store, tmp_path: Path, known_by: str
) -> None:
    """The team is that of who sat there, or, where nobody is known, that of the extension today."""
    customer = await known_customer(store, tmp_path)
    supervisor = await person_by_login(store, "supervisor")
    assert supervisor is not None
    await change(store, supervisor.id, team="昼間")
    if known_by == "extension":
        await add(store, NewPerson("夜勤", None, frozenset({"operator"}), frozenset({"309"}), team="夜間"))
        async with store.begin() as connection:
            moved = update(recorded_calls).where(recorded_calls.c.uid == "c1.r1")
            await connection.execute(moved.values(team=None, operator_number="309"))
    settings = dashboard_settings(real.settings, records=RecordsTable(dir=tmp_path))
    path = f"/api/callers/{customer.keys[0]}"
    async with dashboard(settings, store=store) as url:
        async with client(url) as http, http.get(path) as answer:
            told: dict[str, Any] = await answer.json()
        hidden = [each for each in told["contacts"] if each["uid"] is None]
        assert [set(each) for each in hidden] == [{"uid", "at", "seconds", "team", "queue"}]
        assert told["totals"] | {"first_at": None} == {
            "contacts": 4, "seconds": 2400.0, "alerts": 4, "incidents": 4, "first_at": None,
        }  # fmt: skip
        assert SAID not in str(told)
        assert NAME not in str(told)
        for login in ("operator", "admin", "wall"):
            async with client(url, login) as http:
                for each in (path, f"/callers/{customer.keys[0]}", "/api/customers", "/customers"):
                    async with http.get(each) as answer:
                        assert answer.status == 403, (login, each)
        async with client(url) as http:
            async with http.get("/api/customers.csv") as answer:
                assert answer.status == 403
            async with http.get(f"/api/callers/{'0' * 24}") as answer:
                assert answer.status == 404


async def test_the_list_is_taken_in_and_written_on_its_page(
    real: Mosquitto, store: Store, tmp_path: Path
) -> None:
    file = tmp_path / "customers.csv"
    bad = tmp_path / "bad.csv"
    rows = "電話番号,お客様名,契約,担当,お話しのしかた\r\n03-1234-5678、090-1111-2222,髙橋 商店,A-1,木村,結論から\r\n"
    file.write_bytes(rows.encode("cp932"))
    bad.write_text("番号,氏名\n非通知,x\n", encoding="utf-8")
    settings = dashboard_settings(real.settings, records=RecordsTable(dir=tmp_path / "records"))
    async with dashboard(settings, store=store) as url, chromium() as browser:
        context = await browser.new_context(viewport={"width": 390, "height": 844})
        await sign_in_browser(context, "records")
        page = await context.new_page()
        await page.goto(f"{url}/account")
        await page.get_by_role("link", name="お客様一覧").click()
        await expect(page.locator("#count")).to_contain_text("まだ登録されていません")
        await page.locator("#file").set_input_files(bad)
        await expect(page.locator("#fault")).to_contain_text("2行目")
        await page.locator("#file").set_input_files(file)
        await expect(page.locator("#plan")).to_contain_text("追加: 髙橋 商店")
        assert await audited(store, "customer.import") == []
        await page.get_by_role("button", name="この内容で取り込む").click()
        await expect(page.locator("#done")).to_contain_text("追加 1件")
        await expect(page.locator("#list tbody tr")).to_have_count(1)
        await page.locator("#sought").fill("０９０1111")
        await expect(page.locator("#list")).to_contain_text("髙橋 商店")
        await page.locator("#sought").fill("いない")
        await expect(page.locator("#list tbody tr")).to_have_count(0)
        await page.locator("#sought").fill("高橋商店")
        await expect(page.locator("#list")).to_contain_text("髙橋 商店")
        await page.locator("#sought").fill("いない")
        await expect(page.locator("#list tbody tr")).to_have_count(0)
        await assert_accessible(page)
        async with page.expect_download() as download:
            await page.get_by_role("link", name="書き出す（Shift_JIS）").click()
        written = (await (await download.value).path()).read_bytes().decode("cp932")
        assert "03-1234-5678、090-1111-2222,髙橋 商店,A-1,木村,結論から" in written
        assert len(await audited(store, "customer.export")) == 1


@pytest.mark.parametrize("slow", ["**/views/customers.js", "**/api/customers"])
async def test_a_file_that_is_chosen_while_the_page_still_loads_is_read(
    slow: str, real: Mosquitto, store: Store, tmp_path: Path
) -> None:
    bad = tmp_path / "bad.csv"
    bad.write_text("番号,氏名\n非通知,x\n", encoding="utf-8")
    chosen = asyncio.Event()

    async def wait_for_choice(route: Route) -> None:
        await chosen.wait()
        await route.continue_()

    async with dashboard(dashboard_settings(real.settings), store=store) as url, chromium() as browser:
        context = await browser.new_context()
        await sign_in_browser(context, "records")
        page = await context.new_page()
        await page.route(slow, wait_for_choice)
        await page.goto(f"{url}/customers", wait_until="commit")
        if slow.endswith(".js"):
            await page.locator("#file").set_input_files(bad)
        else:
            await expect(page.locator("#title")).to_have_text("お客様一覧")
            async with page.expect_response("**/api/customers/import*"):
                await page.locator("#file").set_input_files(bad)
            await expect(page.locator("#fault")).to_contain_text("2行目")
        async with page.expect_response("**/api/customers"):
            chosen.set()
        await expect(page.locator("#count")).to_contain_text("まだ登録されていません")
        await expect(page.locator("#fault")).to_contain_text("2行目")


async def test_agents_are_told_of_days_without_number_and_a_lost_database_changes_nothing(
    store: Store, tmp_path: Path
) -> None:
    await known_customer(store, tmp_path)
    state = SiteState()
    acks = AckDesk("dashboard-test", state.alert_book)
    acks.health(sample.health())
    desk = CallerDesk(store, lambda: tmp_path, state, lambda: None, tell_callers(acks))
    for call_id, number in (("c", NUMBER), ("w", None), ("other", "0311112222")):
        state.take_call(sample.call(call_id, caller=Party(number=number)))
    await desk.look()
    ((agent_id, told),) = list(acks.due(1.0))
    assert (agent_id, set(told.callers)) == (sample.health().agent_id, {"c"})
    assert [
        (each.days_ago, each.contacts, each.minutes, each.incidents) for each in told.callers["c"].days
    ] == [(each, 1, 10.0, 1) for each in (1, 2, 3, 4)]
    assert "1234" not in told.to_bytes().decode()
    entry = state.calls["c"]
    assert entry.known is not None
    assert entry.known.contacts == 4
    assert state.calls["w"].known is None
    assert state.calls["other"].known is None

    # A database that does not answer leaves what is known.
    nowhere = StoreSettings(url="postgresql://nobody@127.0.0.1:1/kikimori", dir=tmp_path / "away")
    async with opened(nowhere) as lost:
        desk = CallerDesk(lost, lambda: tmp_path, state, lambda: None)
        with pytest.raises(StoreAwayError):
            await desk.look()
    assert entry.known.contacts == 4
