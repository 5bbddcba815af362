"""AMI and ARI over TLS on a real Asterisk, with an authority of the office's own.

A call is heard and held, and what is wrong is named by the doctor.
"""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.support.asterisk.controlled import (
    OFFICE,
    control_settings,
    controlled_office,
    shipped,
)
from tests.support.audio_socket import audio_socket_tap
from tests.support.certificates import Authority
from tests.support.ports import free_port
from tests.support.real_asterisk import Layout, needs_asterisk, running_asterisk
from tests.support.recorder import Recorder

from kikimori.integrations.asterisk.checkup import look_at_ami, look_at_ari
from kikimori.integrations.asterisk.control import AsteriskControl
from kikimori.integrations.asterisk.settings import AsteriskTable
from kikimori.integrations.asterisk.tap.tap import AsteriskTap
from kikimori.taps.announced.directory import LegDirectory
from kikimori.taps.sides import SidesTable
from kikimori_core.model.call import Role
from kikimori_core.wire.messages import Action

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

pytestmark = needs_asterisk


@dataclass
class Secured:
    """Files that an administrator adds for TLS, and the table that fits."""

    files: dict[str, str]
    table: AsteriskTable


def secured(folder: Path, authority: Authority) -> Secured:
    cert, key = authority.certificate("pbx", "IP:127.0.0.1")
    ami, https = free_port(), free_port()
    lines = f"tlsenable=yes\ntlsbindaddr=127.0.0.1:%d\ntlscertfile={cert}\ntlsprivatekey={key}\n"
    (folder / "password").write_text("not-a-secret\n", encoding="utf-8")
    table = AsteriskTable.model_validate(
        {
            "tap": True,
            "ari_url": f"https://127.0.0.1:{https}/ari",
            "ari_password_file": folder / "password",
            "ami_port": ami,
            "ami_tls": True,
            "ami_password_file": folder / "password",
            "dial": "Local/{extension}@office",
            "ca_file": authority.file,
        }
    )
    return Secured({"manager-tls.conf": lines % ami, "http-tls.conf": lines % https}, table)


@asynccontextmanager
async def tapped(table: AsteriskTable) -> AsyncIterator[Recorder]:
    desk = Recorder()
    directory = LegDirectory(asyncio.get_running_loop().time)
    audio = audio_socket_tap(desk, directory)
    sides = SidesTable(customer_endpoints=("PJSIP/trunk*",))
    tap = AsteriskTap(desk, directory, sides, table, lambda: audio.server.address)
    await audio.listen()
    await tap.listen()
    running = [asyncio.create_task(audio.run()), asyncio.create_task(tap.run())]
    try:
        yield desk
    finally:
        await asyncio.gather(audio.close(), tap.close())
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


async def test_a_call_is_heard_and_held_over_tls(tmp_path: Path) -> None:
    right, other = Authority(tmp_path, "office"), Authority(tmp_path, "other")
    tls = secured(tmp_path, right)
    ca_file = tmp_path / "ca.pem"
    ca_file.write_bytes(other.file.read_bytes())
    table = tls.table.model_copy(update={"ca_file": ca_file})
    async with controlled_office(tmp_path, files=tls.files, run=False) as office, AsyncExitStack() as stack:
        office.control = AsteriskControl(table, office.settings)
        running = asyncio.create_task(office.control.run())
        stack.callback(running.cancel)
        await office.until(
            lambda: [each.code for each in office.control.problems()] == ["pbx_certificate_unknown"]
        )
        assert "ca_file" in office.control.problems()[0].remedy
        # The right file is put in its place: that is all.
        ca_file.write_bytes(right.file.read_bytes())
        await office.until(lambda: office.control.connected and not office.control.problems())
        desk = await stack.enter_async_context(tapped(table))
        await office.talk()
        await desk.until(lambda: {leg.info.role for leg in desk.legs} == {Role.CUSTOMER, Role.OPERATOR})
        await desk.until(lambda: all(len(leg.pcm) > leg.info.rate for leg in desk.legs))
        answer = await office.press(Action.HOLD)
        assert answer.outcome == "done", answer
        office.customer.hang_up()
        await desk.until(lambda: all(leg.ended for leg in desk.legs))
        await office.nobody()


async def test_the_doctor_names_what_is_wrong(tmp_path: Path) -> None:
    right, other = Authority(tmp_path, "office"), Authority(tmp_path, "other")
    tls = secured(tmp_path, right)
    layout = Layout({}, OFFICE + shipped("kikimori-control.conf"), tls.files)
    settings = control_settings(tmp_path)

    async def found(**changes: object) -> dict[str, str]:
        """The faults of a table that is right but for `changes`, with the next step."""
        table = tls.table.model_copy(update=changes)
        seen = [*await look_at_ari(table), *await look_at_ami(table, settings)]
        return {each.check: f"{each.detail}; {each.next_step}" for each in seen if each.state == "fault"}

    async with running_asterisk(tmp_path, layout) as asterisk:
        assert await found() == {}

        wrong = await found(ca_file=other.file)
        assert set(wrong) == {"ari", "pbx certificate unknown"}
        assert all("ca_file" in words for words in wrong.values())

        https = tls.table.ari_url.replace("127.0.0.1", "localhost")
        wrong = await found(ami_host="localhost", ari_url=https)
        assert set(wrong) == {"ari", "pbx certificate name"}
        assert all("'localhost'" in words and "tls_name" in words for words in wrong.values())

        plain = asterisk.ari_url.replace("http:", "https:")
        wrong = await found(ami_port=asterisk.ami_port, ari_url=plain)
        assert set(wrong) == {"ari", "pbx not tls"}
        assert all("tlsbindaddr" in words for words in wrong.values())

        wrong = await found(ami_tls=False, ari_url=tls.table.ari_url.replace("https:", "http:"))
        assert set(wrong) == {"ari", "pbx silent"}
        assert "https" in wrong["ari"]
        assert "ami_tls" in wrong["pbx silent"]

        missing = tmp_path / "no.pem"
        wrong = await found(ca_file=missing)
        assert set(wrong) == {"ari", "pbx ca file unreadable"}
        assert all(str(missing) in words for words in wrong.values())
