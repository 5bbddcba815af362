"""Computers of an office for a test: each with a network, processes, a name and system folders of its own.

They are namespaces of this machine's kernel. What one writes below `FOLDERS` lies in its memory and goes with it; `/tmp` and
everything else is shared. The kernel removes all of it when the process that holds a machine ends, and that ends with the
test's, however that ends. Nothing has a name outside, so any number of tests may have machines at a time.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.support.deadline import WITHIN_S

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

ROOT = Path(__file__).parents[2]
PREFIX = 24
UNSHARE = ("setpriv", "--pdeathsig", "KILL", "unshare", "--net", "--mount", "--uts", "--ipc", "--pid", "--fork",
           "--kill-child", "--mount-proc", "--propagation", "private")  # fmt: skip
FOLDERS = ("/etc", "/var", "/opt", "/usr/local", "/root", "/home", "/srv")
BOOT = """
set -eu
mount -t tmpfs tmpfs /mnt
mount -t tmpfs -o mode=755 tmpfs /run
for folder in $FOLDERS; do
  mkdir -p "/mnt/new$folder" "/mnt/work$folder"
  mount -t overlay overlay -o "lowerdir=$folder,upperdir=/mnt/new$folder,workdir=/mnt/work$folder" "$folder"
done
for way in $WAYS; do chmod o+x "$way"; done
hostname "$NAME"
ip link set lo up
echo ready
while :; do sleep 3600 & wait $!; done
"""


@dataclass(frozen=True, slots=True)
class Said:
    """End of a command on a machine."""

    code: int
    out: str
    err: str


@dataclass
class Machine:
    """Running computer of a test."""

    name: str
    address: str
    pid: int
    """Its first process, as this machine counts them."""
    environment: dict[str, str] = field(default_factory=dict)

    def command(self, *arguments: str | Path) -> list[str]:
        """Return the command by which this machine runs another one inside."""
        given = [f"{name}={value}" for name, value in self.environment.items()]
        inside = ["nsenter", "--target", str(self.pid), "--mount", "--net", "--uts", "--ipc", "--pid"]
        return [*inside, "env", f"--chdir={ROOT}", *given, *map(str, arguments)]

    async def run(self, script: str, *, typed: str = "", within_s: float = WITHIN_S) -> Said:
        """Type lines into a shell, with `typed` as its standard input; return what it said."""
        process = await asyncio.create_subprocess_exec(
            *self.command("bash", "-euo", "pipefail", "-c", script),
            cwd=ROOT,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            async with asyncio.timeout(within_s):
                out, err = await process.communicate(typed.encode())
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        return Said(process.returncode or 0, out.decode(errors="replace"), err.decode(errors="replace"))

    async def do(self, script: str, *, typed: str = "") -> str:
        """Type lines that must succeed; return their standard output."""
        said = await self.run(script, typed=typed)
        assert said.code == 0, f"{self.name}$ {script}\n{said.out}\n{said.err}"
        return said.out


@dataclass
class Lan:
    """Network of an office: machines on one switch."""

    switch: int

    @asynccontextmanager
    async def machine(
        self, name: str, address: str, hosts: Mapping[str, str] | None = None
    ) -> AsyncIterator[Machine]:
        """Start a machine; `hosts`: lines of its hosts file, address by name."""
        async with _held([*UNSHARE, "bash", "-c", BOOT], NAME=name, **_places()) as pid:
            port = f"p{pid}"
            await _call(
                "nsenter", "--target", str(self.switch), "--net", "bash", "-euc",
                f"ip link add {port} type veth peer name eth0 netns {pid}; ip link set {port} master switch up",
            )  # fmt: skip
            machine = Machine(name, address, pid)
            lines = "".join(f"{given} {known}\n" for known, given in (hosts or {}).items())
            await machine.do(
                f"ip address add {address}/{PREFIX} dev eth0; ip link set eth0 up; cat > /etc/hosts",
                typed=f"127.0.0.1 localhost\n127.0.1.1 {name}\n{lines}",
            )
            yield machine


@asynccontextmanager
async def office_lan() -> AsyncIterator[Lan]:
    """Start a switch without machines."""
    boot = "ip link add switch type bridge; ip link set switch up; echo ready; while :; do sleep 3600 & wait $!; done"
    async with _held([*UNSHARE, "bash", "-euc", boot]) as switch:
        yield Lan(switch)


@cache
def why_no_machines() -> str | None:
    """Return the reason for which this system cannot have machines of a test; None = it can."""
    if sys.platform != "linux" or os.geteuid() != 0:
        return "machines of a test are network namespaces: root on Linux alone can make them"
    for program in ("unshare", "nsenter", "setpriv", "ip"):
        if shutil.which(program) is None:
            return f"no {program}: sudo apt-get install util-linux iproute2"
    tried = subprocess.run(
        [*UNSHARE, "bash", "-c", BOOT.partition("while :")[0] + "ip link add v0 type veth peer name v1; ip link add s0 type bridge"],
        env={**os.environ, "NAME": "trial", **_places()},
        capture_output=True,
        text=True,
        check=False,
        timeout=WITHIN_S,
    )  # fmt: skip
    return None if tried.returncode == 0 else f"no namespaces here: {tried.stderr.strip()}"


def need_machines() -> None:
    """Skip a test, with the reason, where there can be no machines."""
    reason = why_no_machines()
    if reason is not None:
        pytest.skip(reason)


def _places() -> dict[str, str]:
    """Return the folders that a machine has for itself, and those among them that lead to the program and its Python.

    A service of a user of its own has to come there, also where they lie in a home folder.
    """
    ways = [each for path in (ROOT, sys.prefix, sys.base_prefix) for each in Path(path, "x").parents[:-1]]
    tops = {*FOLDERS, *(f"/{each.parts[1]}" for each in ways)} - {"/tmp", "/usr"}  # noqa: S108
    folders = sorted(each for each in tops if Path(each).is_dir())
    inside = {str(each) for each in ways if f"/{each.parts[1]}" in folders}
    return {"FOLDERS": " ".join(folders), "WAYS": " ".join(sorted(inside))}


@asynccontextmanager
async def _held(command: list[str], **environment: str) -> AsyncIterator[int]:
    """Run a process that holds namespaces; gives the id of its first one inside."""
    holder = await asyncio.create_subprocess_exec(
        *command,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, **environment},
    )
    try:
        assert holder.stdout is not None
        assert holder.stderr is not None
        async with asyncio.timeout(WITHIN_S):
            line = await holder.stdout.readline()
            assert line == b"ready\n", (line, await holder.stderr.read())
        children = Path(f"/proc/{holder.pid}/task/{holder.pid}/children")
        yield int(children.read_text("ascii").split()[0])  # noqa: ASYNC240  (no disk)
    finally:
        if holder.returncode is None:
            holder.kill()
        await holder.communicate()


async def _call(*command: str) -> None:
    process = await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.PIPE)
    _, err = await process.communicate()
    assert process.returncode == 0, err.decode()
