"""The page of a recorded call in Chromium, with sound that is really played and looked at."""

from __future__ import annotations

import re
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from playwright.async_api import expect
from sqlalchemy import delete, insert, select, update
from tests.dashboard.recorded.conftest import history_office
from tests.dashboard.test_answered_page import BEGAN, REFUSED_S, SENTENCE, explained
from tests.support.axe import assert_accessible
from tests.support.browser import chromium
from tests.support.heard_calls import CLICK_S, RATE, add_heard
from tests.support.json_requests import post
from tests.support.sign_in import add_session, client, sign_in_browser, token_of
from tests.support.stores import audited, audited_until

from kikimori_records.calls.tables import recorded_alerts, recorded_events, recorded_lines
from kikimori_records.people import person_by_login

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from playwright.async_api import Page

HOUR_S = 3600
HITS = 200

EAR = """
window.ear = { heard: [] };
const play = HTMLMediaElement.prototype.play;
HTMLMediaElement.prototype.play = function () { window.ear.audio = this; return play.call(this); };
const connect = AudioNode.prototype.connect;
AudioNode.prototype.connect = function (to, ...more) {
  if (to instanceof AudioDestinationNode) {
    const analyser = this.context.createAnalyser();
    analyser.fftSize = 32768;
    connect.call(this, analyser);
    const samples = new Float32Array(analyser.fftSize);
    setInterval(() => {
      const { audio, heard } = window.ear;
      if (!audio || audio.paused || audio.seeking) return;
      analyser.getFloatTimeDomainData(samples);
      const at = samples.findIndex((sample) => Math.abs(sample) > 0.2);
      const loudest = samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
      const ago = (samples.length - at) / this.context.sampleRate;
      heard.push({ time: audio.currentTime, loudest, loud_at: at < 0 ? null : audio.currentTime - ago * audio.playbackRate });
    }, 20);
  }
  return connect.call(this, to, ...more);
};
"""
"""Listens to what the page plays: second of the call at which it is loud."""

DECODED = """async (path) => {
  const data = await (await fetch(path)).arrayBuffer();
  const sound = await new OfflineAudioContext(2, 8000, 8000).decodeAudioData(data);
  const first = (channel) => sound.getChannelData(channel).findIndex((sample) => Math.abs(sample) > 0.5);
  return { left: first(0), right: first(1), length: sound.length };
}"""


@asynccontextmanager
async def history_page(login: str = "records") -> AsyncIterator[Page]:
    async with chromium() as browser:
        context = await browser.new_context(viewport={"width": 1366, "height": 768}, reduced_motion="reduce")
        await context.add_init_script(EAR)
        await sign_in_browser(context, login)
        page = await context.new_page()
        faults: list[str] = []
        page.on("pageerror", lambda error: faults.append(str(error)))
        yield page
        assert faults == []


async def heard(page: Page, wanted: str) -> list[dict[str, Any]]:
    """Wait until the expression holds for the list of what was heard, and return it."""
    await page.wait_for_function(f"() => ((heard) => {wanted})(window.ear.heard)", timeout=60_000)
    found: list[dict[str, Any]] = await page.evaluate("() => window.ear.heard.splice(0)")
    return found


async def test_the_click_is_heard_when_it_was(folder: Path) -> None:
    async with history_office(folder, ask_reason=True) as office, history_page() as page:
        uid = await add_heard(office.store, folder, seconds=30)
        await page.goto(f"{office.url}/history/{uid}")
        await expect(page.locator("#head")).to_contain_text("架空太郎")
        await page.get_by_role("button", name="再生").click()
        dialog = page.locator("dialog.ask-reason")
        await dialog.get_by_label("理由").fill("事実の確認")
        await dialog.get_by_role("button", name="再生").click()
        [first, *_] = [
            each["loud_at"]
            for each in await heard(page, "heard.some((each) => each.loud_at !== null)")
            if each["loud_at"] is not None
        ]
        assert abs(first - CLICK_S) < 0.15
        decoded = await page.evaluate(DECODED, f"/api/history/{uid}/sound")
        assert decoded["left"] == round(CLICK_S * RATE)
        assert decoded["right"] == -1

        # The line that is heard is marked, and the list follows; a click on a word goes there.
        await expect(page.locator(".line[aria-current]")).to_have_attribute("data-index", "0")
        # Without the customer's side the click is not there, and with it twice as fast it is.
        await page.keyboard.press("Space")
        await expect(page.get_by_role("button", name="再生")).to_be_visible()
        for volume, rate, loud in (("0", "1", False), ("1", "2", True)):
            await page.get_by_label("お客様").fill(volume)
            await page.get_by_label("速さ").select_option(rate)
            await page.locator(".wave").focus()
            for _ in range(8):
                await page.keyboard.press("ArrowLeft")
            await page.evaluate("() => { window.ear.heard = []; }")
            await page.keyboard.press("Space")
            since = await heard(page, f"heard.some((each) => each.time > {CLICK_S + 0.8})")
            # What was heard before stays with the analyser for 0.7 s.
            assert (max(each["loudest"] for each in since if each["time"] > 1) > 0.2) is loud
            await page.keyboard.press("Space")
            await expect(page.get_by_role("button", name="再生")).to_be_visible()
        await assert_accessible(page)
        entry, *_ = await audited(office.store, "recording.play")
        assert (entry["object_id"], entry["details"]["why"]) == (uid, "事実の確認")


