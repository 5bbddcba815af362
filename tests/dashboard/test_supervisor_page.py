"""The supervisor's page in a real browser: an alert appears, says why, is pressed, and its result is shown."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect
from tests.support.browser import confirm, dashboard, dashboard_settings
from tests.support.json_requests import post
from tests.support.live_client import until_known
from tests.support.office import open_office, words
from tests.support.peer_agent import PeerAgent
from tests.support.sign_in import client

from kikimori_core.messages import remedy, text
from kikimori_core.wire.messages import (
    Action,
    CallStatus,
    LegLevel,
    OtherHearing,
    Outcome,
    Party,
    Problem,
    Role,
    Severity,
    SpeechStatus,
)
from kikimori_dashboard.site import state

if TYPE_CHECKING:
    from playwright.async_api import Locator, Page
    from tests.support.brokers import AnyBroker

HOSTILE = '<img src=x onerror="document.title=1"><script>document.title=2</script>'


def card(page: Page, call_id: str) -> Locator:
    return page.locator(f".attention [data-call={call_id}]")


def row(page: Page, call_id: str) -> Locator:
    return page.locator(f"#rows [data-call={call_id}]")


async def test_an_alert_appears_and_a_press_does_it(broker: AnyBroker, page: Page) -> None:
    async with (
        PeerAgent(broker.settings).running() as agent,
        dashboard(dashboard_settings(broker.settings)) as url,
    ):
        await agent.call("calm")
        await agent.call("c", operator=Party(number="204", name="佐藤 美咲"))
        await page.goto(url)
        await expect(row(page, "c")).to_have_attribute("data-severity", "calm")

        await agent.say("c", Role.CUSTOMER, "ふざけるな、いい加減にしろよ", 193)
        await agent.alert("c")
        await agent.alert(
            "c",
            rule="phrase-insult",
            kind="phrase",
            severity=Severity.WARNING,
            title=("暴言と思われる言葉", "Words that may be abuse"),
            evidence=(words("ふざけるな、いい加減にしろよ", "ふざけるな", "insult", 193),),
            raised_s=193,
        )
        await expect(page.locator("#strip")).to_contain_text("佐藤 美咲")
        why = card(page, "c").locator(".why")
        await expect(why).to_contain_text("大声")
        await expect(why).to_contain_text("本人のふだんの声より +14 dB")
        quote = card(page, "c").locator(".quotes li")
        await expect(quote).to_have_text("03:13「ふざけるな」")
        await expect(page).to_have_title(re.compile(r"^\(1\)"))

        button = card(page, "c").get_by_role("button", name="保留して上席へ転送")
        await button.click()
        command = await agent.command()
        assert (command.call_id, command.action) == ("c", Action.HOLD_TRANSFER)
        await expect(card(page, "c").locator(".primary[aria-busy]")).to_contain_text("上席を呼んでいます")
        await agent.call("c", status=CallStatus.ON_HOLD)
        await expect(card(page, "c").locator(".status")).to_have_text("保留中")
        await agent.call("c", status=CallStatus.TRANSFERRED)
        await agent.answer(command)
        await expect(card(page, "c").locator(".result")).to_have_text("保留にして上席へ転送しました")
        await page.mouse.move(0, 0)  # nothing moves under the pointer
        await expect(card(page, "c")).to_have_count(0)
        await expect(page.locator("#lane [data-call=c]")).to_contain_text("上席対応中")


async def test_another_hearing_is_a_click_away_and_an_alert_names_who_heard_it(
    agent: PeerAgent, url: str, page: Page
) -> None:
    await agent.call("c")
    await agent.say("c", Role.CUSTOMER, "責任者だせや", 10, line_id="c-1", engine="vosk")
    await page.goto(url)
    line = page.locator("#panel .line")
    await expect(line.locator(".words")).to_have_text("責任者だせや")
    await expect(line.locator(".other")).to_have_count(0)
    other = OtherHearing(text="責任者だせや", engine="vosk")
    await agent.say("c", Role.CUSTOMER, "責任者を出せや", 10, line_id="c-1", engine="whisper", other=other)
    await expect(line.locator(".words")).to_have_text("責任者を出せや")
    await expect(line.locator(".other .heard", has_text="責任者だせや (vosk)")).to_be_hidden()
    await line.locator("summary").click()
    await expect(line.locator(".other .heard", has_text="責任者だせや (vosk)")).to_be_visible()
    heard = words("責任者を出せや", "責任者を出せ", "call_for_superior", 10).model_copy(
        update={"engine": "whisper"}
    )
    await agent.alert("c", rule="phrase-superior", kind="phrase", evidence=(heard,))
    await expect(card(page, "c").locator(".quotes")).to_contain_text("「責任者を出せ」 — 認識: whisper")
    await agent.call("d")
    ordinary = words("上司を出せ", "上司を出せ", "call_for_superior", 12).model_copy(
        update={"engine": "vosk"}
    )
    await agent.alert("d", rule="phrase-superior", kind="phrase", evidence=(ordinary,))
    await expect(card(page, "d").locator(".quotes")).to_contain_text("「上司を出せ」")
    await expect(card(page, "d").locator(".quotes")).not_to_contain_text("認識")


async def test_the_broker_goes_and_comes_back(broker: AnyBroker, page: Page) -> None:
    """The page says so, offers nothing meanwhile, and then shows the truth by itself."""
    async with (
        PeerAgent(broker.settings).running() as agent,
        dashboard(dashboard_settings(broker.settings)) as url,
    ):
        await agent.call("c")
        await agent.call("ends-meanwhile")
        await agent.alert("c")
        await page.goto(url)
        await expect(card(page, "c").locator(".primary")).to_be_enabled()
        await expect(row(page, "ends-meanwhile")).to_be_visible()
        await broker.stop()
        await expect(page.locator(".banner.bad")).to_contain_text("ブローカー")
        await expect(card(page, "c").locator(".primary")).to_be_disabled()
        # Grey, and still with what was last known to be the worst.
        await expect(page.locator("#strip")).to_have_attribute("data-severity", "unknown")
        await expect(page.locator("#strip")).to_contain_text("確認できません佐藤 美咲：大声・怒声")
        await expect(page.locator("#strip .primary")).to_be_hidden()
        await expect(page.locator("#strip .ask-operator")).to_have_text(
            "情報が届いていません。オペレーターに直接確認を。"
        )
        ended = agent.topics.call_state("ends-meanwhile")
        del agent.retained[ended]
        agent.cleared.append(ended)
        await broker.start()
        await expect(row(page, "ends-meanwhile")).to_have_count(0)
        await expect(page.locator(".banner.bad")).to_have_count(0)
        await expect(card(page, "c").locator(".primary")).to_be_enabled()
        await expect(card(page, "c").locator(".why")).to_contain_text("大声")


async def test_what_is_wrong_says_what_it_means_and_what_to_do(
    agent: PeerAgent, url: str, page: Page
) -> None:
    """Without speech recognition too: a PBX that is away must not be taken for the reason of that."""
    away = Problem(
        code="pbx_unreachable",
        detail=text("pbx_away", where="127.0.0.1:5038", because="Connection refused"),
        remedy=remedy("pbx_unreachable"),
    )
    music = Problem.of("pbx_no_music", music="default")
    records = Problem.of("records_away", reason="no route")
    await agent.health(speech=SpeechStatus.SHED, problems=(away, music, records))
    await page.goto(url)
    shed, pbx, more, recordings = (page.locator(".banner.warn").nth(at) for at in range(4))
    await expect(shed).to_contain_text("追いつかず")
    await expect(shed.locator(".remedy")).to_have_count(0)
    await expect(pbx).to_contain_text("ボタンが働かない")
    await expect(pbx).to_contain_text("127.0.0.1:5038：接続を拒否されました")
    await expect(pbx.locator("code")).to_contain_text("Asterisk は動いていますか")
    await expect(more).to_contain_text("クラス default を再生できません")
    await expect(more).not_to_contain_text("ボタンが働かない")
    await expect(recordings).to_contain_text("見守りと操作は続いています")


async def test_what_leaves_calls_unwatched_is_red_and_first(agent: PeerAgent, url: str, page: Page) -> None:
    drops, down = Problem.of("mirror-drops"), Problem.of("mirror-down", interface="eth1")
    await agent.health(problems=(drops, down))
    await page.goto(url)
    lines = page.locator("#banners .banner")
    await expect(lines).to_have_count(2)
    await expect(lines.first).to_have_class("banner bad")
    await expect(lines.first).to_contain_text("eth1")
    await expect(lines.last).to_have_class("banner warn")


async def test_alerts_that_were_there_before_the_page_stand_worst_first(
    agent: PeerAgent, url: str, page: Page
) -> None:
    await open_office(agent)
    await until_known(url, agent)
    await page.goto(url)
    cards = page.locator(".attention [data-call]")
    await expect(cards).to_have_count(3)
    found = [await each.get_attribute("data-call") for each in await cards.all()]
    assert found == ["c-204", "c-201", "c-203"]


async def test_the_strip_has_the_worst_calls_button_and_goes_on_to_the_next(
    agent: PeerAgent, url: str, page: Page
) -> None:
    await agent.call("worst", operator=Party(number="204", name="佐藤 美咲"))
    await agent.alert("worst")
    await agent.call("next", operator=Party(number="205", name="木村 さくら"))
    await agent.alert("next", severity=Severity.WARNING)
    await page.goto(url)
    strip = page.locator("#strip")
    await expect(strip.locator("strong")).to_have_text("佐藤 美咲：大声・怒声")
    await expect(strip.locator(".since")).to_have_text(re.compile(r"^\d+:\d\d 経過$"))
    await expect(strip.locator(".others")).to_have_text("ほか1件")
    await strip.locator(".primary").focus()
    await page.keyboard.press("Enter")
    # A strip that has just begun to show a call asks first.
    while await strip.locator(".primary[data-asked]").count():
        await page.keyboard.press("Enter")
    command = await agent.command()
    assert (command.call_id, command.action) == ("worst", Action.HOLD_TRANSFER)
    await expect(card(page, "worst").locator(".primary[aria-busy]")).to_be_visible()
    await page.locator("h1").click()  # while a hand is on its button the strip stays with its call
    await expect(strip.locator("strong")).to_have_text("木村 さくら：大声・怒声")
    await expect(strip.locator(".others")).to_be_hidden()


async def test_the_inbox_keeps_the_order_of_raising_and_what_was_reviewed(
    agent: PeerAgent, url: str, page: Page
) -> None:
    for number in (1, 2, 3):
        await agent.call(f"c-{number}")
        await agent.alert(f"c-{number}", severity=Severity.WARNING, raised_s=60.0 * number)
    await agent.alert("c-1", raised_s=60.0)  # worse now, and no later for it
    await agent.alert("c-3", rule="escalate", evidence=(), raised_s=200.0)
    await page.goto(url)
    items = page.locator("#inbox .inbox-item")
    await expect(items).to_have_count(4)
    in_order = ["c-3", "c-1", "c-2", "c-3"]
    assert [await each.get_attribute("data-inbox-call") for each in await items.all()] == in_order
    await expect(page.locator("#inbox-title")).to_contain_text("未確認 4件")
    review = items.nth(1).get_by_role("button", name="確認済みにする")
    await review.click()
    await expect(items.nth(1)).to_have_attribute("data-reviewed", "yes")
    await expect(items.nth(1).locator(".reviewed")).to_be_focused()
    await page.reload()
    await expect(page.locator("#inbox-title")).to_contain_text("未確認 3件")
    assert [await each.get_attribute("data-inbox-call") for each in await items.all()] == in_order
    mine = await items.nth(1).get_attribute("data-alert")
    async with client(url) as elsewhere, client(url, "both") as other:
        assert await post(other, f"/api/alerts/{await items.nth(2).get_attribute('data-alert')}/review") == (
            200,
            {"reviewed": True},
        )
        assert (await post(elsewhere, f"/api/alerts/{mine}/review/undo"))[0] == 200
        await expect(page.locator("#inbox-title")).to_contain_text("未確認 4件")
        assert (await post(elsewhere, f"/api/alerts/{mine}/review"))[0] == 200
        await expect(page.locator("#inbox-title")).to_contain_text("未確認 3件")
    await expect(items.nth(1)).to_have_attribute("data-reviewed", "yes")
    await expect(items.nth(2)).to_have_attribute("data-reviewed", "no")
    await items.nth(2).locator(".inbox-call").click()
    await expect(card(page, "c-2")).to_have_attribute("data-selected", "yes")
    await expect(card(page, "c-2")).to_be_focused()


async def test_the_bell_asks_once_and_says_whether_it_may_sound(url: str, page: Page) -> None:
    await page.goto(url)
    await expect(page.locator("#ask-sound")).to_contain_text("警告を音でもお知らせしますか。")
    await expect(page.locator("#sound")).to_have_attribute("data-state", "off")
    await page.get_by_role("button", name="音を鳴らす").click()
    await expect(page.locator("#sound")).to_have_attribute("data-state", "on")
    await expect(page.locator("#ask-sound")).to_be_hidden()
    await page.reload()
    await expect(page.locator("#sound")).to_have_attribute("data-state", re.compile("on|blocked"))
    await expect(page.locator("#ask-sound")).to_be_hidden()
    await page.locator("h1").click()  # what the browser waits for, where it waits
    await expect(page.locator("#sound")).to_have_attribute("data-state", "on")
    await page.locator("#sound").click()
    await expect(page.locator("#sound")).to_have_attribute("data-state", "off")


@pytest.mark.parametrize(
    ("outcome", "reason", "detail", "mood", "text"),
    [
        (Outcome.FAILED, "no_answer", None, "bad", "呼び出した電話に誰も出ませんでした"),
        (Outcome.INSTRUCTED, None, "転送ボタンを押し、内線 200", "todo", "内線 200"),
        (Outcome.REFUSED, "already_transferred", None, "bad", "すでに上席へ転送されています"),
        (Outcome.FAILED, "no_such_word_for_this", HOSTILE, "bad", "no_such_word_for_this"),
    ],
)
async def test_what_came_of_a_press(
    agent: PeerAgent,
    url: str,
    page: Page,
    outcome: Outcome,
    reason: str | None,
    detail: str | None,
    mood: str,
    text: str,
) -> None:
    await agent.call("c")
    await agent.alert("c")
    await page.goto(url)
    await card(page, "c").locator(".primary").click()
    await agent.answer(await agent.command(), outcome, reason, detail=detail)
    result = card(page, "c").locator(".result")
    await expect(result).to_contain_text(text)
    await expect(result).to_have_attribute("data-mood", mood)
    await expect(card(page, "c").locator(".primary")).to_be_enabled()


async def test_a_calm_call_asks_twice(agent: PeerAgent, url: str, page: Page) -> None:
    """Nobody is put on hold by a slip of the finger; Escape takes the question back."""
    await agent.call("c")
    await page.goto(url)
    await row(page, "c").hover()
    button = row(page, "c").locator(".primary")
    await button.click()
    await expect(button).to_contain_text("もう一度押すと")
    await page.keyboard.press("Escape")
    await expect(button).to_have_text(re.compile("^保留して上席へ転送"))
    assert agent.commands.empty()
    await confirm(button)
    assert (await agent.command()).action is Action.HOLD_TRANSFER


async def test_a_leg_that_is_noise_is_named(agent: PeerAgent, url: str, page: Page) -> None:
    """Until there is a voice again."""
    await agent.call("c")
    await agent.alert("c")
    await page.goto(url)
    await expect(card(page, "c")).to_be_visible()
    over = card(page, "c").locator('.meter[data-role="customer"] .meter-over')
    await agent.levels(c=(LegLevel(level_db=-30, speaking=False, noise=True), None))
    await expect(over).to_have_text("雑音")
    await agent.levels(c=(LegLevel(level_db=-30, speaking=True), None))
    await expect(over).to_have_text("")


async def test_a_figure_can_be_read_before_the_next_one(url: str, page: Page) -> None:
    """It stays for a moment while levels come; when nothing is known of the call any more, it is gone at once."""
    await page.goto(url)
    shown = await page.evaluate(
        """async () => {
          const { Voices } = await import("/static/js/components/voices.js");
          const voices = new Voices();
          voices.show(["customer"]);
          const leg = (over) => ({ customer: { level_db: -20, speaking: true, over_calm_db: over, effort: 0, noise: false } });
          return [leg(9), leg(12), leg(15), null].map((levels) => {
            voices.update(null, levels, []);
            return voices.element.querySelector(".meter-over").textContent;
          });
        }"""
    )
    assert shown == ["ふだんより +9 dB"] * 3 + [""]


async def test_by_keyboard(agent: PeerAgent, url: str, page: Page) -> None:
    """`j` goes to the worst call, `t` transfers it."""
    await agent.call("a")
    await agent.call("b")
    await agent.alert("b")
    await page.goto(url)
    await expect(card(page, "b")).to_be_visible()
    await page.keyboard.press("j")
    await expect(card(page, "b")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(card(page, "b")).to_have_attribute("data-selected", "yes")
    await page.keyboard.press("t")
    assert (await agent.command()).call_id == "b"


async def test_english_is_kept(agent: PeerAgent, url: str, page: Page) -> None:
    await agent.call("c")
    await agent.alert("c")
    await page.goto(url)
    await page.get_by_role("button", name="English").click()
    await expect(card(page, "c").locator(".primary")).to_contain_text("Hold and transfer")
    await expect(card(page, "c").locator(".why")).to_contain_text("over their own calm voice")
    await page.reload()
    await expect(card(page, "c").locator(".primary")).to_contain_text("Hold and transfer")
    assert await page.locator("html").get_attribute("lang") == "en"


async def test_hostile_text_is_text(agent: PeerAgent, url: str, page: Page) -> None:
    await agent.call(
        "c",
        operator=Party(number="204", name=HOSTILE),
        caller=Party(number="03", name=HOSTILE),
        queue=HOSTILE,
    )
    await agent.say("c", Role.CUSTOMER, HOSTILE, 3)
    await agent.alert("c", title=(HOSTILE, HOSTILE), evidence=(words(HOSTILE, HOSTILE, "insult", 3),))
    await page.goto(url)
    await expect(card(page, "c").locator(".who")).to_contain_text(HOSTILE)
    await expect(card(page, "c").locator(".why")).to_contain_text(HOSTILE)
    await expect(page.locator("#panel .lines")).to_contain_text(HOSTILE)
    assert await page.locator("main img, main script").count() == 0
    await expect(page).to_have_title(re.compile("聞守"))


@pytest.mark.parametrize("size", [(1440, 900), (1024, 768), (390, 844)])
async def test_nothing_is_cut_off_at_the_side(
    agent: PeerAgent, url: str, page: Page, size: tuple[int, int]
) -> None:
    """On any screen: no scrolling sideways, and the worst call's button is in the first view."""
    width, height = size
    await page.set_viewport_size({"width": width, "height": height})
    await open_office(agent)
    await page.goto(url)
    button = page.locator(".attention [data-call=c-204] .primary")
    await expect(button).to_be_enabled()
    await expect(button).to_be_in_viewport(ratio=1)
    assert await page.evaluate("document.documentElement.scrollWidth") <= width


async def test_calls_that_are_not_shown_are_counted_on_the_page(
    broker: AnyBroker, page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(state, "MAX_CALLS", 1)
    async with (
        PeerAgent(broker.settings).running() as agent,
        dashboard(dashboard_settings(broker.settings)) as url,
    ):
        await page.goto(url)
        await agent.call("shown")
        await expect(row(page, "shown")).to_be_visible()
        await agent.call("one-too-many")
        missing = page.locator("#banners", has_text="1件がこの画面に表示されていません")
        await expect(missing).to_be_visible()
        await agent.end_call("one-too-many")
        await expect(missing).to_have_count(0)
