"""The records service as `kikimori records` runs it, and inside `kikimori up`."""

from __future__ import annotations

import asyncio
import errno
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import structlog

from kikimori.errors import KikimoriError
from kikimori.supervision import Supervisor
from kikimori_core.wire.key_store import RECORDS, TrustStore, trusted_path
from kikimori_core.wire.key_watch import follow_trust
from kikimori_records.errors import StoreError
from kikimori_records.folder import records_folder
from kikimori_records.journals.ingest import JournalIngest
from kikimori_records.port import RecordsPort
from kikimori_records.proof.office import RecordedOffice
from kikimori_records.service import RecordsService
from kikimori_records.sounds.serving import SoundServing
from kikimori_records.sounds.sound_place import SoundPlace
from kikimori_records.store import Store

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable

    from aiohttp import web

    from kikimori_core.journal.settings import RecordingTable, RecordsTable
    from kikimori_dashboard import DashboardSettings
    from kikimori_records.journals.segment_limits import SegmentLimits
    from kikimori_records.settings import StoreSettings

log = structlog.get_logger()

OF_DASHBOARD = "dashboard"
"""Name of the file with the agents' keys: the dashboard's."""


async def serve_records(
    settings: DashboardSettings, ready: Callable[[str], None], limits: SegmentLimits | None = None
) -> None:
    """Serve until cancelled; `ready` is called with the address. `limits`: of the segments of journals, None = the usual ones.

    Raises:
        KikimoriError: the port is taken, certificate, folder or database cannot be used.
    """
    table = settings.records
    folder = table.trust or settings.state_path()
    if folder is None:
        raise KikimoriError.of("no_state_folder")
    trust = TrustStore(trusted_path(folder, OF_DASHBOARD))
    # A dashboard may hold SQLite's lock beside it.
    store = await Store.open(settings.store_settings(), beside=True)
    try:
        office = recorded_office(settings)
        service = RecordsService(settings.recording, table, store, office, alone=True, limits=limits)
        ingest = JournalIngest(service.sink, trust).app()
        dashboards = TrustStore(trusted_path(folder, RECORDS))
        SoundServing(store, SoundPlace(table, store.settings), dashboards).add_to(ingest)
        await _serve(table, service, ingest, (trust, dashboards), ready)
    finally:
        await store.close()


def recorded_office(settings: DashboardSettings) -> RecordedOffice:
    """Return the office that the settings describe."""
    return RecordedOffice(settings.site_name or settings.site, settings.language, settings.time_zone)


async def _serve(
    table: RecordsTable,
    service: RecordsService,
    app: web.Application,
    keys: Iterable[TrustStore],
    ready: Callable[[str], None],
) -> None:
    port = RecordsPort(table, app)
    supervisor = Supervisor()
    try:
        await service.open()
        url = await port.open()
        log.info("records_ready", url=url)
        ready(url)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(service.run(supervisor.keep), name="records")
            tasks.create_task(supervisor.keep("port", port.keep), name="port")
            for each in keys:
                tasks.create_task(follow_trust(each), name="keys")
    except OSError as error:
        raise _explained(error, table) from error
    finally:
        # Deliveries under way end, or are refused, before the folder is closed.
        await port.close()
        await service.close()


def _explained(error: OSError, table: RecordsTable) -> KikimoriError:
    if error.filename is not None or error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EROFS):
        return KikimoriError.of(
            "records_folder_refused", path=error.filename or "[records] dir", reason=error.strerror or error
        )
    return KikimoriError.of(
        "records_not_served", host=table.address, port=table.port, reason=error.strerror or error
    )


def wants_records(recording: RecordingTable, records: RecordsTable, store: StoreSettings) -> bool:
    """Return whether the service has something to do here: calls are recorded, or were, and go when they are due."""
    if records.url is not None:
        return False
    if recording.is_on:
        return True
    try:
        return records_folder(records, store).is_dir()
    except StoreError:
        return False


@asynccontextmanager
async def records_inside(
    recording: RecordingTable, records: RecordsTable, store: Store, office: RecordedOffice | None = None
) -> AsyncIterator[RecordsService]:
    """Run the service inside of this process until the end of the `async with`; calls are heard whatever happens to it."""
    service = RecordsService(recording, records, store, office)
    supervisor = Supervisor()

    async def work() -> None:
        await supervisor.keep("records", service.open)
        await service.run(supervisor.keep)

    task = asyncio.create_task(work(), name="records")
    try:
        yield service
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await service.close()
