"""Checks of FreeSWITCH against the configuration, asked from FreeSWITCH itself; for `kikimori doctor`."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from kikimori.errors import secret_next_step
from kikimori.integrations.freeswitch.client import REMEDIES, EslAwayError, EslClient
from kikimori.integrations.freeswitch.settings import read_secret
from kikimori_core.messages import both, text
from kikimori_core.model.diagnosis import CheckState, Diagnosis

if TYPE_CHECKING:
    from kikimori.integrations.freeswitch.settings import FreeSwitchTable

WITHIN_S = 6.0
TRIES = 300


async def look_at_freeswitch(
    table: FreeSwitchTable, *, tap: bool, control: bool, superior: str = ""
) -> list[Diagnosis]:
    """Check the needs of the way in (`tap`) and of control."""
    return [
        replace(each, check=each.check.replace("_", " "))
        for each in await examine(table, tap=tap, control=control, superior=superior)
    ]


async def examine(table: FreeSwitchTable, *, tap: bool, control: bool, superior: str = "") -> list[Diagnosis]:
    """Check the event socket and, over it, the needs of the way in (`tap`) and of control; raises nothing."""
    where = f"{table.esl_host}:{table.esl_port}"
    if table.esl_password_file is None:
        if control:
            return [Diagnosis("freeswitch_esl", CheckState.FAULT, *both("freeswitch_esl_needed"))]
        return [Diagnosis("freeswitch_esl", CheckState.OK, *both("freeswitch_esl_unused"))]
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
            next_step: str = REMEDIES.get(trouble.reason, "")
            if trouble.reason == "esl_password_file":
                try:
                    read_secret(table.esl_password_file)
                except (OSError, ValueError) as error:
                    next_step = secret_next_step(error, "[freeswitch] esl_password_file")
            return [
                Diagnosis(
                    "freeswitch_esl",
                    CheckState.FAULT,
                    text("esl_away", where=where, trouble=trouble),
                    next_step,
                )
            ]
        return [
            Diagnosis("freeswitch_esl", CheckState.OK, *both("freeswitch_esl_open", where=where)),
            *(await _asked(client, table, tap=tap, control=control, superior=superior)),
        ]
    except EslAwayError as error:
        return [
            Diagnosis(
                "freeswitch_esl",
                CheckState.FAULT,
                text("esl_away", where=where, trouble=error),
                REMEDIES.get(error.reason, ""),
            )
        ]
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def _asked(
    client: EslClient, table: FreeSwitchTable, *, tap: bool, control: bool, superior: str
) -> list[Diagnosis]:
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


def _loaded(answer: str, module: str, advice: str) -> Diagnosis:
    if answer == "true":
        return Diagnosis("freeswitch_module", CheckState.OK, *both("freeswitch_module_loaded", module=module))
    return Diagnosis(
        "freeswitch_module",
        CheckState.FAULT,
        *both("freeswitch_module_missing", module=module, advice=advice),
    )


async def _music(client: EslClient, name: str) -> Diagnosis:
    answer = await client.api(f"local_stream show {name}")
    # `-ERR Cannot locate local_stream` and, without mod_local_stream, `-ERR local_stream Command not found!`.
    if not answer.startswith("-ERR"):
        return Diagnosis("freeswitch_music", CheckState.OK, *both("freeswitch_music_plays", name=name))
    return Diagnosis("freeswitch_music", CheckState.FAULT, *both("freeswitch_no_music", name=name))


async def _superior(client: EslClient, table: FreeSwitchTable, superior: str) -> Diagnosis:
    user, _, domain = table.dial.removeprefix("user/").replace("{target}", superior).partition("@")
    # A variable that is not set is answered `-ERR no reply`.
    domain = (domain or await client.api("global_getvar domain")).removeprefix("-ERR no reply")
    if await client.api(f"user_exists id {user} {domain}") == "true":
        return Diagnosis(
            "freeswitch_superior",
            CheckState.OK,
            *both("freeswitch_superior_known", superior=superior, domain=domain),
        )
    return Diagnosis(
        "freeswitch_superior",
        CheckState.WARNING,
        *both(
            "freeswitch_superior_unknown", superior=superior, domain=domain or text("freeswitch_no_domain")
        ),
    )