async def test_a_superiors_words_are_labelled_as_theirs(folder: Path) -> None:
    """By the name, and for what a shared leg heard, as what it may be; the operator's have no label."""
    async with history_office(folder) as office, history_page() as page:
        uid = await add_heard(office.store, folder, seconds=30)
        superior = {"number": "200", "name": "木村 課長"}
        async with office.store.begin() as connection:
            for line_id, certain in (("l3", True), ("l5", False)):
                of_line = (recorded_lines.c.uid == uid) & (recorded_lines.c.line_id == line_id)
                by = {"superior": superior, "certain": certain}
                await connection.execute(update(recorded_lines).where(of_line).values(spoken_by=by))
        await page.goto(f"{office.url}/history/{uid}")
        said = page.locator(".line .speaker")
        await expect(said).to_have_text(["上席 木村 課長: ", "オペレーターか上席 木村 課長: "])
        await expect(page.locator(".line[data-speaker=superior]")).to_have_attribute("data-index", "3")
        await expect(page.locator(".line[data-index='1']")).to_have_attribute("data-speaker", "operator")
        await assert_accessible(page)
        # On a telephone the colours of the two sides are explained.
        await page.set_viewport_size({"width": 390, "height": 844})
        await expect(page.locator(".heads")).to_be_visible()
        # The player stays in sight while the words are read, and leaves them two thirds of the screen.
        box = await page.locator(".player").bounding_box()
        assert box is not None
        assert box["height"] < 844 / 3
        await assert_accessible(page)


async def test_a_demand_that_was_refused_again_and_again(folder: Path) -> None:
    """Said by the clock on the wall as on the live pages, and all other alerts stand beside it."""
    async with history_office(folder) as office, history_page() as page:
        uid = await add_heard(office.store, folder, seconds=30, started_at=BEGAN)
        of_call = recorded_alerts.c.uid == uid
        superior = of_call & (recorded_alerts.c.rule == "superior")
        async with office.store.begin() as connection:
            [revisions] = (
                await connection.execute(select(recorded_alerts.c.revisions).where(superior))
            ).one()
            for number, revision in enumerate(revisions):
                # The first count was corrected, and told as high again later.
                counted = explained(*REFUSED_S).model_copy(
                    update={} if number else {"count": 3, "count_before": 4}
                )
                revision["alert"]["evidence"].append(counted.model_dump(mode="json"))
            await connection.execute(update(recorded_alerts).where(superior).values(revisions=revisions))
        await page.goto(f"{office.url}/history/{uid}")
        alerts = page.locator(".alerts > li")
        await expect(alerts).to_have_count(2)
        repeated = alerts.filter(has_text="上司を出せの繰り返し")
        await expect(repeated.locator(".why")).to_contain_text(SENTENCE)
        await expect(repeated.locator(".why")).to_contain_text("時刻では")
        await expect(repeated.locator(".life")).to_contain_text("回数を訂正：4回→3回")
        await expect(page.locator("#head .operator .value")).to_have_text("佐藤（内線 204）")
        await expect(page.locator(".course-list")).to_contain_text("終了：上司を出せの繰り返し（通話終了）")
        await assert_accessible(page)


async def test_who_decided_about_the_end_is_in_the_course(folder: Path) -> None:
    async with history_office(folder) as office, history_page() as page:
        uid = await add_heard(office.store, folder, seconds=30)
        ending = {
            "proposed_by": "高橋 課長",
            "agreed_by": "木村 さくら",
            "warnings": 2,
            "words": "三度お願いした",
        }
        command = {"action": "hang_up", "reason": "暴言・大声", "ending": ending}
        body = {"command": command, "issued_by": "鈴木 大輔", "result": {"outcome": "done"}}
        async with office.store.begin() as connection:
            pressed = (recorded_events.c.uid == uid) & (recorded_events.c.kind == "command")
            await connection.execute(update(recorded_events).where(pressed).values(body=body))
        await page.goto(f"{office.url}/history/{uid}")
        await expect(page.locator(".course-list li[data-kind=command]")).to_contain_text(
            "鈴木 大輔：電話を切る（暴言・大声・三度お願いした・提案 高橋 課長、同意 木村 さくら、やめるようお願い 2回）"
        )


