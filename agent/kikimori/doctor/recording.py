"""Checks of `[recording]` and `[records]`: is it decided, does it fit, can the records service be reached?"""

from __future__ import annotations

import asyncio
import errno
import os
import shutil
import tempfile
from typing import TYPE_CHECKING

import aiohttp

from kikimori.checks.certificate import diagnosed
from kikimori.checks.diagnosis import WITHIN_S, CheckState, Diagnosis
from kikimori.errors import network_reason
from kikimori_core.certificates import examine_pair
from kikimori_core.journal.settings import PBX
from kikimori_core.messages import both, text
from kikimori_core.wire.settings import is_loopback, trusting
from kikimori_records.folder import records_folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from kikimori.config import AgentConfig
    from kikimori_core.journal.settings import RecordsTable
    from kikimori_dashboard import DashboardSettings

NAME, ANNOUNCEMENT, URL = "recording", "[recording] announcement", "[records] url"
ENOUGH_DISK = 5_000_000_000
"""Bytes of free disk below which a warning is given: 50 seats fill them in two hours."""
LOOKED_FOR = "/v1/journals/doctor/doctor"
"""Path that a records service answers to, with a refusal in JSON."""


def look_at_recording_settings(config: AgentConfig) -> Iterator[Diagnosis]:
    """Look at `[recording]` without opening anything; nothing is said where nothing is recorded."""
    if not config.recording.is_on:
        return
    if config.records.url is None and not is_loopback(config.mqtt.host):
        yield Diagnosis(URL, CheckState.FAULT, *both("recording_no_service", host=config.mqtt.host))
    found = look_at_announcement(config)
    if found.state is not CheckState.OK:
        yield found


def look_at_announcement(config: AgentConfig) -> Diagnosis:
    """Check whether somebody tells callers that their call is recorded."""
    name = config.recording.announcement
    if not name:
        return Diagnosis(ANNOUNCEMENT, CheckState.WARNING, *both("recording_unannounced"))
    if name == PBX:
        return Diagnosis(ANNOUNCEMENT, CheckState.OK, *both("recording_announced_by_pbx"))
    if config.pbx.kind == "manual":
        return Diagnosis(ANNOUNCEMENT, CheckState.FAULT, *both("recording_announcement_by_hand", name=name))
    file = next(each.file for each in config.pbx.announcements if each.name == name)
    return Diagnosis(ANNOUNCEMENT, CheckState.OK, *both("recording_announced", name=name, file=file))


def look_at_records_certificate(records: RecordsTable) -> Iterator[Diagnosis]:
    """Yield the worst fault of the certificate of the records service; nothing without one."""
    if records.certificate is None:
        return
    report = examine_pair(records.certificate, records.certificate_key or records.certificate)
    of_key = report.worst is not None and report.worst.file == records.certificate_key
    found = diagnosed(
        "[records] certificate_key" if of_key else "[records] certificate", records.certificate, report
    )
    if found.state is not CheckState.OK:
        yield found


async def look_at_recording(config: AgentConfig, dashboard: DashboardSettings) -> list[Diagnosis]:
    """Check everything that recording needs: a decision, folder and disk or the records service, the announcement."""
    if config.recording.enabled is None:
        return [Diagnosis(NAME, CheckState.WARNING, *both("recording_undecided"))]
    if not config.recording.enabled:
        return [Diagnosis(NAME, CheckState.OK, text("check_recording_off"))]
    if (url := config.records.url) is not None:
        place = await _look_at_service(url, config.records.ca_file)
    else:
        folder = records_folder(config.records, dashboard.store_settings())
        place = await asyncio.to_thread(_look_at_folder, folder)
    return [place, look_at_announcement(config)]


def _look_at_folder(folder: Path) -> Diagnosis:
    """Look whether a folder can be written, or made; makes nothing."""
    there = next((each for each in (folder, *folder.parents) if each.exists()), folder)
    try:
        if there == folder:
            with tempfile.TemporaryFile(dir=folder) as file:
                file.write(b"kikimori")
        elif not os.access(there, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        free = shutil.disk_usage(there).free
    except OSError as error:
        given = {"folder": folder, "reason": error.strerror}
        return Diagnosis(NAME, CheckState.FAULT, *both("records_folder_not_written", **given))
    if free < ENOUGH_DISK:
        given = {"folder": folder, "free": f"{free / 1e6:.0f}"}
        return Diagnosis(NAME, CheckState.WARNING, *both("records_disk_nearly_full", **given))
    return Diagnosis(
        NAME, CheckState.OK, *both("records_folder_good", folder=folder, free=f"{free / 1e9:.0f}")
    )


async def _look_at_service(url: str, ca_file: Path | None) -> Diagnosis:
    """Ask the records service for something that it refuses: the refusal shows that it is one."""
    limits = aiohttp.ClientTimeout(total=WITHIN_S)
    try:
        async with (
            aiohttp.ClientSession(
                timeout=limits, connector=aiohttp.TCPConnector(ssl=trusting(ca_file))
            ) as http,
            http.get(f"{url}{LOOKED_FOR}", allow_redirects=False) as answer,
        ):
            if answer.content_type.endswith("json"):
                return Diagnosis(URL, CheckState.OK, *both("records_answers", url=url))
            return Diagnosis(URL, CheckState.FAULT, *both("records_not_it", url=url, status=answer.status))
    except TimeoutError:
        reason = "it does not answer in time"
    except (aiohttp.ClientError, OSError) as error:
        reason = network_reason(error)
    return Diagnosis(URL, CheckState.FAULT, *both("records_silent", url=url, reason=reason))
