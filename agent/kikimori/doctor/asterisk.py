"""Asterisk: its REST interface for the tap, its manager interface for control."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

from kikimori.asterisk.ari import AriAwayError, AriClient, AriError
from kikimori.doctor.diagnosis import Diagnosis, State
from kikimori.pbx.asterisk import examine
from kikimori.taps.asterisk.trouble import missing_modules, trouble_of

if TYPE_CHECKING:
    from kikimori.asterisk.settings import AsteriskTable
    from kikimori.pbx.asterisk import ControlSettings
    from kikimori_wire.messages import Problem

NOBODY = "kikimori-doctor-nobody"
"""A channel that there is not."""


async def look_at_ari(table: AsteriskTable) -> list[Diagnosis]:
    """Look whether calls can be listened to by ARI."""
    try:
        client = AriClient(table)
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        return [_unreadable("ari", "[asterisk] ari_password_file and ca_file", error)]
    try:
        return await _ask(client, table)
    except (AriError, AriAwayError) as error:
        return [_problem("ari", trouble_of(error, table))]
    finally:
        await client.close()


async def _ask(client: AriClient, table: AsteriskTable) -> list[Diagnosis]:
    said = await client.get("/asterisk/info", only="system")
    version = said.get("system", {}).get("version", "") if isinstance(said, dict) else ""
    found = [
        Diagnosis(
            "ari", State.OK, f"{table.ari_url} lets us in as {table.ari_user}; Asterisk {version}"[:200]
        )
    ]
    try:
        await client.delete(f"/channels/{NOBODY}")
    except AriError as error:
        if error.status == 403:
            return [*found, _problem("ari user", trouble_of(error, table))]
    found.append(Diagnosis("ari user", State.OK, "may do what the tap needs"))
    missing = missing_modules(await client.get("/asterisk/modules"))
    if missing is None:
        found.append(Diagnosis("ari modules", State.OK, "all there"))
    else:
        found.append(_problem("ari modules", missing))
    found.append(await _app(client, table.app))
    return found


async def _app(client: AriClient, app: str) -> Diagnosis:
    try:
        await client.get(f"/applications/{app}")
    except AriError as error:
        if error.status == 404:
            return Diagnosis("ari app", State.OK, f"nobody is connected as {app}")
        raise
    return Diagnosis(
        "ari app",
        State.WARNING,
        f"somebody is connected as {app}: right while kikimori runs, and only once for each PBX",
        "a second agent on the same PBX needs another [asterisk] app",
    )


async def look_at_ami(table: AsteriskTable, settings: ControlSettings) -> list[Diagnosis]:
    """Look whether calls can be controlled."""
    try:
        checks = await examine(table, settings)
    except (OSError, ValueError) as error:
        return [_unreadable("pbx control", "[asterisk] ami_password_file and ca_file", error)]
    return [
        Diagnosis(each.check.replace("_", " "), State(each.state), each.detail, each.next_step)
        for each in checks
    ]


def _problem(check: str, problem: Problem) -> Diagnosis:
    return Diagnosis(check, State.FAULT, problem.detail, problem.remedy)


def _unreadable(check: str, keys: str, error: OSError | ValueError) -> Diagnosis:
    reason = str(error)
    if isinstance(error, OSError) and not isinstance(error, ssl.SSLError):
        reason = f"{error.filename or keys}: {error.strerror or error}"
    return Diagnosis(
        check, State.FAULT, reason, f"see {keys}: the service's user must be able to read the files"
    )