async def test_how_it_ended_and_what_people_did_is_at_its_head(folder: Path) -> None:
    """In words and figures, in both languages; an older call without an outcome says why it ended, as before."""
    async with history_office(folder) as office, history_page() as page:
        uid = await add_heard(office.store, folder, seconds=30, outcome="transferred")
        done = [
            ("command", _pressed("hold", "鈴木 大輔")),
            ("command", _pressed("hold_transfer", "高橋 課長")),
            ("command", _pressed("whisper", "高橋 課長", "failed")),
            ("status", {"status": "on_hold", "held_by_key": True}),
        ]
        began = datetime.now(UTC)
        rows = [
            {"uid": uid, "number": 5100 + at, "at": began, "media_s": 20.0 + at, "kind": kind, "body": body}
            for at, (kind, body) in enumerate(done)
        ]
        async with office.store.begin() as connection:
            await connection.execute(insert(recorded_events), rows)
        head = page.locator("#head")
        await page.goto(f"{office.url}/history/{uid}")
        await expect(head.locator(".end .value")).to_have_text("上席に交代")
        await expect(head.locator(".done .value")).to_have_text(
            "保留 2回（高橋 課長、鈴木 大輔）、保留して上席へ転送 1回（高橋 課長）、電話機のキーで保留 1回"
        )
        await expect(page.locator(".course-list li[data-kind=end]")).to_contain_text("通話終了 — 上席に交代")
        await page.get_by_role("button", name="English").click()
        await expect(head.locator(".end .value")).to_have_text("a superior took over")
        await expect(head.locator(".done .value")).to_have_text(
            "Hold ×2 (高橋 課長, 鈴木 大輔), Hold and transfer ×1 (高橋 課長), hold by the telephone's key ×1"
        )
        await assert_accessible(page)
        # On a telephone, where a time is as high as a finger, it stands beside the middle of its text.
        await page.set_viewport_size({"width": 390, "height": 844})
        await page.locator(".tabs").get_by_role("button", name="Course").click()
        for entry in await page.locator(".course-list li").all():
            time, said = (
                await entry.locator(".time").bounding_box(),
                await entry.locator("> span").bounding_box(),
            )
            assert time is not None
            assert said is not None
            assert abs(time["y"] + time["height"] / 2 - said["y"] - said["height"] / 2) < 3
        await page.set_viewport_size({"width": 1366, "height": 768})
        lost = await add_heard(
            office.store, folder, "c-2", seconds=30, outcome="on_hold", end_reason="timed_out"
        )
        async with office.store.begin() as connection:
            await connection.execute(delete(recorded_events).where(recorded_events.c.uid == lost))
        await page.goto(f"{office.url}/history/{lost}")
        await expect(head.locator(".end .value")).to_have_text("ended on hold (no more sound came)")
        await expect(head.locator(".done .value")).to_have_text("nothing")
        older = await add_heard(office.store, folder, "c-3", seconds=30)
        await page.goto(f"{office.url}/history/{older}")
        await expect(head.locator(".end .value")).to_have_text("somebody hung up")


def _pressed(action: str, by: str, outcome: str = "done") -> dict[str, Any]:
    return {"command": {"action": action}, "issued_by": by, "result": {"outcome": outcome}}


