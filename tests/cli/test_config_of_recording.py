"""Findings of `kikimori config check` and `kikimori doctor` about recordings."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from aiohttp import web
from tests.support.ports import free_port

from kikimori.cli.config_of_recording import say_recording
from kikimori.cli.main import main
from kikimori.config import read_config
from kikimori.doctor.recording import look_at_recording, look_at_recording_settings
from kikimori_core.errors import ConfigError
from kikimori_core.journal.forecast import forecast
from kikimori_core.journal.settings import RecordingTable, RecordsTable
from kikimori_dashboard.config import read_settings

if TYPE_CHECKING:
    from pathlib import Path

    from kikimori.doctor import Diagnosis

DECIDED = '[recording]\nenabled = true\ndays = 90\nmax_gb = 500\nannouncement = "pbx"\n'
LINES = "[recording]\nenabled = true\ndays = 90"


def said(
    capsys: pytest.CaptureFixture[str], recording: RecordingTable, records: RecordsTable, folder: Path
) -> str:
    say_recording(recording, records, folder, folder)
    both = capsys.readouterr()
    return both.out + both.err


def test_fifty_seats_make_23_gb_a_day() -> None:
    table = RecordingTable(enabled=True, days=90, max_gb=500)
    ahead = forecast(table, 10**15)
    assert ahead.bytes_a_day == pytest.approx(23e9, rel=0.01)
    assert ahead.days == pytest.approx(500 / 23, rel=0.01)
    # The disk counts where it is smaller, with what recordings have taken of it already.
    assert forecast(table, 23_040_000_000, 23_040_000_000).days == pytest.approx(2)


def test_config_check_says_for_how_long_the_disk_lasts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    undecided = said(capsys, RecordingTable(), RecordsTable(), tmp_path)
    assert LINES in undecided
    assert "calls are not recorded" in said(capsys, RecordingTable(enabled=False), RecordsTable(), tmp_path)
    short = RecordingTable(enabled=True, days=90, max_gb=0.023_04)
    told = said(capsys, short, RecordsTable(), tmp_path)
    assert "23.0 GB a day" in told
    assert "about 0.0 days" in told
    assert "fewer days" in told
    enough = RecordingTable(enabled=True, days=1, max_gb=0.001, calls_at_once=1, hours_a_day=0.01)
    assert "fewer days" not in said(capsys, enough, RecordsTable(), tmp_path)
    away = RecordsTable(url="https://records.office.example:8770")
    assert "records.office.example" in said(capsys, short, away, tmp_path)


def test_config_check_runs_with_and_without_recording(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "kikimori.toml"
    for content, expected in (("", LINES), (DECIDED, "kept for 90 days")):
        file.write_text(f'state_dir = "state"\n{content}', encoding="utf-8")
        assert main(["config", "check", "--config", str(file)]) == 0
        assert expected in capsys.readouterr().out


@pytest.mark.parametrize(
    ("content", "check", "told"),
    [
        (DECIDED.replace('"pbx"', '""'), "[recording] announcement", "nobody tells"),
        (
            DECIDED.replace('"pbx"', '"r"') + '[[pbx.announcements]]\nname = "r"\ntitle = "t"\nfile = "f"\n',
            "[recording] announcement",
            "cannot play",
        ),
        (DECIDED + '[mqtt]\nhost = "192.0.2.7"\n', "[records] url", "https://192.0.2.7:8770"),
    ],
)
def test_what_recording_needs_is_named_with_the_line_to_add(
    tmp_path: Path, content: str, check: str, told: str
) -> None:
    file = tmp_path / "kikimori.toml"
    file.write_text(content, encoding="utf-8")
    (found,) = look_at_recording_settings(read_config(file))
    assert found.check == check
    assert told in f"{found.detail} {found.next_step}"


async def examined(folder: Path, content: str) -> list[Diagnosis]:
    file = folder / "kikimori.toml"
    file.write_text(f'[store]\ndir = "pages"\n{content}', encoding="utf-8")
    return await look_at_recording(await asyncio.to_thread(read_config, file), read_settings(file))


async def test_doctor_gives_the_lines_and_looks_at_folder_and_service(tmp_path: Path) -> None:
    (undecided,) = await examined(tmp_path, "")
    assert (undecided.state, LINES in undecided.next_step) == ("warning", True)
    (off,) = await examined(tmp_path, "[recording]\nenabled = false\n")
    assert off.state == "ok"
    place, announced = await examined(tmp_path, DECIDED)
    assert str(tmp_path / "pages" / "records") in place.detail
    assert place.state in ("ok", "warning")  # by the free disk of this machine
    assert announced.state == "ok"
    (tmp_path / "taken").write_bytes(b"")
    place, _ = await examined(tmp_path, f'{DECIDED}[records]\ndir = "taken"\n')
    assert place.state == "fault"

    port = free_port()
    with_service = f'{DECIDED}[records]\nurl = "http://127.0.0.1:{port}"\n'
    silent, _ = await examined(tmp_path, with_service)
    assert (silent.check, silent.state) == ("[records] url", "fault")

    async def refuse(request: web.Request) -> web.Response:
        as_page = web.Response(text="<p>", content_type="text/html")
        return web.json_response({"code": "x"}, status=403) if request.path.startswith("/v1/") else as_page

    app = web.Application()
    app.router.add_get("/{rest:.*}", refuse)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
        answers, _ = await examined(tmp_path, with_service)
        assert answers.state == "ok"
    finally:
        await runner.cleanup()


def test_an_agent_alone_needs_to_know_the_records_service(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "kikimori.toml"
    file.write_text(DECIDED, encoding="utf-8")
    assert main(["agent", "--config", str(file)]) == ConfigError.exit_code
    assert '[records] url = "http://127.0.0.1:8770"' in capsys.readouterr().err
