"""Checks of FreeSWITCH against the configuration, asked from FreeSWITCH itself; for `kikimori doctor`."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Literal

from kikimori.errors import secret_next_step
from kikimori.integrations.freeswitch.client import REMEDIES, EslAwayError, EslClient
from kikimori.integrations.freeswitch.settings import read_secret

if TYPE_CHECKING:
    from kikimori.integrations.freeswitch.settings import FreeSwitchTable

WITHIN_S = 6.0
TRIES = 300


@dataclass(frozen=True, slots=True)
class Check:
    """Result of one check, in the shape of the doctor's diagnosis."""

    check: str
    """Stable code."""
    state: Literal["ok", "warning", "fault"]
    detail: str
    next_step: str = ""


async def examine(table: FreeSwitchTable, *, tap: bool, control: bool, superior: str = "") -> list[Check]:
    """Check the event socket and, over it, the needs of the way in (`tap`) and of control; raises nothing."""
    where = f"{table.esl_host}:{table.esl_port}"
    if table.esl_password_file is None:
        if control:
            return [
                Check(
                    "freeswitch_esl",
                    "fault",
                    "control needs the event socket",
                    "name its password's file as [freeswitch] esl_password_file",
                )
            ]
        return [Check("freeswitch_esl", "ok", "not used: the dialplan starts the streams")]
    client = EslClient(table.esl_host, table.esl_port, partial(read_secret, table.esl_password_file))
    running = asyncio.create_task(client.run())
    try:
        for _ in range(TRIES):
            if (
                client.up
                or client.reconnects
                or (client.trouble and client.trouble.detail != "not connected yet")
            ):
                break
            await asyncio.sleep(WITHIN_S / TRIES)
        if not client.up:
            trouble = client.trouble or EslAwayError("esl_timeout")
            remedy = REMEDIES.get(trouble.reason, "")
            if trouble.reason == "esl_password_file":
                try:
                    read_secret(table.esl_password_file)
                except (OSError, ValueError) as error:
                    remedy = secret_next_step(error, "[freeswitch] esl_password_file")
            return [Check("freeswitch_esl", "fault", f"{where}: {trouble}", remedy)]
        return [
            Check("freeswitch_esl", "ok", f"{where} lets us in"),
            *(await _asked(client, table, tap=tap, control=control, superior=superior)),
        ]
    except EslAwayError as error:
        return [Check("freeswitch_esl", "fault", f"{where}: {error}", REMEDIES.get(error.reason, ""))]
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def _asked(
    client: EslClient, table: FreeSwitchTable, *, tap: bool, control: bool, superior: str
) -> list[Check]:
    found = []
    if tap:
        module = f"mod_{table.module}"
        found.append(
            _loaded(await client.api(f"module_exists {module}"), module, "build it, see pbx/freeswitch/")
        )
    if control:
        found.append(_loaded(await client.api("module_exists mod_dptools"), "mod_dptools", "load it"))
        if table.music.startswith("local_stream://"):
            found.append(await _music(client, table.music.removeprefix("local_stream://")))
        if superior and table.dial.startswith("user/"):
            found.append(await _superior(client, table, superior))
    return found


def _loaded(answer: str, module: str, advice: str) -> Check:
    if answer == "true":
        return Check("freeswitch_module", "ok", f"{module} is loaded")
    return Check(
        "freeswitch_module",
        "fault",
        f"{module} is not loaded",
        f'{advice}; then fs_cli -x "load {module}" and a line in modules.conf.xml',
    )


async def _music(client: EslClient, name: str) -> Check:
    answer = await client.api(f"local_stream show {name}")
    # `-ERR Cannot locate local_stream` and, without mod_local_stream, `-ERR local_stream Command not found!`.
    if not answer.startswith("-ERR"):
        return Check("freeswitch_music", "ok", f"local_stream {name} plays")
    return Check(
        "freeswitch_music",
        "fault",
        f"no local_stream {name}: hold would be refused, as the customer would hear nothing",
        "add it to local_stream.conf.xml with sound files, or set [freeswitch] music",
    )


async def _superior(client: EslClient, table: FreeSwitchTable, superior: str) -> Check:
    user, _, domain = table.dial.removeprefix("user/").replace("{target}", superior).partition("@")
    # A variable that is not set is answered `-ERR no reply`.
    domain = (domain or await client.api("global_getvar domain")).removeprefix("-ERR no reply")
    if await client.api(f"user_exists id {user} {domain}") == "true":
        return Check("freeswitch_superior", "ok", f"{superior} is a user of {domain}")
    return Check(
        "freeswitch_superior",
        "warning",
        f"{superior} is no user of the domain {domain or '(none)'}",
        "set [pbx] superior and [freeswitch] dial; try fs_cli -x 'originate user/NUMBER &echo()'",
    )
