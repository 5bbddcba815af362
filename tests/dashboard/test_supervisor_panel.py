"""The selected call, the moved ones, rows and seats of the supervisor's page, in a real browser."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from playwright.async_api import expect
from tests.support.axe import assert_accessible
from tests.support.json_requests import post
from tests.support.live_client import connected, live_client
from tests.support.office import CAN_EVERYTHING, CUSTOMER, OPERATOR, leg, talk_before, words
from tests.support.peer_agent import SHOUT
from tests.support.sign_in import client
from tests.support.window import choose_language

from kikimori_core.wire.messages import Action, CallStatus, Outcome, Party, Severity, SpokenBy
from kikimori_core.wire.ringing import Ringing
from kikimori_records.people import NewPerson, add

if TYPE_CHECKING:
    from playwright.async_api import Page
    from tests.support.peer_agent import PeerAgent

    from kikimori_records.store import Store


async def test_the_panel_tells_a_call_in_full(url: str, agent: PeerAgent, page: Page) -> None:
    """Words in two columns with the evidence, at the newest line; the course; notes of all; every action."""
    await agent.call("calm", operator=Party(number="203", name="伊藤 健太"), **CAN_EVERYTHING)
    await agent.call("c", operator=Party(number="204", name="佐藤 美咲"), queue="料金窓口", **CAN_EVERYTHING)
    for turn in range(22):
        await agent.say("c", CUSTOMER, "先月の請求が高いので、理由を教えてほしいんです", 5 + 8 * turn)
        await agent.say("c", OPERATOR, "恐れ入ります、ただいまお調べしております", 9 + 8 * turn)
    await agent.say("c", CUSTOMER, "ふざけるな、いい加減にしろよ", 193)
    await agent.say("c", CUSTOMER, "責任者を出せ", 198, line_id="now", final=False)
    await agent.alert(
        "c",
        rule="phrase-insult",
        kind="phrase",
        severity=Severity.WARNING,
        title=("暴言と思われる言葉", "Words that may be abuse"),
        evidence=(words("ふざけるな、いい加減にしろよ", "いい加減にしろ", "insult", 193),),
    )
    await page.goto(url)
    panel = page.locator("#panel")
    await expect(panel.locator(".who")).to_contain_text("佐藤 美咲")
    await expect(panel.locator(".auto")).to_have_text("最も急ぐ通話を自動で表示中")
    await expect(panel.locator(".caller")).to_contain_text("料金窓口")
    await expect(panel.locator(".where")).to_contain_text("オペレーターと通話中")
    mark = panel.locator(".line mark")
    await expect(mark).to_have_text("いい加減にしろ")
    await expect(mark).to_be_in_viewport()
    spoken = panel.locator('.line[data-final="no"] .words')
    await expect(spoken).to_have_text("責任者を出せ")
    await spoken.evaluate("words => { window.before = words.firstChild; }")
    await agent.say("c", CUSTOMER, "責任者を出せと", 198, line_id="now", final=False)
    await expect(spoken).to_have_text("責任者を出せと")
    assert await spoken.evaluate("words => window.before === words.firstChild"), (
        "a longer line is a new element"
    )
    left, right = (
        panel.locator(".line[data-role=customer]").first,
        panel.locator(".line[data-role=operator]").first,
    )
    assert await left.evaluate("each => each.offsetLeft") < await right.evaluate("each => each.offsetLeft")
    for action in ("hold_transfer", "hold", "listen", "whisper", "announce", "hang_up"):
        await expect(panel.locator(f'.actions [data-action="{action}"]')).to_be_visible()

    # Scrolled up, it stays there; a press brings the newest line back.
    lines = panel.locator(".lines")
    await lines.hover()
    await page.mouse.wheel(0, -600)
    newest = panel.get_by_role("button", name="最新の発言へ")
    await expect(newest).to_be_visible()
    await agent.say("c", OPERATOR, "少々お待ちください", 205)
    await expect(panel.locator(".line", has_text="少々お待ちください")).not_to_be_in_viewport()
    await newest.click()
    await expect(panel.locator(".line", has_text="少々お待ちください")).to_be_in_viewport()

    # A note is seen by every supervisor at once, with name and time.
    field = panel.get_by_label("この通話へのメモ")
    await field.fill("折り返し約束済み")
    await field.press("Enter")
    await expect(panel.locator(".notes-list li")).to_contain_text(
        re.compile(r"折り返し約束済み高橋 課長 \d\d:\d\d")
    )
    await expect(field).to_have_value("")
    async with client(url, "both") as other:
        assert (await post(other, "/api/calls/c/notes", {"text": "上席了承"}))[0] == 200
    await expect(panel.locator(".notes-list li")).to_have_count(2)
    await panel.get_by_role("button", name="自分のメモ「折り返し約束済み」を消す").click()
    await expect(panel.locator(".notes-list li")).to_have_text([re.compile("上席了承木村 さくら")])

    # Presses with who pressed, and what came of them, stand in the course.
    await panel.locator('.actions [data-action="hold"]').click()
    command = await agent.command()
    await agent.levels(c=(leg(-20), leg(-30)))
    await agent.call("c", status=CallStatus.ON_HOLD)
    await agent.answer(command)
    await expect(panel.locator(".where")).to_contain_text("お客様は保留中")
    course = panel.locator(".events")
    await expect(course).to_contain_text("高橋 課長：保留")
    await expect(course).to_contain_text("暴言と思われる言葉")

    # A selected call stays until it is deselected.
    await page.locator("#rows [data-call=calm]").click()
    await expect(panel.locator(".who")).to_contain_text("伊藤 健太")
    await expect(panel.locator(".auto")).to_be_hidden()
    await panel.get_by_role("button", name="選択をやめる").click()
    await page.mouse.move(0, 0)
    await expect(panel.locator(".who")).to_contain_text("佐藤 美咲")
    await page.get_by_role("button", name="English").click()
    await expect(panel.locator(".where")).to_contain_text("The customer is on hold")


FIVE = (
    ("大声・怒声", "Raised voice"),
    ("脅迫と思われる言葉", "Words that may be a threat"),
    ("暴言と思われる言葉", "Words that may be abuse"),
    ("「上司に代われ」の繰り返し", "Demands a superior again and again"),
    ("お断り後も通話が続いている", "Goes on after the refusal"),
)

OUT_OF_SIGHT = """([selector, frame]) => [...document.querySelectorAll(selector)].filter((each) => {
  const [part, box] = [each.getBoundingClientRect(), each.closest(frame).getBoundingClientRect()];
  return part.top < box.top - 1 || part.bottom > Math.min(box.bottom, innerHeight) + 1;
}).map((each) => each.textContent)"""
"""Texts of the elements that are not whole in the frame around them, and in the window."""

REACHED = """(each) => {
  const box = each.getBoundingClientRect();
  const top = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
  return top !== null && (each.contains(top) || top.contains(each));
}"""
"""True = a click into its middle reaches the element."""


@pytest.mark.parametrize("language", ["ja", "en"])
async def test_a_low_window_shows_five_titles_and_every_button(
    agent: PeerAgent, url: str, page: Page, language: str
) -> None:
    """Of a long call with five alerts: at 1366 px all titles stand beside the newest words, and nothing is out of reach."""
    await choose_language(page, language)
    await agent.call("c", operator=Party(number="204", name="佐藤 美咲"), queue="料金窓口", **CAN_EVERYTHING)
    await talk_before(agent, "c")
    for number, title in enumerate(FIVE):
        said = (words("責任者を出せ、責任者", "責任者を出せ", "insult", 208),) if number else (SHOUT,)
        await agent.alert("c", rule=f"rule-{number}", title=title, evidence=said, raised_s=190.0 + number)
    await page.set_viewport_size({"width": 1366, "height": 768})
    await page.goto(url)
    panel = page.locator("#panel")
    await expect(panel.locator(".alert")).to_have_count(len(FIVE))
    assert await page.evaluate(OUT_OF_SIGHT, ["#panel .alert strong", ".why"]) == []
    assert await page.evaluate(OUT_OF_SIGHT, ["#panel .panel-actions [data-action]", ".panel"]) == []
    for width, height in ((1366, 768), (1280, 720), (1366, 640)):
        await page.set_viewport_size({"width": width, "height": height})
        bar = await page.locator(".top").bounding_box()
        assert bar is not None
        assert bar["height"] < 44, (width, height)  # one line
        newest = panel.locator(".line").last
        await newest.scroll_into_view_if_needed()
        assert await newest.evaluate(REACHED), (width, height)
        main = panel.locator(".buttons .primary")
        await expect(main).to_be_in_viewport(ratio=1)
        for button in await panel.locator(".panel-actions [data-action]").all():
            await button.scroll_into_view_if_needed()
            assert await button.evaluate(REACHED), (width, height, await button.get_attribute("data-action"))
    await assert_accessible(page)


async def test_the_panel_shows_no_other_call_under_a_hand(url: str, agent: PeerAgent, page: Page) -> None:
    await agent.call("a", operator=Party(number="204", name="佐藤 美咲"))
    await page.goto(url)
    name = page.locator("#panel .who")
    await expect(name).to_contain_text("佐藤 美咲")
    field = page.get_by_label("この通話へのメモ")
    await field.fill("折り返し")
    await agent.call("b", operator=Party(number="205", name="木村 さくら"))
    await agent.alert("b")
    await expect(page.locator("#cards [data-call=b]")).to_be_visible()
    await expect(name).to_contain_text("佐藤 美咲")
    await field.blur()
    await page.mouse.move(0, 0)
    await expect(name).to_contain_text("木村 さくら")
    await expect(field).to_have_value("")


async def test_moved_calls_have_a_line_with_the_way_back(url: str, agent: PeerAgent, page: Page) -> None:
    for call_id, status in (
        ("held", CallStatus.ON_HOLD),
        ("taken", CallStatus.TRANSFERRED),
        ("c", CallStatus.TALKING),
    ):
        await agent.call(
            call_id, operator=Party(number=call_id, name=f"{call_id}さん"), status=status, **CAN_EVERYTHING
        )
    await agent.alert("taken")
    await agent.alert("c")
    await page.goto(url)
    lane = page.locator("#lane")
    await expect(lane.locator("[data-call]")).to_have_count(2)
    await expect(lane.locator("[data-call=taken]")).to_contain_text("大声")
    await lane.locator("[data-call=held]").get_by_role("button", name="保留を解除").click()
    command = await agent.command()
    assert (command.call_id, command.action) == ("held", Action.UNHOLD)
    await agent.answer(command, Outcome.FAILED, "pbx_away")
    await expect(lane.locator("[data-call=held] .lane-result")).to_contain_text("つながりません")
    await expect(lane.locator("[data-call=held] .lane-result")).to_contain_text("電話機で戻すよう")
    await page.mouse.move(0, 0)
    # A hold whose end the agent knows counts down to it; another one counts up.
    await expect(lane.locator("[data-call=held] .seconds")).to_have_text(re.compile(r"^(\d\d:\d\d)?$"))
    now = datetime.now(UTC)
    await agent.call("held", hold_ends_at=now + timedelta(seconds=95))
    await expect(lane.locator("[data-call=held] .seconds")).to_have_text(re.compile(r"^あと 01:[0-3]\d$"))
    # While the superior's telephone rings, its seconds run and the way back is on the line.
    await page.locator("#cards [data-call=c] .primary").click()
    ring = await agent.command()
    ringing = lane.locator("[data-call=c]")
    await expect(ringing.locator(".state")).to_have_text("呼び出し中 → 高橋 課長")
    await expect(ringing.locator(".seconds")).to_have_text(re.compile(r"^\d\d:\d\d$"))
    now = datetime.now(UTC)
    rung = Ringing(
        number="300", name="林 課長", since=now, purpose="transfer", ends_at=now + timedelta(seconds=50)
    )
    await agent.call("c", status=CallStatus.ON_HOLD, ringing=rung, hold_ends_at=now + timedelta(seconds=110))
    await expect(ringing.locator(".state")).to_have_text("呼び出し中 → 林 課長")
    await expect(ringing.locator(".seconds")).to_have_text(re.compile(r"^あと 00:\d\d（保留 あと 01:\d\d）$"))
    await ringing.get_by_role("button", name="オペレーターへ戻す").click()
    back = await agent.command()
    assert (back.call_id, back.action) == ("c", Action.TAKE_BACK)
    await agent.call("c", status=CallStatus.TALKING, ringing=None, hold_ends_at=None)
    await agent.answer(ring, Outcome.FAILED, "taken_back")
    await agent.answer(back)
    await page.mouse.move(0, 0)
    await expect(ringing).to_have_count(0)

    # Whose words a superior's are is said by the agent; the customer's evidence stays marked beside them.
    superior = Party(number="300", name="林 課長")
    await agent.call("taken", with_superior=superior)
    await agent.say("taken", OPERATOR, "担当の佐藤です", 200)
    await agent.say("taken", OPERATOR, "代わりました", 210, spoken_by=SpokenBy(superior=superior))
    await agent.say(
        "taken", OPERATOR, "失礼します", 215, spoken_by=SpokenBy(superior=superior, certain=False)
    )
    await agent.say("taken", CUSTOMER, "いい加減にしろ", 220)
    evidence = (words("いい加減にしろ", "いい加減にしろ", "insult", 220),)
    await agent.alert("taken", rule="phrase-insult", kind="phrase", evidence=evidence)
    await lane.locator("[data-call=taken] .state").click()
    await expect(lane.locator("[data-call=taken] .state")).to_have_text("上席対応中 林 課長")
    lines = page.locator("#panel .line")
    for said, who in (
        ("担当の佐藤です", "オペレーター: "),
        ("代わりました", "上席 林 課長: "),
        ("失礼します", "オペレーターか上席 林 課長: "),
    ):
        await expect(lines.filter(has_text=said).locator(".said > span").first).to_have_text(who)
    await expect(lines.locator("mark")).to_have_text("いい加減にしろ")
    await page.get_by_role("button", name="English").click()
    await expect(lines.filter(has_text="代わりました")).to_contain_text("Superior 林 課長: ")


async def many(agent: PeerAgent, count: int) -> None:
    begun = datetime.now(UTC)
    defaults: dict[str, Any] = {"queue": "総合受付", **CAN_EVERYTHING}
    for number in range(count):
        name = ("佐藤 美咲", "鈴木 大輔", "田中 結衣")[number % 3]
        operator = Party(number=str(3000 + number), name=name)
        started = begun - timedelta(seconds=60 * count - 30 * number)
        await agent.call(f"c-{number:03}", operator=operator, started_at=started, **defaults)


async def test_calm_calls_are_rows_and_seats(url: str, store: Store, agent: PeerAgent, page: Page) -> None:
    """Rows that are not in the window do not exist; no buttons but under a hand; a filter that is kept."""
    for number in range(4):
        seat: dict[str, Any] = {
            "team": ("第一", "第二")[number % 2],
            "seat_row": 1,
            "seat_column": number + 1,
        }
        await add(store, NewPerson(f"人 {number}", extensions=frozenset({str(3000 + number)}), **seat))
    await add(store, NewPerson("空席", extensions=frozenset({"3999"}), seat_row=2, seat_column=1))
    await many(agent, 120)
    async with live_client(url) as live:
        await live.until(lambda picture: connected(picture) and len(picture["calls"]) == 120)
    await page.goto(url)
    rows = page.locator("#rows .row")
    await expect(rows.first).to_have_attribute("data-call", "c-000")
    assert 50 <= await rows.count() < 100
    assert await rows.first.evaluate("each => each.offsetHeight") == 32
    await expect(page.locator("#rows .row button")).to_have_count(0)
    await page.evaluate("scrollTo(0, document.body.scrollHeight)")
    await expect(page.locator("#rows [data-call=c-119]")).to_be_in_viewport()
    await expect(page.locator("#rows [data-call=c-000]")).to_have_count(0)

    name = page.get_by_role("searchbox")
    await name.fill("田中")
    await expect(page.locator("#rows .filter .count")).to_have_text("120件中 40件")
    await page.reload()
    await expect(page.locator("#rows .filter .count")).to_have_text("120件中 40件")
    await name.press("Escape")
    await page.get_by_label("すべてのチーム").select_option("第二")
    await expect(rows).to_have_count(2)

    # By keyboard: a row, its buttons, the panel.
    await rows.first.focus()
    await expect(rows.first.get_by_role("button", name="保留して上席へ転送")).to_be_visible()
    await page.keyboard.press("j")
    await expect(rows.nth(1)).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.locator("#panel .who")).to_contain_text("3003")

    await page.get_by_role("button", name="座席表").click()
    tiles = page.locator(".tile")
    await expect(tiles).to_have_count(2)
    await page.get_by_role("button", name="解除").click()
    await expect(tiles).to_have_count(123)  # with the seats of the people of every test
    await expect(page.locator('.tile[data-lane=idle][data-seat="3999"]')).to_contain_text("空席")
    first, second = (page.locator(f'.tile[data-seat="{each}"]') for each in ("3000", "3001"))
    assert await first.evaluate("each => each.offsetLeft") < await second.evaluate("each => each.offsetLeft")
    await first.click()
    await expect(page.locator("#panel .who")).to_contain_text("3000")
