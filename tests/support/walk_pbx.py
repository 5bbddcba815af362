"""A PBX on a machine of its own for the walk: a real Asterisk with a trunk and a telephone, and the demo's calls.

`python -m tests.support.walk_pbx FOLDER`: reads names of calls, one a line, and plays each; says `ready`, then `talking`.
Files of Asterisk in FOLDER/files replace those that tests otherwise use.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from tests.support.asterisk.controlled import CUSTOMER_HZ, OFFICE, OPERATOR_HZ
from tests.support.deadline import WITHIN_S
from tests.support.ports import free_port
from tests.support.real_asterisk import Layout, running_asterisk
from tests.support.sip_phone import Phone

from kikimori_core.model.call import Role
from kikimori_lab.demo.script import load_calls


async def run(folder: Path) -> None:
    """Run the PBX until standard input ends."""
    ports = {"trunk": free_port(), "204": free_port()}
    files = {each.name: each.read_text(encoding="utf-8") for each in (folder / "files").iterdir()}
    async with (
        running_asterisk(folder, Layout(ports, OFFICE, files)) as asterisk,
        Phone("trunk", ports["trunk"], asterisk.sip_port, CUSTOMER_HZ) as customer,
        Phone("204", ports["204"], asterisk.sip_port, OPERATOR_HZ) as operator,
    ):
        print("ready", flush=True)
        while wanted := (await asyncio.to_thread(sys.stdin.readline)).strip():
            recorded = next(each for each in load_calls() if each.name == wanted)
            customer.call("204")
            async with asyncio.timeout(WITHIN_S):
                while not (customer.in_call and operator.in_call):  # noqa: ASYNC110  (a telephone tells nobody)
                    await asyncio.sleep(0.05)
            customer.say(recorded.voices[Role.CUSTOMER])
            operator.say(recorded.voices[Role.OPERATOR])
            print("talking", flush=True)
        customer.hang_up()


if __name__ == "__main__":
    asyncio.run(run(Path(sys.argv[1])))
