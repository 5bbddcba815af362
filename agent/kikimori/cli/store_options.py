"""The store as commands find it: in the folder of the service, as its owner."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from kikimori.cli.options import config_path, configured, dashboard_settings
from kikimori.cli.terminal import SYSTEM_CONFIG

if TYPE_CHECKING:
    import argparse

    from kikimori_dashboard import DashboardSettings
    from kikimori_records.settings import StoreSettings

OF_SERVICES = (Path("/var/lib/kikimori-dashboard"), Path("/var/lib/kikimori"))
"""Folders that systemd gives the units, in the order in which a database is looked for."""


def store_settings(args: argparse.Namespace) -> StoreSettings:
    """Read `[store]` with its password, and take the identity of the folder's owner if this is root.

    Beside the service's configuration the service's folder is meant, where none is set. What is read as root has to be
    read before. Raises KikimoriError.
    """
    configured(args, log_level="warning")
    return as_owner(dashboard_settings(args), config_path(args))


def as_owner(dashboard: DashboardSettings, config: Path | None) -> StoreSettings:
    """Return the settings of the store, as the owner of its folder; see `store_settings`."""
    from kikimori_records.owner import become_owner  # noqa: PLC0415  (see cli/up.py)

    settings = in_place(dashboard, config).with_password()
    _load_libraries()
    become_owner(settings.folder())
    return settings


def in_place(
    dashboard: DashboardSettings, config: Path | None, folders: tuple[Path, ...] = OF_SERVICES
) -> StoreSettings:
    """Return the settings of the store in the folder in which the service has it."""
    settings = dashboard.store_settings()
    if settings.dir is None and config == SYSTEM_CONFIG and "STATE_DIRECTORY" not in os.environ:
        return settings.model_copy(update={"dir": folder_of_service(folders)})
    return settings


def folder_of_service(folders: tuple[Path, ...]) -> Path | None:
    """Return the folder that holds a database, else the first one that is there.

    Where no service ran yet, root is given the first one: what is restored or entered before the first start is found
    by the service then, as systemd takes the folder over. None for others, who may not make it.
    """
    from kikimori_records.settings import FILE  # noqa: PLC0415  (see cli/up.py)

    there = [each for each in folders if each.is_dir()]
    if not there:
        return folders[0] if os.geteuid() == 0 else None
    return next((each for each in there if (each / FILE).exists()), there[0])


def folder_of_keys(dashboard: DashboardSettings, store: StoreSettings) -> Path:
    """Return the folder of the dashboard's keys, beside a store that `in_place` found."""
    if dashboard.state_dir is None and dashboard.store.dir is None and store.dir is not None:
        # The service's own, whatever keys lie in the home of root, who ran a part by hand once.
        return store.dir
    return dashboard.model_copy(update={"store": store}).state_path() or store.folder()


def _load_libraries() -> None:
    """Load what would otherwise be loaded later, when the files may be out of reach."""
    import kikimori_records.migrations.versions.v0001_people  # noqa: PLC0415
    import kikimori_records.store  # noqa: F401, PLC0415
