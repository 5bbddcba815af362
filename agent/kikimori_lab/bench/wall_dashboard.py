"""The dashboard of `kikimori bench wall`, in a process of its own: `python -m kikimori_lab.bench.wall_dashboard`.

It reads its broker and its folder as JSON from the standard input, says when it has an alert, and ends with its input.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path

from kikimori.cli.options import log_errors
from kikimori.process import run_until_done
from kikimori_core.wire.settings import BrokerSettings
from kikimori_dashboard.app import BACKGROUND, LIMITER, STATE, create_app
from kikimori_dashboard.config import DashboardSettings
from kikimori_dashboard.https.certificate_keeper import CertificateKeeper
from kikimori_dashboard.https.ports import DashboardPorts
from kikimori_dashboard.site.changes import PicturePart
from kikimori_lab.bench.made_up import SITE
from kikimori_lab.signed_in import opened_store
from kikimori_records.settings import StoreSettings


async def _serve(given: dict[str, str]) -> int:
    login = BrokerSettings(host=given["host"], port=int(given["port"]))
    broker = login.with_login(given["user"], given["password"])
    settings = DashboardSettings(site=SITE, mqtt=broker, port=0)
    async with opened_store(StoreSettings(dir=Path(given["store"]))) as store:
        keeper = await CertificateKeeper.open(settings)
        app = create_app(settings, store, keeper=keeper)
        state = app[STATE]

        def changed(part: PicturePart, name: str) -> None:
            if part is PicturePart.ALERTS and name in state.alerts:
                _say({"title": state.alerts[name].title["en"], "at": time.time()})

        state.changes.on_at_once.append(changed)
        ports = DashboardPorts(app, app[LIMITER], settings, keeper)
        try:
            _say({"url": await ports.open()})
            over = asyncio.create_task(asyncio.to_thread(sys.stdin.read), name="input")
            await asyncio.wait([app[BACKGROUND], over], return_when=asyncio.FIRST_COMPLETED)
        finally:
            await ports.close()
    return 0


def _say(item: dict[str, object]) -> None:
    print(json.dumps(item), flush=True)


def main() -> int:
    log_errors()
    given = json.loads(sys.stdin.readline())
    return run_until_done(_serve(given))


if __name__ == "__main__":
    sys.exit(main())
