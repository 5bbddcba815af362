"""Time until a call is silent in a browser after its erasure, or after the listener's role is taken away: a real Chromium.

An office runs in this process. One tab plays a recorded call, another listens to a running one; both are a steady tone, and
the last loud sample in each tab's AudioContext is looked for.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from kikimori.errors import KikimoriError
from kikimori.office import open_office
from kikimori_core.journal.settings import RecordsTable
from kikimori_dashboard import DashboardSettings
from kikimori_lab.bench.cut_call import add_toned
from kikimori_lab.bench.listen import clicking
from kikimori_lab.bench.page import APPEARS_WITHIN_MS, opened_page, sign_in
from kikimori_lab.cli.demo import demo_config
from kikimori_lab.demo.pbx import SimulatedPbx
from kikimori_lab.signed_in import store_for_a_while, token_for
from kikimori_records.audit.entry import ActorKind
from kikimori_records.keeping.erasing import erase_due
from kikimori_records.keeping.ledger import Ledger
from kikimori_records.keeping.orders import order
from kikimori_records.keeping.pseudonyms import Pseudonyms
from kikimori_records.keeping.subject import KeepingSubject
from kikimori_records.people import NewPerson, person_by_login
from kikimori_records.people.changes import Author, change_person

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.async_api import Page

    from kikimori_records.store import Store

BY = Author(ActorKind.PROGRAM, "bench")
LOUD = 0.05
"""Amplitude that the tone has everywhere; 1 = the loudest."""
QUIET_MS = 1500
"""Time in ms without a loud sample after which a tab counts as silent."""
SILENT_WITHIN_S = 60.0

_PROBE = """(loud) => {
  // Kept with the tab: a page whose reader lost a role goes elsewhere.
  window.lastHeard = () => Number(sessionStorage.getItem("heard") ?? 0);
  const { connect } = AudioNode.prototype;
  const probe = (node) => {
    const meter = node.context.createAnalyser();
    meter.fftSize = 2048;
    connect.call(node, meter);
    const samples = new Float32Array(meter.fftSize);
    setInterval(() => {
      if (node.context.state !== "running") return;
      meter.getFloatTimeDomainData(samples);
      const last = samples.findLastIndex((each) => Math.abs(each) > loud);
      if (last >= 0) sessionStorage.setItem("heard", String(Date.now() - ((samples.length - last) / node.context.sampleRate) * 1000));
    }, 10);
  };
  AudioNode.prototype.connect = function (to, ...more) {
    if (to === this.context.destination) probe(this);
    return connect.call(this, to, ...more);
  };
}"""


@dataclass(frozen=True, slots=True)
class CutFigures:
    """Figures of `kikimori bench cut --json`: times in ms to the last loud sample in the browser, the longest of the rounds."""

    rounds: int
    erased_ms: tuple[float, ...]
    """From the order of an erasure, of a recorded call that plays in another tab."""
    role_playing_ms: tuple[float, ...]
    """From a role that is taken away, of a recorded call that plays."""
    role_listening_ms: tuple[float, ...]
    """Likewise, of a running call that is listened to."""
    longest_ms: float


async def bench_cut(rounds: int, progress: Callable[[int], None]) -> CutFigures:
    """Measure.

    Raises:
        KikimoriError: there is no Playwright or no Chromium here, or nothing was heard.
    """
    erased: list[float] = []
    playing: list[float] = []
    listening: list[float] = []
    with TemporaryDirectory(prefix="kikimori-cut-") as name:
        folder = Path(name)
        async with store_for_a_while() as store:
            pages = DashboardSettings(
                site="demo", port=0, store=store.settings, records=RecordsTable(dir=folder / "records")
            )
            async with (
                open_office(
                    demo_config(folder, speech=False), pages, broker_port=0, pbx=SimulatedPbx(), store=store
                ) as office,
                clicking(office.addresses, every=1),
            ):
                url = office.dashboard_url.rstrip("/")
                for number in range(rounds):
                    found = await _round(url, store, folder / "records", number)
                    erased.append(found[0])
                    playing.append(found[1])
                    listening.append(found[2])
                    progress(number + 1)
    longest = max(*erased, *playing, *listening)
    return CutFigures(rounds, tuple(erased), tuple(playing), tuple(listening), longest)


async def _round(url: str, store: Store, folder: Path, number: int) -> tuple[float, float, float]:
    """Return the times in ms to silence: after an erasure, and after a role was taken away, playing and listening."""
    login = f"bench-{number}"
    token = await token_for(store, NewPerson(login, login, frozenset({"supervisor", "records"})))
    person = await person_by_login(store, login)
    if person is None:
        raise KikimoriError.of("bench_listen_silent")
    first, second = [await add_toned(store, folder, f"cut-{number}-{each}") for each in range(2)]
    async with opened_page() as page:
        await sign_in(page, token)
        await page.context.add_init_script(f"({_PROBE})({LOUD})")
        await _play(page, f"{url}/history/{first}")
        at = time.time()
        await order(store, Ledger(folder), KeepingSubject(uid=first), "bench", BY)
        await erase_due(store, folder, Pseudonyms.load(folder))
        erased = await _silent_after(page, at)
        await _play(page, f"{url}/history/{second}")
        live = await page.context.new_page()
        await _listen(live, url)
        at = time.time()
        await change_person(store, person.id, {"roles": frozenset({"operator"})}, BY)
        playing, listening = await asyncio.gather(_silent_after(page, at), _silent_after(live, at))
    return erased, playing, listening


async def _play(page: Page, url: str) -> None:
    await page.goto(url)
    await page.locator(".wave").wait_for(timeout=APPEARS_WITHIN_MS)
    await page.keyboard.press("Space")
    await _until_heard(page)


async def _listen(page: Page, url: str) -> None:
    await page.goto(url)
    await page.locator("[data-listen=live]").click(timeout=APPEARS_WITHIN_MS)
    await _until_heard(page)


async def _until_heard(page: Page) -> None:
    since = datetime.now(UTC).timestamp() * 1000
    await page.wait_for_function(f"() => window.lastHeard() > {since}", timeout=APPEARS_WITHIN_MS)


async def _silent_after(page: Page, at: float) -> float:
    """Return the time in ms from `at`, seconds since 1970, to the last loud sample."""
    await page.wait_for_function(
        f"() => Date.now() - window.lastHeard() > {QUIET_MS}", timeout=SILENT_WITHIN_S * 1000
    )
    last: float = await page.evaluate("window.lastHeard()")
    return round(max(last - at * 1000, 0.0), 1)
