"""`kikimori doctor` beside a real Asterisk: all well, and one thing wrong at a time."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from tests.support.asterisk.controlled import OFFICE, shipped
from tests.support.ports import free_port
from tests.support.program import kikimori
from tests.support.real_asterisk import Layout, needs_asterisk, running_asterisk

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.real_asterisk import RealAsterisk

pytestmark = needs_asterisk

ARI = "[general]\nenabled=yes\n[kikimori]\ntype=user\nread_only=no\npassword=not-a-secret\n"


PASSWORD = "not-a-secret"


async def doctor(
    folder: Path, asterisk: RealAsterisk, password: str = PASSWORD, more: str = "", context: str = "office"
) -> dict[str, dict[str, Any]]:
    (folder / "password").write_text(f"{password}\n", encoding="utf-8")
    path = folder / "kikimori.toml"
    path.write_text(
        f"""
state_dir = "state"
[speech]
enabled = false
[mqtt]
port = 1
[audiosocket]
port = 0
announce_port = 0
[dashboard]
port = 0
[sides]
customer_endpoints = ["PJSIP/trunk*"]
[asterisk]
tap = true
ari_url = "{asterisk.ari_url}"
ari_password_file = "{folder / "password"}"
ami_port = {asterisk.ami_port}
ami_password_file = "{folder / "password"}"
dial = "Local/{{extension}}@{context}"
[pbx]
kind = "asterisk"
{more}
""",
        encoding="utf-8",
    )
    ended = await kikimori("doctor", "--config", path, "--json")
    found = {each["check"]: each for each in map(json.loads, ended.out.splitlines())}
    assert found, ended.err
    faults = [each for each in found.values() if each["state"] == "fault"]
    assert ended.code == (1 if faults else 0)
    assert all(each["next_step"] for each in faults)
    return found


def wrong(found: dict[str, dict[str, Any]]) -> set[str]:
    return {name for name, each in found.items() if each["state"] == "fault"}


async def test_all_is_well_and_then_the_password_is_wrong(tmp_path: Path) -> None:
    async with running_asterisk(tmp_path, Layout({}, OFFICE + shipped("kikimori-control.conf"))) as asterisk:
        found = await doctor(tmp_path, asterisk)
        assert wrong(found) == set(), found
        assert {"ari", "ari user", "ari modules", "ari app", "pbx login", "pbx rights", "pbx dialplan", "pbx music"} <= found.keys()  # fmt: skip
        assert "Asterisk " in found["ari"]["detail"]
        assert "Asterisk " in found["pbx version"]["detail"]
        # WebSocket channels are looked for where they are switched on, and named where this Asterisk has none.
        named = {"ari websocket", "pbx no websocket"}
        assert named.isdisjoint(found)
        lacking = "chan_websocket.so" not in await asterisk.cli("module show like chan_websocket")
        found = await doctor(tmp_path, asterisk, more="[chan_websocket]\nenabled = true\nport = 0\n")
        assert named & found.keys() == (named if lacking else set())
        assert all("22.6" in found[each]["next_step"] for each in named & found.keys())
        found = await doctor(tmp_path, asterisk, password="another")
        assert wrong(found) == {"ari", "pbx login refused"}
        assert "ari.conf" in found["ari"]["next_step"]


async def test_the_context_of_the_telephones_is_found_as_the_doctor_says(tmp_path: Path) -> None:
    """The shipped `dial` names a context of FreePBX, which a plain Asterisk has not."""
    layout = Layout({"204": free_port()}, OFFICE + shipped("kikimori-control.conf"))
    async with running_asterisk(tmp_path, layout) as asterisk:
        found = await doctor(tmp_path, asterisk, context="from-internal")
        assert wrong(found) == {"pbx no telephones"}
        command = "pjsip show endpoint 204"
        assert command in found["pbx no telephones"]["next_step"]
        named = [line.split() for line in (await asterisk.cli(command)).splitlines()]
        assert ["context", ":", "office"] in named


@pytest.mark.parametrize(
    ("files", "dialplan", "expected"),
    [
        ({"ari.conf": ARI.replace("read_only=no", "read_only=yes")}, True, {"ari user"}),
        ({"ari.conf": "[general]\nenabled=no\n"}, True, {"ari"}),
        ({"modules.conf": "[modules]\nautoload=yes\nnoload => res_stasis_snoop.so\n"}, True, {"ari modules"}),
        ({"musiconhold.conf": "[general]\n"}, True, {"pbx no music"}),
        ({}, False, {"pbx no dialplan"}),
    ],
)
async def test_one_thing_that_is_wrong_is_named(
    tmp_path: Path, *, files: dict[str, str], dialplan: bool, expected: set[str]
) -> None:
    lines = OFFICE + (shipped("kikimori-control.conf") if dialplan else "")
    async with running_asterisk(tmp_path, Layout({}, lines, files)) as asterisk:
        assert wrong(await doctor(tmp_path, asterisk)) == expected
