"""Checks of the two records, the agent's and the dashboard's, those that are on this machine."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from kikimori.cli.options import config_path, configured, dashboard_settings, state_warning
from kikimori.cli.terminal import say
from kikimori.control.chain import START, BrokenChainError, linked
from kikimori.parts import is_installed
from kikimori_core.messages import text

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

    from kikimori.config import AgentConfig
    from kikimori_records.settings import StoreSettings


@dataclass(frozen=True, slots=True)
class RecordCheck:
    """Result for one record."""

    record: str
    """`agent` or `dashboard`."""
    where: str
    entries: int
    last_number: int
    last_hash: str
    broken_at: int | None = None

    def fields(self) -> dict[str, Any]:
        return {**asdict(self), "whole": self.broken_at is None}

    def sentence(self) -> str:
        if self.broken_at is not None:
            return text(
                "audit_broken", record=self.record, path=self.where, at=self.broken_at, entries=self.entries
            )
        last = {"number": self.last_number, "hash": self.last_hash[:16]}
        return text("audit_whole", record=self.record, path=self.where, entries=self.entries, **last)


def agent_path(config: AgentConfig) -> Path:
    return config.state_path() / f"commands-{config.agent_id}.jsonl"


def agents_check(args: argparse.Namespace) -> RecordCheck | None:
    """Check the agent's record; None where there is none. Raises OSError."""
    config = configured(args, log_level="critical")
    if warning := state_warning(config_path(args), config):
        say(warning)
    path = agent_path(config)
    if not path.exists():
        return None
    count, digest = 0, START
    try:
        for count, (_, digest) in enumerate(linked(path), start=1):  # noqa: B007  (the last ones)
            pass
    except BrokenChainError:
        return RecordCheck("agent", str(path), count, count, "", broken_at=count + 1)
    return RecordCheck("agent", str(path), count, count, digest)


def audit_settings(args: argparse.Namespace) -> StoreSettings | None:
    """Return the settings of the database, as the owner of its folder; None where there is none on this machine."""
    if not is_installed("dashboard"):
        return None
    from kikimori.cli.store_options import as_owner, in_place  # noqa: PLC0415  (the extra `dashboard`)

    dashboard = dashboard_settings(args)
    settings = in_place(dashboard, config_path(args))
    if settings.is_sqlite and not settings.file().exists():
        return None
    return as_owner(dashboard, config_path(args))


def audits_check(args: argparse.Namespace) -> RecordCheck | None:
    """Check the dashboard's audit without opening the store for use; None where there is none. Raises KikimoriError."""
    settings = audit_settings(args)
    if settings is None:
        return None
    from sqlalchemy.exc import DBAPIError  # noqa: PLC0415  (the extra `dashboard`)

    from kikimori_records.address import reading  # noqa: PLC0415
    from kikimori_records.audit.verify import verify_on  # noqa: PLC0415
    from kikimori_records.faults import explained  # noqa: PLC0415
    from kikimori_records.migrating import version_in  # noqa: PLC0415

    try:
        with reading(settings) as connection:
            if version_in(connection).found is None:
                return None
            found = verify_on(connection)
    except DBAPIError as error:
        raise explained(error, settings) from error
    where = str(settings.file()) if settings.is_sqlite else "PostgreSQL"
    return RecordCheck("dashboard", where, found.count, found.last_number, found.last_hash, found.broken_at)
