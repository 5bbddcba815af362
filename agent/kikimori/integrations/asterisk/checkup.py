"""Asterisk: its REST interface for the tap, its manager interface for control."""

from __future__ import annotations

import ssl
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from kikimori.checks.diagnosis import CheckState, Diagnosis
from kikimori.checks.ports import ANY_ADDRESS
from kikimori.errors import secret_next_step
from kikimori.integrations.asterisk.ari import AriAwayError, AriClient, AriError
from kikimori.integrations.asterisk.control import examine
from kikimori.integrations.asterisk.tap.trouble import missing_modules, trouble_of
from kikimori.integrations.asterisk.version import (
    apps_outlive_connections,
    lacks_websocket_channels,
)
from kikimori_core.messages import both, text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kikimori.integrations.asterisk.control import AsteriskControlSettings
    from kikimori.integrations.asterisk.settings import AsteriskTable
    from kikimori.taps.sides import SidesTable
    from kikimori_core.wire.messages import Problem

LISTED = ("PJSIP", "SIP", "IAX2")
"""Kinds of channels whose endpoints Asterisk lists."""
MOST_NAMES = 6
NOBODY = "kikimori-doctor-nobody"
"""Name of a channel that does not exist."""


async def look_at_ari(
    table: AsteriskTable, sides: SidesTable | None = None, *, websocket: bool = False
) -> list[Diagnosis]:
    """Look whether calls can be listened to by ARI, and whether `sides` names lines and telephones that there are.

    `websocket`: WebSocket channels are switched on.
    """
    try:
        client = AriClient(table)
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        return [_unreadable("ari", "[asterisk] ari_password_file, ca_file", error)]
    try:
        return [*await _ask(client, table, websocket=websocket), *await _names(client, sides)]
    except (AriError, AriAwayError) as error:
        return [_problem("ari", trouble_of(error, table))]
    finally:
        await client.close()


async def _ask(client: AriClient, table: AsteriskTable, *, websocket: bool) -> list[Diagnosis]:
    said = await client.get("/asterisk/info", only="system")
    version = said.get("system", {}).get("version", "") if isinstance(said, dict) else ""
    found = [
        Diagnosis(
            "ari",
            CheckState.OK,
            *both("ari_open", ari_url=table.ari_url, ari_user=table.ari_user, version=version),
        )
    ]
    if websocket and lacks_websocket_channels(version):
        found.append(
            Diagnosis(
                "ari websocket", CheckState.WARNING, *both("no_websocket_channels", version=version[:60])
            )
        )
    try:
        await client.delete(f"/channels/{NOBODY}")
    except AriError as error:
        if error.status == 403:
            return [*found, _problem("ari user", trouble_of(error, table))]
    found.append(Diagnosis("ari user", CheckState.OK, *both("ari_user_may")))
    missing = await missing_modules(client)
    if missing is None:
        found.append(Diagnosis("ari modules", CheckState.OK, *both("ari_modules_loaded")))
    else:
        found.append(_problem("ari modules", missing))
    found.append(await _app(client, table.app, version))
    return found


async def _app(client: AriClient, app: str, version: str) -> Diagnosis:
    try:
        await client.get(f"/applications/{app}")
    except AriError as error:
        if error.status == 404:
            return Diagnosis("ari app", CheckState.OK, *both("ari_app_free", app=app))
        raise
    if apps_outlive_connections(version):
        return Diagnosis("ari app", CheckState.OK, *both("ari_app_unknown", app=app))
    return Diagnosis("ari app", CheckState.WARNING, *both("ari_app_connected", app=app))


async def _names(client: AriClient, sides: SidesTable | None) -> list[Diagnosis]:
    """Compare the patterns with the endpoints that Asterisk knows; it does not list those of DAHDI and the like."""
    said = await client.get("/endpoints")
    if sides is None or not isinstance(said, list):
        return []
    names = sorted(
        f"{each['technology']}/{each['resource']}"
        for each in said
        if isinstance(each, dict) and each.get("technology") in LISTED and each.get("resource")
    )
    found = []
    for key in ("customer_endpoints", "operator_endpoints"):
        for pattern in getattr(sides, key):
            if pattern.partition("/")[0] in LISTED and not any(fnmatchcase(name, pattern) for name in names):
                told = ", ".join(names[:MOST_NAMES]) + (", …" if len(names) > MOST_NAMES else "")
                found.append(
                    Diagnosis(
                        "ari endpoints",
                        CheckState.WARNING,
                        *both("ari_endpoint_unknown", key=key, pattern=pattern, told=told or "no endpoint"),
                    )
                )
    return found


async def look_at_ami(
    table: AsteriskTable, settings: AsteriskControlSettings, *, websocket: bool = False
) -> list[Diagnosis]:
    """Look whether calls can be controlled. `websocket`: WebSocket channels are switched on."""
    checks = await examine(table, settings, websocket=websocket)
    return [replace(each, check=each.check.replace("_", " ")) for each in checks]


def audio_address_fault(table: AsteriskTable, audio_host: str) -> Iterator[Diagnosis]:
    """Yield the fault that Asterisk cannot connect to where audio is awaited; `audio_host`: AudioSocket's."""
    if table.audio_host is None and audio_host in ANY_ADDRESS:
        yield Diagnosis(
            "[asterisk] audio_host", CheckState.FAULT, *both("audio_host_missing", audio_host=audio_host)
        )


def look_at_audio_address(table: AsteriskTable, audio_host: str) -> Diagnosis:
    """Check the address that Asterisk is told to connect to: neither every address nor none."""
    host = table.audio_host or audio_host
    if host in ANY_ADDRESS:
        return Diagnosis("audiosocket address", CheckState.FAULT, *both("audio_address_wrong", host=host))
    return Diagnosis("audiosocket address", CheckState.OK, *both("audio_address_good", host=host))


def _problem(check: str, problem: Problem) -> Diagnosis:
    return Diagnosis(check, CheckState.FAULT, *problem.texts())


def _unreadable(check: str, keys: str, error: OSError | ValueError) -> Diagnosis:
    reason = str(error)
    if isinstance(error, OSError) and not isinstance(error, ssl.SSLError):
        reason = text("file_reason", file=error.filename or keys, reason=error.strerror or error)
    return Diagnosis(check, CheckState.FAULT, reason, secret_next_step(error, keys))
