"""State of the record as the administrator's page shows it."""

from __future__ import annotations

import asyncio
import shutil
from typing import TYPE_CHECKING, Any

from kikimori_core.journal.forecast import forecast
from kikimori_core.messages import both, in_language, remedy
from kikimori_dashboard.pages.worded import LANGUAGES, worded_problem
from kikimori_records.calls.totals import record_totals
from kikimori_records.folder import records_folder
from kikimori_records.journals.fault_rows import open_faults
from kikimori_records.keeping.refused import refused_erasures

if TYPE_CHECKING:
    from pathlib import Path

    from kikimori_core.wire.messages import Health
    from kikimori_dashboard.config import DashboardSettings
    from kikimori_dashboard.recording.service_watch import ServiceWatch
    from kikimori_dashboard.site.state import SiteState
    from kikimori_records.calls.totals import RecordTotals
    from kikimori_records.journals.fault_rows import FoundFault
    from kikimori_records.keeping.refused import RefusedErasure
    from kikimori_records.store import Store

OF_THE_RECORD = ("journal_", "record_", "records_", "recording_")
"""Beginnings of the codes of problems that belong to the record."""
MOST_FAULTS = 20
"""Faults of received journals that are shown one by one."""


class RecordState:
    """Reads settings, disk, database and the agents' health."""

    def __init__(
        self, settings: DashboardSettings, store: Store, state: SiteState, service: ServiceWatch
    ) -> None:
        self._service = service
        self._settings = settings
        self._store = store
        self._state = state

    async def view(self) -> dict[str, Any]:
        """Return everything that the page shows; raises StoreAwayError."""
        recording = self._settings.recording
        totals = await record_totals(self._store)
        return {
            "enabled": recording.enabled,
            "lines": _lines() if recording.enabled is None else None,
            "days": recording.days,
            "max_gb": recording.max_gb,
            "announcement": recording.announcement,
            "disk": await self._disk(totals) if recording.is_on else None,
            "calls": totals.calls,
            "bytes": totals.sound_bytes,
            "oldest": None if totals.oldest is None else totals.oldest.isoformat(),
            "newest": None if totals.newest is None else totals.newest.isoformat(),
            "accounts": totals.days,
            "service": _service(self._service),
            "faults": await self._faults(),
            "held": [_held(each) for each in await refused_erasures(self._store)],
            "agents": [_agent(each) for _, each in sorted(self._state.agents.items())],
        }

    async def _faults(self) -> dict[str, Any]:
        """Return the faults of received journals that nobody has acknowledged."""
        found = await open_faults(self._store, MOST_FAULTS)
        return {"count": found.count, "newest": [_fault(each) for each in found.newest]}

    async def _disk(self, totals: RecordTotals) -> dict[str, Any] | None:
        """Return the room of the records' folder; None where it is not on this machine."""
        settings = self._settings
        folder = records_folder(settings.records, settings.store_settings())
        free = await asyncio.to_thread(_free_bytes, folder)
        if free is None:
            return None
        ahead = forecast(settings.recording, free, totals.sound_bytes)
        return {
            "folder": str(folder),
            "free_bytes": free,
            "day_bytes": round(ahead.bytes_a_day),
            "lasts_days": round(ahead.days, 1),
        }


def _fault(found: FoundFault) -> dict[str, Any]:
    """Return a fault with its meaning and the next step by language."""
    texts = both(f"journal_fault.{found.code}")
    words = {
        each: dict(zip(("detail", "remedy"), (in_language(said, each) for said in texts), strict=True))
        for each in LANGUAGES
    }
    return {**found.fields(), "words": words}


def _held(found: RefusedErasure) -> dict[str, Any]:
    return {"uid": found.uid, "started_at": found.started_at.isoformat(), "hold": found.hold}


def _free_bytes(folder: Path) -> int | None:
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return None


def _lines() -> dict[str, str]:
    """Return what an office that has not decided may add to the configuration file, by language."""
    return {each: in_language(remedy("recording_undecided"), each) for each in LANGUAGES}


def _service(watch: ServiceWatch) -> dict[str, Any] | None:
    """Return what a records service that runs alone says; None where none does."""
    if watch.state is None:
        return None
    return {
        "online": not watch.is_silent,
        "at": watch.state.at.isoformat(),
        "waiting": watch.state.waiting,
        "problems": [worded_problem(each) for each in watch.problems()],
    }


def _agent(health: Health) -> dict[str, Any]:
    """Return an agent's part in the record."""
    counters = {name: count for name, count in health.counters.items() if name.startswith(OF_THE_RECORD)}
    return {
        "agent_id": health.agent_id,
        "online": health.online,
        "counters": counters,
        "problems": [worded_problem(each) for each in health.problems if each.code.startswith(OF_THE_RECORD)],
    }