async def test_an_hour_with_two_hundred_hits(folder: Path) -> None:
    async with history_office(folder) as office, history_page() as page:
        uid = await add_heard(office.store, folder, seconds=HOUR_S, hits=HITS)
        await page.goto(f"{office.url}/history/{uid}?t=3000.5")
        present = page.locator(".line[aria-current]")
        await expect(present).to_be_in_viewport()
        await expect(page.locator("mark")).to_have_count(HITS)
        await expect(page.locator(".clock")).to_have_text("50:00 / 1:00:00")

        # Deep in the file without its beginning: the browser asks for parts.
        async with page.expect_response(lambda answer: answer.url.endswith("/sound")) as first:
            await page.keyboard.press("Space")
        assert (await (await first.value).all_headers())["accept-ranges"] == "bytes"
        await heard(page, "heard.some((each) => each.time > 3000.5 && each.loudest > 0.05)")
        await page.keyboard.press("Space")

        # Evidence: the next from the beginning is heard a second before it was said.
        await page.locator(".wave").focus()
        box = await page.locator(".wave").bounding_box()
        assert box is not None
        await page.mouse.click(box["x"] + 1, box["y"] + 60)
        await expect(page.locator(".clock")).to_have_text(re.compile("^00:0"))
        for key, clock in (
            ("j", "00:11"),
            ("j", "00:17"),
            ("j", "00:29"),
            ("k", "00:17"),
            ("ArrowDown", "00:18"),
        ):
            await page.keyboard.press(key)
            await expect(page.locator(".clock")).to_have_text(f"{clock} / 1:00:00")
        await page.locator(".line .words").nth(4).click(position={"x": 200, "y": 8})
        await expect(page.locator(".clock")).to_contain_text("00:19")
        await page.keyboard.press("[")
        await page.keyboard.press("ArrowRight")
        await page.keyboard.press("]")
        await expect(page.locator("[data-name=unloop]")).to_contain_text("00:19–00:24")
        await page.keyboard.press("?")
        await expect(page.locator(".key-list")).to_contain_text("次の根拠へ")
        await page.keyboard.press("Escape")

        # Review, a note, and then the call is erased from elsewhere while it plays.
        await page.get_by_role("button", name="確認済みにする").click()
        await expect(page.locator(".review .state")).to_contain_text("あなたが確認")
        await page.get_by_label("この通話へのメモ").fill("折り返し済み")
        await page.get_by_role("button", name="書き込む").click()
        await expect(page.locator(".notes-list")).to_contain_text("折り返し済み")
        await page.locator(".wave").focus()
        await page.keyboard.press("Space")
        await expect(page.get_by_role("button", name="一時停止")).to_be_visible()
        await office.erase(uid)
        await expect(page.locator("#notice")).to_contain_text("消去されました")
        assert await page.evaluate(
            "() => [window.ear.audio.paused, window.ear.audio.hasAttribute('src')]"
        ) == [True, False]
        await expect(page.locator(".line")).to_have_count(0)
        await expect(page.locator("#head")).not_to_contain_text("架空太郎")
        await audited_until(office.store, "recording.review", 1)
        actions = {each["action"] for each in await audited(office.store, "recording.")}
        assert actions == {"recording.open", "recording.play", "recording.review"}


async def test_a_role_that_is_taken_away_ends_the_playing(folder: Path) -> None:
    async with history_office(folder) as office, history_page() as page:
        uid = await add_heard(office.store, folder, seconds=60)
        await page.goto(f"{office.url}/history/{uid}")
        await page.get_by_role("button", name="再生").click()
        await heard(page, "heard.some((each) => each.time > 0.2)")
        await office.change("records", roles=frozenset({"operator"}))
        await expect(page.locator("#notice")).to_contain_text("権限がなくなりました")
        assert await page.evaluate(
            "() => [window.ear.audio.paused, window.ear.audio.hasAttribute('src')]"
        ) == [True, False]
        await expect(page.locator(".line")).to_have_count(0)
        await expect(page.locator("#words")).to_be_empty()


async def test_a_note_that_was_not_sent_outlasts_the_session(folder: Path) -> None:
    """The login page says why it is there; and a note that cannot be written says so beside its line."""
    async with history_office(folder) as office, history_page() as page:
        uid = await add_heard(office.store, folder, seconds=60)
        await page.goto(f"{office.url}/history/{uid}")
        line = page.get_by_label("この通話へのメモ")
        await line.fill("折り返しは木曜の午後に約束")
        await page.route("**/notes", lambda route: route.abort())
        await page.get_by_role("button", name="書き込む").click()
        await expect(page.locator("[data-part=notes]").get_by_role("alert")).to_be_in_viewport()
        await expect(line).to_have_value("折り返しは木曜の午後に約束")
        async with client(office.url, "records") as http:
            assert (await post(http, "/api/logout/everywhere", {}))[0] == 200
        await expect(page.get_by_role("status")).to_have_text(
            "ログインが切れました。もう一度ログインしてください。"
        )
        await assert_accessible(page)
        await sign_in_browser(page.context, "supervisor")
        await page.goto(f"{office.url}/history/{uid}")
        await expect(page.get_by_role("button", name="確認済みにする")).to_be_visible()
        await expect(line).to_have_value("")
        again = token_of("records")[::-1]
        person = await person_by_login(office.store, "records")
        assert person is not None
        await add_session(office.store, person.id, again)
        await sign_in_browser(page.context, "records", again)
        await page.reload()
        await expect(line).to_have_value("折り返しは木曜の午後に約束")
        await page.unroute("**/notes")
        await page.get_by_role("button", name="書き込む").click()
        await expect(page.locator(".notes-list")).to_contain_text("木曜の午後")
        await page.reload()
        await expect(page.locator(".notes-list")).to_contain_text("木曜の午後")
        await expect(line).to_have_value("")


async def test_a_call_that_is_not_there_says_so_to_everybody(folder: Path) -> None:
    async with history_office(folder) as office, history_page() as page:
        await page.goto(f"{office.url}/history/nowhere.r1")
        await expect(page.get_by_role("alert")).to_contain_text("この通話の記録はありません")
        await assert_accessible(page)
