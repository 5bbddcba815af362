"""State of a records service that runs alone, as a row of the database: the dashboard, elsewhere, reads it."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import structlog
from pydantic import ValidationError
from sqlalchemy import delete, insert, select

from kikimori_core.cancellation import run_cancellable
from kikimori_core.wire.messages import Problem
from kikimori_records.errors import StoreError
from kikimori_records.schema import notes_of_store

if TYPE_CHECKING:
    from collections.abc import Callable

    from kikimori_records.store import Store

log = structlog.get_logger()

KEY = "records_service"
WRITE_EVERY_S = 10.0
MOST_PROBLEMS = 20


@dataclass(frozen=True, slots=True)
class ServiceState:
    """State as the service wrote it last."""

    at: datetime
    """By the clock of the service's machine."""
    waiting: int
    """Calls that have ended and are not in the history."""
    problems: tuple[Problem, ...]


class StateNote:
    """Writer of the state. `run` it beside the work of the service."""

    def __init__(
        self, store: Store, state: Callable[[], ServiceState], *, write_every_s: float = WRITE_EVERY_S
    ) -> None:
        """`state` returns the state as it is now."""
        self._store = store
        self._state = state
        self._write_every_s = write_every_s

    async def run(self) -> None:
        """Write until cancelled. While the database is away the dashboard has no row to read, and says that itself."""
        while True:
            try:
                await run_cancellable(self.write)
            except StoreError as error:
                log.info("state_not_written", error=type(error).__name__)
            await asyncio.sleep(self._write_every_s)

    async def write(self) -> None:
        """Write the present state once. Raises StoreError."""
        state = self._state()
        said: dict[str, Any] = {
            "at": state.at.isoformat(timespec="seconds"),
            "waiting": state.waiting,
            "problems": [each.model_dump(mode="json") for each in state.problems[:MOST_PROBLEMS]],
        }
        async with self._store.begin() as connection:
            await connection.execute(delete(notes_of_store).where(notes_of_store.c.key == KEY))
            await connection.execute(insert(notes_of_store).values(key=KEY, value=json.dumps(said)))


async def forget_state(store: Store) -> None:
    """Remove the row, where the service does not run alone any more. Raises StoreError."""
    async with store.begin() as connection:
        await connection.execute(delete(notes_of_store).where(notes_of_store.c.key == KEY))


async def read_state(store: Store) -> ServiceState | None:
    """Return the state that was written last; None where no service has run alone. Raises StoreError."""
    async with store.read() as connection:
        query = select(notes_of_store.c.value).where(notes_of_store.c.key == KEY)
        value = (await connection.execute(query)).scalar_one_or_none()
    if value is None:
        return None
    try:
        said = json.loads(value)
        problems = tuple(Problem.model_validate(each) for each in said["problems"])
        return ServiceState(datetime.fromisoformat(said["at"]), int(said["waiting"]), problems)
    except (ValueError, KeyError, TypeError, ValidationError):
        log.warning("state_unreadable")
        return ServiceState(datetime.min.replace(tzinfo=UTC), 0, ())
