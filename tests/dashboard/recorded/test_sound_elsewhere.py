"""Sound of recorded calls that is at a records service on another machine: a program of its own behind HTTPS."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import aiohttp
import numpy as np
import pytest
from playwright.async_api import expect
from tests.dashboard.recorded.conftest import HistoryOffice, history_office
from tests.dashboard.recorded.test_recorded_page import heard, history_page
from tests.dashboard.recorded.test_sound import LONG_S, half_heard, play, sound_file
from tests.support.axe import assert_accessible
from tests.support.certificates import Authority
from tests.support.heard_calls import CLICK_S, RATE, add_heard
from tests.support.ports import free_port
from tests.support.ranges import assert_ranges
from tests.support.records_program import records_process
from tests.support.records_service import AGENT, KEY
from tests.support.sign_in import client
from tests.support.signing import DASHBOARD
from tests.support.stores import audited

from kikimori.doctor.recorded_sound import look_at_recorded_sound
from kikimori.recording.https_sink import HttpsSink
from kikimori_core.journal.settings import RecordsTable
from kikimori_core.journal.signing import signed_headers, utc_now
from kikimori_core.journal.sink import RefusalCode, SinkRefusal
from kikimori_core.wire.key_store import OwnKeys, TrustStore, own_path, trusted_path
from kikimori_core.wire.settings import trusting
from kikimori_dashboard import DashboardSettings
from kikimori_records.folder import PEAKS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from kikimori_core.wire.keys import SigningKey


@dataclass
class OfficeOfTwo:
    """A dashboard, and the configuration of the records service elsewhere."""

    office: HistoryOffice
    config: Path
    url: str
    ca_file: Path
    dashboards: TrustStore
    """Keys that the service trusts to hear."""

    async def asked(self, path: str, key: SigningKey) -> tuple[int, str]:
        """Ask the service itself, signed with a key; return status and code."""
        async with (
            aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=trusting(self.ca_file))) as http,
            http.get(f"{self.url}{path}", headers=signed_headers(key, "GET", path, b"", utc_now())) as answer,
        ):
            is_json = answer.content_type.endswith("json")
            return answer.status, (await answer.json()).get("code", "") if is_json else ""


@asynccontextmanager
async def office_of_two(folder: Path) -> AsyncIterator[OfficeOfTwo]:
    """A dashboard without the folder of the records, and a service of which it is told; the service does not run yet."""
    keys = folder.parent / "keys"
    authority = Authority(folder.parent, "office")
    certificate, key = authority.certificate("records", "IP:127.0.0.1")
    dashboards = TrustStore(trusted_path(keys, "records"))
    dashboards.trust("dashboard", DASHBOARD.public)
    TrustStore(trusted_path(keys, "dashboard")).trust(AGENT, KEY.public)
    port = free_port()
    url = f"https://127.0.0.1:{port}"
    async with history_office(folder, dir=None, url=url, ca_file=authority.file) as office:
        config = folder.parent / "kikimori.toml"
        config.write_text(
            f'[store]\ndir = "{office.store.settings.folder()}"\n[records]\nport = {port}\ndir = "{folder}"\n'
            f'trust = "{keys}"\ncertificate = "{certificate}"\ncertificate_key = "{key}"\n',
            encoding="utf-8",
        )
        yield OfficeOfTwo(office, config, url, authority.file, dashboards)


async def test_parts_are_passed_on_to_who_may_hear_them(folder: Path) -> None:
    async with office_of_two(folder) as two, client(two.office.url, "records") as http:
        uid = await add_heard(two.office.store, folder, seconds=12)
        path, data = f"/api/history/{uid}/sound", sound_file(folder).read_bytes()
        size = len(data)

        async def state() -> str:
            async with http.get(f"/api/history/{uid}") as answer:
                view = await answer.json()
                assert len(view["lines"]) == 1  # words are in the database, whatever becomes of the service
                return str(view["sound"])

        assert await state() == "away"
        assert await play(http, uid) == (404, "no_sound")
        async with records_process(two.config):
            assert await state() == "kept"
            async with http.get(path) as answer:
                assert (answer.status, (await answer.json())["reason"]) == (403, "not_playing")
            assert await play(http, uid, from_s=3) == (200, None)
            async with http.get(path) as answer:
                assert (answer.status, answer.content_type) == (200, "audio/flac")
                assert (answer.content_length, await answer.read()) == (size, data)
                assert answer.headers["Cache-Control"] == "no-store"
                tag = answer.headers["ETag"]
            await assert_ranges(http, path, data, tag)
            async with http.get(f"/api/history/{uid}/peaks") as answer:
                assert await answer.read() == (sound_file(folder).parent / PEAKS).read_bytes()
            [entry] = await audited(two.office.store, "recording.play")
            assert (entry["object_id"], entry["details"]) == (uid, {"from_s": 3.0, "extension": "204"})
            # A file that is missing there, and a key that is revoked there.
            sound_file(folder).rename(folder / "aside")
            assert await state() == "gone"
            two.dashboards.revoke("dashboard")
            while (said := await state()) != "not_trusted":
                assert said == "gone"
        assert await state() == "away"


async def test_an_agents_key_hears_nothing_and_a_dashboards_delivers_nothing(folder: Path) -> None:
    async with office_of_two(folder) as two:
        uid = await add_heard(two.office.store, folder, seconds=12)
        async with records_process(two.config):
            sound = f"/v1/calls/{uid}/sound"
            assert await two.asked(sound, DASHBOARD) == (200, "")
            assert await two.asked("/v1/calls", DASHBOARD) == (200, "")
            for path in (sound, f"/v1/calls/{uid}/peaks", "/v1/calls", "/v1/calls/none/sound"):
                assert await two.asked(path, KEY) == (401, RefusalCode.KEY_UNKNOWN)
            assert await two.asked("/v1/calls/none/sound", DASHBOARD) == (404, "")
            sink = HttpsSink(two.url, DASHBOARD, two.ca_file)
            try:
                with pytest.raises(SinkRefusal) as refused:
                    await sink.position(AGENT, "r1")
                assert refused.value.code is RefusalCode.KEY_UNKNOWN
            finally:
                await sink.close()


async def test_a_running_answer_is_cut_when_the_call_is_erased(folder: Path) -> None:
    noise = np.random.default_rng(1).integers(-20000, 20000, (LONG_S * RATE, 2), dtype=np.int16)
    async with office_of_two(folder) as two, client(two.office.url, "records") as http:
        uid = await add_heard(two.office.store, folder, seconds=LONG_S, sound=noise)
        async with records_process(two.config):
            answer = await half_heard(uid, http)
            async with http.ws_connect(f"/api/history/{uid}/follow") as page:
                await two.office.order_erasure(uid)
                while not (await page.receive_json())["erased"]:
                    pass
            with pytest.raises(aiohttp.ClientError):
                await answer.read()
            async with http.get(f"/api/history/{uid}/sound") as again:
                assert again.status == 404


async def test_the_doctor_tells_whether_the_service_gives_sound(folder: Path, tmp_path: Path) -> None:
    async with office_of_two(folder) as two:
        state = tmp_path / "state"
        settings = DashboardSettings(state_dir=state, records=RecordsTable(url=two.url, ca_file=two.ca_file))
        assert await look_at_recorded_sound(settings) == []  # no dashboard has run here
        OwnKeys(DASHBOARD).write(own_path(state, "dashboard"))
        [found] = await look_at_recorded_sound(settings)
        assert (found.state, "does not answer" in found.detail) == ("fault", True)
        async with records_process(two.config):
            [found] = await look_at_recorded_sound(settings)
            assert found.state == "ok"
            two.dashboards.revoke("dashboard")
            while (found := (await look_at_recorded_sound(settings))[0]).state == "ok":
                pass
            assert (found.state, DASHBOARD.public in found.next_step) == ("fault", True)


async def test_a_browser_plays_it_and_says_when_the_service_is_away(folder: Path) -> None:
    async with office_of_two(folder) as two, history_page() as page:
        uid = await add_heard(two.office.store, folder, seconds=60)
        await page.goto(f"{two.office.url}/history/{uid}")
        await expect(page.locator(".fact.sound")).to_contain_text("記録サービスから応答がありません")
        await expect(page.locator(".line")).to_have_count(17)
        await expect(page.get_by_role("button", name="再生")).to_be_hidden()
        await assert_accessible(page)
        async with records_process(two.config):
            # The page asks again by itself.
            await expect(page.locator(".fact.sound")).to_contain_text("あり")
            await page.get_by_role("button", name="再生").click()
            found = await heard(page, "heard.some((each) => each.loud_at !== null)")
            [first, *_] = [each["loud_at"] for each in found if each["loud_at"] is not None]
            assert abs(first - CLICK_S) < 0.15
            await page.keyboard.press("Space")
            await expect(page.get_by_role("button", name="再生")).to_be_enabled()
        await page.keyboard.press("Space")
        await expect(page.locator(".fact.sound")).to_contain_text("記録サービスから応答がありません")
        await expect(page.locator(".controls p.fault")).to_be_hidden()
        await expect(page.locator(".line")).to_have_count(17)
