"""A demand that was refused again and again (ご説明済み), on the operator's and the supervisor's page and at the handover."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from playwright.async_api import expect
from tests.support.axe import assert_accessible
from tests.support.office import CAN_EVERYTHING, words
from tests.support.sign_in import sign_in_page

from kikimori_core.wire.messages import AnsweredEvidence, Party, RefusalMade, Severity

if TYPE_CHECKING:
    from playwright.async_api import Page
    from tests.support.peer_agent import PeerAgent

    from kikimori_core.model.alert import Evidence

BEGAN = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)
"""Ten o'clock in Tokyo."""
REFUSED_S = (125, 905, 1865)
SENTENCE = "同じご要望 4回目・02:05、15:05、31:05 にお断り『できかねます』（返金・弁償）"

WALL = "時刻では 10:02、10:15、10:31"
CORRECTED = "回数を訂正：3回→2回。同じご要望 2回目・15:05 にお断り『できかねます』（返金・弁償）"


def explained(*refused_s: float, count: int = 4) -> AnsweredEvidence:
    return AnsweredEvidence(
        start_s=120,
        end_s=2000,
        demand="refund",
        title={"ja": "返金・弁償", "en": "refund"},
        count=count,
        times_s=(120, 900, 1860, 2000)[:count],
        refusals=tuple(
            RefusalMade(start_s=at, end_s=at + 2, demand_s=at - 5, quote="できかねます") for at in refused_s
        ),
    )


async def tell(agent: PeerAgent, *evidence: Evidence, severity: Severity = Severity.WARNING) -> None:
    await agent.alert(
        "c",
        rule="repeated-demand",
        kind="repeated",
        severity=severity,
        title=("同じ要求の繰り返し", "The same demand again and again"),
        evidence=evidence,
        raised_s=1860,
    )


async def test_how_often_and_how_it_was_answered(agent: PeerAgent, url: str, page: Page) -> None:
    said = words("絶対に返せ", "返せ", "demand", 2000)

    await agent.call("c", operator=Party(number="204"), started_at=BEGAN, **CAN_EVERYTHING)
    await page.goto(f"{url}/operator?ext=204")
    await expect(page.get_by_role("button", name="応援を呼ぶ")).to_be_enabled()
    await tell(agent, said, explained(count=3))
    say = page.locator(".say")
    await expect(say).to_contain_text("同じご要望 3回目（02:00、15:00、31:00）・お断りはまだ聞こえていません")
    await expect(say).to_contain_text("確認させてください")
    await tell(agent, said, explained(*REFUSED_S))
    await expect(say.locator(".fact")).to_have_text([SENTENCE])
    await expect(say).to_contain_text("先ほどご説明したとおり、お答えは変わりません")
    await expect(page.locator("body")).not_to_contain_text("絶対に")
    # By the clock on the wall for whoever points at it.
    await expect(say.locator(".fact")).to_have_attribute("title", WALL)
    sentence, button = await say.locator(".fact").bounding_box(), await page.locator(".help").bounding_box()
    assert sentence is not None
    assert button is not None
    assert sentence["y"] + sentence["height"] <= button["y"]
    await assert_accessible(page)
    await page.get_by_role("button", name="English").click()
    await expect(say.locator(".fact")).to_have_text(
        "the same demand, time 4 – refused at 02:05, 15:05, 31:05: “できかねます” (refund)"
    )
    await page.get_by_role("button", name="日本語").click()

    await sign_in_page(page, "supervisor")
    await page.goto(url)
    await expect(page.locator(".card[data-call=c] .why")).to_contain_text(SENTENCE)
    await expect(page.locator(".card[data-call=c] .why .fact").first).to_have_attribute(
        "title", re.compile(WALL)
    )
    await expect(page.locator("#panel .why")).to_contain_text(SENTENCE)
    await expect(page.locator("#panel .why .sentence")).to_have_attribute("title", WALL)
    await page.set_viewport_size({"width": 390, "height": 844})
    shown = page.locator(".card[data-call=c] .why .fact").first
    await expect(shown).to_have_text(SENTENCE)
    await page.wait_for_function(
        "each => each.scrollWidth <= each.clientWidth && each.scrollHeight <= each.clientHeight",
        arg=await shown.element_handle(),
    )
    await page.set_viewport_size({"width": 1366, "height": 768})
    await page.goto(f"{url}/handover?call=c")
    await expect(page.locator(".cell.answered .text")).to_have_text("「できかねます」")
    await expect(page.locator(".cell.answered .repeated")).to_have_text(SENTENCE)
    await expect(page.locator(".cell.answered .wall")).to_have_text(WALL)
    await expect(page.locator(".cell.answered .repeated")).to_be_in_viewport(ratio=1)
    await assert_accessible(page)


async def test_a_count_that_was_corrected_says_so(agent: PeerAgent, url: str, page: Page) -> None:
    """The operator agreed after the third time was told: the alert stays, less severe, with both counts, and is told anew with the next."""
    said = words("返せ", "返せ", "demand", 1860)
    await agent.call("c", operator=Party(number="204"), started_at=BEGAN, **CAN_EVERYTHING)
    await sign_in_page(page, "supervisor")
    await page.goto(url)
    card = page.locator(".card[data-call=c]")
    await tell(agent, said, explained(905, count=3))
    await expect(card).to_have_attribute("data-severity", "warning")
    corrected = explained(905, count=2).model_copy(update={"count_before": 3})
    await tell(agent, said, corrected, severity=Severity.NOTICE)
    await expect(card).to_have_attribute("data-severity", "notice")
    await expect(card.locator(".why .fact").first).to_have_text(CORRECTED)
    await expect(card.locator(".why .fact").first).to_have_attribute("title", re.compile("お受けした"))
    await expect(page.locator("#panel .why .sentence")).to_have_text(CORRECTED)
    await assert_accessible(page)
    await page.goto(f"{url}/handover?call=c")
    await expect(page.locator(".cell.answered .repeated")).to_have_text(CORRECTED)
    await page.goto(f"{url}/operator?ext=204")
    await expect(page.locator(".say .fact")).to_have_text([CORRECTED])
