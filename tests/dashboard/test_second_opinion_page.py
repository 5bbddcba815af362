"""On the page: words that count for nothing stand in grey with the reason, and a tone tells its clues, in both languages."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from playwright.async_api import expect
from tests.support.axe import assert_accessible

from kikimori_core.wire.messages import DoubtedWords, Role, Severity, ToneEvidence

if TYPE_CHECKING:
    from playwright.async_api import Page
    from tests.support.peer_agent import PeerAgent

TEXT = "父に馬鹿野郎と怒鳴られた話です"


async def test_doubted_words_are_grey_with_the_reason(agent: PeerAgent, url: str, page: Page) -> None:
    await agent.call("c")
    await agent.alert("c", evidence=(TONE,), rule="tone", severity=Severity.NOTICE, title=("言い方", "Tone"))
    await agent.say("c", Role.CUSTOMER, TEXT, 10, line_id="l")
    await page.goto(url)
    line = page.locator(".line .words", has_text=TEXT)
    await expect(line).to_be_visible()
    await expect(page.locator(".line .doubted")).to_have_count(0)
    # The judge comes to its opinion after the line was shown: the line comes once more.
    doubted = (DoubtedWords(category="insult", matched="馬鹿野郎"),)
    await agent.say("c", Role.CUSTOMER, TEXT, 10, line_id="l", doubted=doubted)
    words = page.locator(".line .doubted")
    await expect(words).to_have_text("馬鹿野郎")
    await expect(words).to_have_attribute(
        "title", "暴言の言葉の一覧に当たりましたが、文全体では問題がないと見て知らせていません"
    )
    await expect(line).to_have_text(TEXT)
    await expect(page.get_by_text("暴言に近い言い方。手がかり: 程度・移り")).to_be_visible()
    await page.get_by_role("button", name="English").click()
    await expect(words).to_have_attribute(
        "title", "found in the phrases of “abuse”, but the whole sentence reads as harmless: no alert"
    )
    await expect(page.get_by_text("reads like abuse; clues: 程度・移り")).to_be_visible()


async def test_a_tone_is_whole_on_its_card(agent: PeerAgent, url: str, page: Page) -> None:
    """The sentence and what it is like; its clues stand in the panel and in the tooltip, where there is room."""
    await agent.call("c")
    said = TONE.model_copy(update={"text": "言い訳はいらないんだよ今すぐここに持ってこいって言ってるんだ"})
    await agent.alert("c", evidence=(said,), rule="tone", severity=Severity.WARNING, title=("言い方", "Tone"))
    await page.goto(url)
    quote = page.locator(".card[data-call=c] .quote")
    for width, height in ((1920, 1080), (1366, 768), (390, 844)):
        await page.set_viewport_size({"width": width, "height": height})
        await expect(quote).to_have_text(f"「{said.text}」（暴言に近い言い方）")
        await expect(quote).to_have_attribute("title", re.compile("手がかり: 程度・移り"))
        await page.wait_for_function(
            "each => each.scrollHeight <= each.clientHeight + 2", arg=await quote.element_handle()
        )
        await assert_accessible(page)


TONE = ToneEvidence(
    start_s=5,
    end_s=7,
    role=Role.CUSTOMER,
    text="頭の程度が移りそうだ",
    words=("程度", "移り"),
    category="insult",
    probability=0.97,
)
