"""FreeSWITCH: its event socket, and the modules that stream and hold."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

from kikimori.doctor.diagnosis import WITHIN_S, Diagnosis, State
from kikimori.freeswitch.client import REMEDIES, EslAwayError, EslClient
from kikimori.freeswitch.settings import read_secret

if TYPE_CHECKING:
    from kikimori.freeswitch.settings import FreeSwitchTable

LOOK_AGAIN_S = 0.1


async def look_at_freeswitch(table: FreeSwitchTable, *, control: bool) -> list[Diagnosis]:
    """Log in as tap and control do, and ask for modules; `control`: what hold needs too."""
    found: asyncio.Future[list[Diagnosis]] = asyncio.get_running_loop().create_future()

    async def ask() -> None:
        answers = await _ask(client, table, control=control)
        if not found.done():
            found.set_result(answers)

    client = EslClient(
        table.esl_host, table.esl_port, partial(read_secret, table.esl_password_file), on_up=ask
    )
    connecting = asyncio.create_task(client.run(), name="esl-doctor")
    try:
        async with asyncio.timeout(2 * WITHIN_S):
            # The client tries again for ever; its first failure is answer enough.
            while not found.done() and not client.reconnects:
                await asyncio.wait([found], timeout=LOOK_AGAIN_S)
    except TimeoutError:
        pass
    finally:
        connecting.cancel()
        await asyncio.wait([connecting])
    if found.done():
        return found.result()
    trouble = client.trouble or EslAwayError("esl_timeout", "no answer in time")
    where = f"{table.esl_host}:{table.esl_port}"
    return [
        Diagnosis(
            "event socket",
            State.FAULT,
            f"{where}: {trouble.detail or trouble.reason}",
            REMEDIES.get(trouble.reason, ""),
        )
    ]


async def _ask(client: EslClient, table: FreeSwitchTable, *, control: bool) -> list[Diagnosis]:
    where = f"{table.esl_host}:{table.esl_port}"
    found = [Diagnosis("event socket", State.OK, f"{where} lets us in")]
    wanted = [f"mod_{table.module}"] if table.tap else []
    if control and table.music.startswith("local_stream:"):
        wanted.append("mod_local_stream")
    for module in wanted:
        if (await client.api(f"module_exists {module}")).strip() == "true":
            found.append(Diagnosis(f"freeswitch {module}", State.OK, "loaded"))
        else:
            found.append(
                Diagnosis(
                    f"freeswitch {module}",
                    State.FAULT,
                    f"FreeSWITCH has not loaded {module}",
                    f"fs_cli -x 'load {module}', and add it to autoload_configs/modules.conf.xml",
                )
            )
    return found
