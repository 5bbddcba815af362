"""Check of the way by which a dashboard has the sound of recorded calls from a records service on another machine."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import aiohttp

from kikimori.checks.diagnosis import WITHIN_S, CheckState, Diagnosis
from kikimori.errors import KikimoriError, network_reason
from kikimori.parts import is_installed
from kikimori_core.journal.signing import signed_headers, utc_now
from kikimori_core.messages import both
from kikimori_core.wire.key_store import OwnKeys, own_path
from kikimori_core.wire.keys import fingerprint
from kikimori_core.wire.settings import trusting
from kikimori_records.folder import records_folder

if TYPE_CHECKING:
    from kikimori_core.wire.keys import SigningKey
    from kikimori_dashboard import DashboardSettings

NAME = "sound of recorded calls"
ASKED = "/v1/calls"
"""Path at which the records service says whether it trusts a dashboard's key."""
MOST_ANSWER = 4096


async def look_at_recorded_sound(dashboard: DashboardSettings) -> list[Diagnosis]:
    """Ask the records service with this dashboard's key; nothing where no dashboard has run, or the sound is here."""
    url, folder = dashboard.records.url, dashboard.state_path()
    if url is None or folder is None or not is_installed("dashboard"):
        return []
    if records_folder(dashboard.records, dashboard.store_settings()).is_dir():
        return []
    try:
        own = await asyncio.to_thread(OwnKeys.read, own_path(folder, "dashboard"))
    except (OSError, KikimoriError) as error:
        return [Diagnosis(NAME, CheckState.FAULT, str(error))]
    return [] if own is None else [await _asked(dashboard, url, own.current)]


async def _asked(dashboard: DashboardSettings, url: str, key: SigningKey) -> Diagnosis:
    try:
        context = await asyncio.to_thread(trusting, dashboard.records.ca_file)
        async with (
            aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(total=WITHIN_S), connector=aiohttp.TCPConnector(ssl=context)
            ) as http,
            http.get(
                f"{url}{ASKED}",
                headers=signed_headers(key, "GET", ASKED, b"", utc_now()),
                allow_redirects=False,
            ) as answer,
        ):
            said, status = await answer.content.read(MOST_ANSWER), answer.status
    except TimeoutError:
        return _found(CheckState.FAULT, "records_hear_silent", url=url, reason="it does not answer in time")
    except (aiohttp.ClientError, OSError) as error:
        return _found(CheckState.FAULT, "records_hear_silent", url=url, reason=network_reason(error))
    match status:
        case 200:
            return _found(CheckState.OK, "records_hear_trusted", url=url)
        case 401:
            given = {"key": key.public, "fingerprint": fingerprint(key.public)}
            cause = _code(said)
            return _found(CheckState.FAULT, "records_hear_untrusted", url=url, cause=cause, **given)
        case _:
            return _found(CheckState.WARNING, "records_hear_earlier", url=url)


def _code(said: bytes) -> str:
    """Return the code of a refusal, empty where there is none."""
    try:
        return str(json.loads(said).get("code", ""))
    except (ValueError, AttributeError):
        return ""


def _found(state: CheckState, code: str, **given: object) -> Diagnosis:
    return Diagnosis(NAME, state, *both(code, **given))
