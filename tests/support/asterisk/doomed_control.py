"""A program that presses a button and waits to be killed: `python doomed_control.py AMI_PORT FOLDER ACTION CUSTOMER OPERATOR HOLD_S`."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from tests.support.asterisk.controlled import control_settings

from kikimori.control.pbx_control import PbxRequest
from kikimori.integrations.asterisk.control import AsteriskControl
from kikimori.integrations.asterisk.settings import AsteriskTable
from kikimori_core.model.call import CallInfo
from kikimori_core.wire.messages import Action, CallStatus, Party


async def main(port: int, folder: Path, action: Action, customer: str, operator: str, hold_s: float) -> None:
    table = AsteriskTable(ami_port=port, ami_user="least", ami_password_file=folder / "password")
    control = AsteriskControl(table, control_settings(folder, longest_hold_s=hold_s, ring_s=10))
    running = asyncio.create_task(control.run())
    while not control.connected:  # noqa: ASYNC110  (the health page asks likewise)
        await asyncio.sleep(0.02)
    call = CallInfo("c1", "test", operator=Party(number="204"), channel=customer, operator_channel=operator)

    def told(status: CallStatus) -> None:
        print(status, flush=True)

    await control.carry_out(PbxRequest(action, call, "200"), told)
    await running


if __name__ == "__main__":
    asyncio.run(
        main(
            int(sys.argv[1]),
            Path(sys.argv[2]),
            Action(sys.argv[3]),
            sys.argv[4],
            sys.argv[5],
            float(sys.argv[6]),
        )
    )
