"""The list of a page's keys, in a real browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.async_api import expect
from tests.support.axe import assert_accessible

if TYPE_CHECKING:
    from playwright.async_api import Page


async def test_a_question_mark_lists_the_keys(url: str, page: Page) -> None:
    """Esc closes the list, and the focus is where it was; in a field the sign is a sign."""
    await page.goto(f"{url}/account")
    present = page.get_by_label("今のパスワード")
    await expect(present).to_be_visible()
    await page.evaluate("() => import('/static/js/components/keys.js')")
    await present.press("?")
    await expect(present).to_have_value("?")
    await expect(page.get_by_role("dialog")).to_have_count(0)

    await page.goto(url)
    button = page.get_by_role("button", name="English")
    await button.focus()
    await page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="キー操作")
    for row in ("j ↓次の通話へ", "Esc取り消す・閉じる", "?この一覧を開く"):
        await expect(dialog.locator("dl > div").filter(has_text=row)).to_have_count(1)
    await assert_accessible(page)
    await page.keyboard.press("?")
    await expect(page.get_by_role("dialog")).to_have_count(1)
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await expect(button).to_be_focused()

    await button.click()
    await page.get_by_role("button", name="Keys (?)").click()
    await expect(page.get_by_role("dialog", name="Keys")).to_contain_text("To the next call")
