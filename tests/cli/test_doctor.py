"""`kikimori doctor`: each check against something real that is right, and something real that is wrong."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path
from typing import Any

import pytest
from tests.support.brokers import USER, Embedded
from tests.support.ports import free_port
from tests.support.program import ProgramResult, kikimori

from kikimori.bus.broker_users import leave_login

GOOD = """
state_dir = "state"
[speech]
model = "ja-synth"
threads = 1
[mqtt]
port = {mqtt}
[audiosocket]
port = 0
announce_port = 0
[dashboard]
port = 0
state_dir = "pages"
[recording]
enabled = false
"""


async def doctor(folder: Path, text: str, **env: str) -> tuple[ProgramResult, dict[str, dict[str, Any]]]:
    path = folder / "kikimori.toml"
    path.write_text(text, encoding="utf-8")
    ended = await kikimori("doctor", "--config", path, "--json", env=env)
    found = [json.loads(line) for line in ended.out.splitlines()]
    return ended, {each["check"]: each for each in found}


async def test_all_is_well(tmp_path: Path) -> None:
    broker = Embedded()
    await broker.start()
    leave_login(tmp_path / "state", broker.settings.port, USER)
    (tmp_path / "pages").mkdir(mode=0o700)
    try:
        ended, found = await doctor(tmp_path, GOOD.format(mqtt=broker.settings.port))
    finally:
        await broker.stop()
    assert ended.code == 0, ended.err
    assert {name: each["state"] for name, each in found.items() if name not in ("agent", "clock")} == dict.fromkeys(
        ["rules", "state folder", "speech", "broker", "sides", "audiosocket", "announcements", "audiosocket peers",
         "pbx control", "dashboard", "machine", "own key", "trusted dashboards", "store folder", "store disk", "database", "recording",
         "listening in the browser"], "ok"
    )  # fmt: skip
    assert "ja-synth hears" in found["speech"]["detail"]
    assert "lets us in" in found["broker"]["detail"]
    assert (tmp_path / "state").is_dir()


async def test_what_is_wrong_is_named_with_the_next_step(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        text = (
            GOOD.format(mqtt=free_port())
            .replace("ja-synth", "nosuch")
            .replace("threads = 1", "threads = 64")
            .replace("[audiosocket]\nport = 0", f'[audiosocket]\nhost = "192.0.2.1"\nport = {port}')
            .replace("[dashboard]\nport = 0", f"[dashboard]\nport = {port}")
        )
        ended, found = await doctor(tmp_path, text)
    assert ended.code == 1
    states = {name: each["state"] for name, each in found.items()}
    assert states["speech"] == "warning"
    assert states["machine"] == "warning"
    assert states["audiosocket"] == "fault"
    assert "no address of this machine" in found["audiosocket"]["detail"]
    assert states["dashboard"] == "warning"
    assert "in use" in found["dashboard"]["detail"]
    assert str(port) in found["dashboard"]["next_step"]
    # Audio awaited from outside, nobody outside admitted.
    assert states["audiosocket peers"] == "fault"
    # No broker at home is no fault: `kikimori up` brings its own.
    assert states["broker"] == "ok"
    assert all(each["next_step"] for each in found.values() if each["state"] != "ok")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
async def test_a_state_folder_of_somebody_else(tmp_path: Path) -> None:
    _, found = await doctor(tmp_path, GOOD.format(mqtt=free_port()).replace('"state"', '"/proc/kikimori"'))
    assert found["state folder"]["state"] == "fault"


async def test_a_state_folder_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file", encoding="utf-8")
    ended, found = await doctor(tmp_path, GOOD.format(mqtt=free_port()))
    assert ended.code == 1
    assert found["state folder"]["state"] == "fault"


async def test_a_broker_elsewhere_that_is_silent_or_none(tmp_path: Path) -> None:
    """A listener that never speaks MQTT."""
    with socket.create_server(("127.0.0.1", 0)) as mute:
        ended, found = await doctor(tmp_path, GOOD.format(mqtt=mute.getsockname()[1]))
    assert ended.code == 1
    assert found["broker"]["state"] == "fault"
    assert found["broker"]["next_step"]


async def test_rules_that_wait_for_phrases_nobody_wrote(tmp_path: Path) -> None:
    rule = '[[rule]]\nid = "x"\nkind = "phrase"\ncategory = "nosuch"\nseverity = "notice"\ntitle = { ja = "題", en = "t" }\n'
    (tmp_path / "mine.toml").write_text(rule, encoding="utf-8")
    _, found = await doctor(tmp_path, GOOD.format(mqtt=free_port()) + '[judging]\nrules = ["mine.toml"]\n')
    assert found["rules"]["state"] == "warning"
    (tmp_path / "mine.toml").write_text("[[rule]]\nid = 5\n", encoding="utf-8")
    ended, found = await doctor(
        tmp_path, GOOD.format(mqtt=free_port()) + '[judging]\nrules = ["mine.toml"]\n'
    )
    assert ended.code == 1
    assert "mine.toml" in found["rules"]["detail"]


async def test_a_speech_server_that_is_away(tmp_path: Path) -> None:
    text = GOOD.format(mqtt=free_port()).replace(
        'model = "ja-synth"', f'engine = "vosk-server"\nserver = "ws://127.0.0.1:{free_port()}"'
    )
    ended, found = await doctor(tmp_path, text)
    assert ended.code == 1
    assert found["speech"]["state"] == "fault"
    assert "refused" in found["speech"]["detail"]


async def test_for_people(tmp_path: Path) -> None:
    path = tmp_path / "kikimori.toml"
    path.write_text(GOOD.format(mqtt=free_port()), encoding="utf-8")
    ended = await kikimori("doctor", "--config", path)
    assert ended.code == 0
    assert ended.out.splitlines()[0] == f"configuration: {path}"
    assert ended.out.splitlines()[-1] == "fit for use"
    assert "✓ broker" in ended.out
