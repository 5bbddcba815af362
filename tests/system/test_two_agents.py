"""Two agents with one id, as programs: the one that was started later exits with 2 and says where the other runs."""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING

from tests.support.deadline import WITHIN_S
from tests.system.test_stop import agent_program

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.mosquitto import Mosquitto


async def test_the_later_one_exits_with_2(real: Mosquitto, tmp_path: Path) -> None:
    folders = [tmp_path / name for name in ("first", "second")]
    for each in folders:
        each.mkdir()
    async with (
        agent_program(folders[0], real.settings) as (first, _),
        agent_program(folders[1], real.settings) as (second, _),
    ):
        async with asyncio.timeout(WITHIN_S * 2):
            _, said = await second.communicate()
        assert second.returncode == 2
        assert f"another agent with the id 'front' runs on {socket.gethostname()}" in said.decode()
        assert first.returncode is None
