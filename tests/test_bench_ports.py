"""Ports of a bench or a test: no process beside it on this machine is given the same."""

from __future__ import annotations

import subprocess
import sys
from contextlib import ExitStack

from kikimori_lab.bench.ports import free_ports, sound_ports

FIRST_CHOICE = "import secrets; secrets.randbelow = lambda _: 0"
TELLS = "from kikimori_lab.bench.ports import free_ports, sound_ports; print(*sound_ports(), *free_ports(20), flush=True)"


def test_processes_that_choose_alike_get_ports_of_their_own() -> None:
    with ExitStack() as stack:
        began = [
            stack.enter_context(
                subprocess.Popen(
                    [sys.executable, "-c", f"{FIRST_CHOICE}; {TELLS}; input()"],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                )
            )
            for _ in range(3)
        ]
        given = [{*sound_ports(), *free_ports(20)}]
        for each in began:
            assert each.stdout is not None
            given.append({int(port) for port in each.stdout.readline().split()})
        for each in began:
            each.communicate("\n")
    assert all(len(each) > 100 for each in given)
    assert len(set.union(*given)) == sum(map(len, given))


def test_no_port_is_one_that_the_kernel_gives_away() -> None:
    with open("/proc/sys/net/ipv4/ip_local_port_range", encoding="ascii") as file:  # noqa: PTH123
        first = int(file.read().split()[0])
    assert max(*sound_ports(), *free_ports(20)) < first
