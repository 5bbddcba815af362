"""Health is told whatever becomes of files: none can be opened any more, or the package is being replaced."""

from __future__ import annotations

import asyncio
import resource
import shutil
import signal
import sys
import sysconfig
import venv
from contextlib import asynccontextmanager
from importlib.metadata import distribution
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.support.deadline import WITHIN_S
from tests.support.listener import Listener, listening
from tests.support.live_client import live_client
from tests.support.ports import free_port
from tests.support.sign_in import people_in_folder
from tests.support.telephone import Telephone, on_the_line

from kikimori.addresses import Addresses
from kikimori.bus.broker_users import with_left_login
from kikimori_core.wire.messages import Health
from kikimori_core.wire.settings import BrokerSettings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


HEALTH = "kikimori/v2/test/agents/front/health"
SITE_PACKAGES = Path(sysconfig.get_path("purelib"))


class Office:
    """`kikimori up` as a process of its own, with ports that are known before it starts."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.people = folder / "people"
        self.state = folder / "state"
        audio, announce, pages = (free_port() for _ in range(3))
        self.addresses = Addresses({"audiosocket": ("127.0.0.1", audio), "announce": ("127.0.0.1", announce)})
        self.url = f"http://127.0.0.1:{pages}"
        self.config = folder / "kikimori.toml"
        self.config.write_text(
            f"""
site = "test"
agent_id = "front"
state_dir = "{folder / "state"}"
[mqtt]
port = {self.port}
[audiosocket]
port = {audio}
announce_port = {announce}
[dashboard]
port = {pages}
[store]
dir = "{folder / "people"}"
[speech]
enabled = false
""",
            encoding="utf-8",
        )

    def watched(self) -> BrokerSettings:
        """Return how its broker is read, while it runs."""
        return with_left_login(BrokerSettings(port=self.port), self.state)

    @asynccontextmanager
    async def running(self, python: Path | str) -> AsyncIterator[asyncio.subprocess.Process]:
        await people_in_folder(self.people)
        process = await asyncio.create_subprocess_exec(
            *(python, "-m", "kikimori", "up", "--config", self.config), stderr=asyncio.subprocess.PIPE
        )
        try:
            assert process.stderr is not None
            async with asyncio.timeout(WITHIN_S):
                while not (await process.stderr.readline()).startswith(b"operator"):
                    assert process.returncode is None
            yield process
        finally:
            if process.returncode is None:
                process.kill()
            await process.communicate()


async def health_goes_on(listener: Listener, telephone: Telephone, messages: int = 2) -> None:
    """Wait for more of it. A call goes on, so that each health has something new to say."""
    already = len(listener.on(HEALTH))
    async with asyncio.timeout(WITHIN_S):
        while len(listener.on(HEALTH)) < already + messages:
            try:
                await telephone.speak(bytes(8000))
            except ConnectionError:
                pytest.fail("the agent ended")  # `on_the_line` takes that for the end of a test
    for payload in listener.on(HEALTH)[already:]:
        health = Health.from_bytes(payload)
        assert health.online
        assert health.version == distribution("kikimori").version


async def test_files_run_out(tmp_path: Path) -> None:
    """No file and no socket can be opened any more: who is there stays served, and later everybody is again."""
    office = Office(tmp_path)
    async with (
        office.running(sys.executable) as process,
        listening(office.watched(), "kikimori/v2/test/agents/#") as listener,
        on_the_line(office.addresses, call="c1") as telephone,
        live_client(office.url) as browser,
    ):
        await telephone.speak(bytes(8000))
        await browser.until(lambda picture: "c1" in picture["calls"])
        _, most = resource.prlimit(process.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(process.pid, resource.RLIMIT_NOFILE, (3, most))
        await health_goes_on(listener, telephone)
        await telephone.press("*9")
        await browser.until(lambda picture: picture["alerts"])

        resource.prlimit(process.pid, resource.RLIMIT_NOFILE, (most, most))
        async with live_client(office.url) as another:
            await another.until(lambda picture: picture["alerts"])
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(WITHIN_S):
            _, rest = await process.communicate()
        assert process.returncode == 0
        assert b"health_failed" not in rest


async def test_the_package_is_replaced(tmp_path: Path) -> None:
    """Between the old version and the new `pip install --upgrade` leaves a moment without either."""
    python, metadata = _environment(tmp_path / "venv")
    office = Office(tmp_path)
    async with (
        office.running(python) as process,
        listening(office.watched(), "kikimori/v2/test/agents/#") as listener,
        on_the_line(office.addresses, call="c1") as telephone,
    ):
        shutil.rmtree(metadata)
        await health_goes_on(listener, telephone)
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(WITHIN_S):
            await process.communicate()
        assert process.returncode == 0


def _environment(folder: Path) -> tuple[Path, Path]:
    """Make a virtual environment that holds what this one does; return its Python and Kikimori's metadata in it."""
    venv.create(folder, with_pip=False, symlinks=True)
    python = folder / "bin" / "python"
    [own] = folder.glob("lib/python*/site-packages")
    for path in SITE_PACKAGES.iterdir():
        if path.name.startswith("kikimori-"):
            shutil.copytree(path, own / path.name)
        elif path.suffix == ".pth":
            shutil.copy(path, own)
        else:
            (own / path.name).symlink_to(path)
    [metadata] = own.glob("kikimori-*.dist-info")
    return python, metadata
