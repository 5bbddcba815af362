"""`kikimori store`, as an administrator types it."""

from __future__ import annotations

import asyncio
import json
import os
from typing import TYPE_CHECKING

import pytest
from tests.support.program import ProgramResult, kikimori
from tests.support.stores import opened

from kikimori.cli.main import main
from kikimori.cli.store_options import folder_of_keys, folder_of_service, in_place
from kikimori.cli.terminal import SYSTEM_CONFIG
from kikimori_dashboard import DashboardSettings
from kikimori_records import people
from kikimori_records.backup import back_up
from kikimori_records.checkup import examine_store
from kikimori_records.migrating import newest_version
from kikimori_records.people import NewPerson
from kikimori_records.settings import FILE, StoreSettings

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.postgres import Postgres

SERVICE = 64321
"""A user that nobody else has."""


def config_of(folder: Path, text: str) -> Path:
    config = folder / "kikimori.toml"
    config.write_text(text, encoding="utf-8")
    return config


def ran(capsys: pytest.CaptureFixture[str], config: Path, *arguments: str | Path) -> ProgramResult:
    """Run the command in this process: a new one takes seconds to load."""
    capsys.readouterr()
    code = main(["store", *map(str, arguments), "--config", str(config)])
    said = capsys.readouterr()
    return ProgramResult(code, said.out, said.err)


async def _fill(folder: Path) -> None:
    async with opened(StoreSettings(dir=folder)) as store:
        await people.add(store, NewPerson("佐藤"))


def test_check_backup_and_restore(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = config_of(tmp_path, "[store]\ndir = 'old'\n")
    fresh = ran(capsys, config, "check")
    assert (fresh.code, "none yet" in fresh.out) == (0, True)
    asyncio.run(_fill(tmp_path / "old"))
    backup = ran(capsys, config, "backup", tmp_path / "backup")
    assert (backup.code, "1 people" in backup.out) == (0, True)
    assert (tmp_path / "backup").stat().st_mode & 0o077 == 0
    again = ran(capsys, config, "backup", tmp_path / "backup")
    assert (again.code, "exists already" in again.err) == (1, True)
    config_of(tmp_path, "[store]\ndir = 'new'\n")
    restored = ran(capsys, config, "restore", tmp_path / "backup")
    assert restored.code == 0, restored.err
    twice = ran(capsys, config, "restore", tmp_path / "backup")
    assert (twice.code, "empty one only" in twice.err) == (1, True)
    checked = ran(capsys, config, "check", "--json")
    found = {each["check"]: each for each in map(json.loads, checked.out.splitlines())}
    assert (checked.code, found["people"]["detail"], found["audit"]["state"]) == (0, "1", "ok")


async def test_postgresql_is_migrated_by_hand(tmp_path: Path, postgres: Postgres) -> None:
    """Two at once: one works, the other finds it done."""
    settings = postgres.settings(tmp_path)
    text = f'[store]\nurl = "{settings.url}"\npassword_file = "{settings.password_file}"\ndir = "state"\n'
    config = config_of(tmp_path, text)
    (schema,) = [each for each in examine_store(settings) if each.check == "schema"]
    assert (schema.detail, schema.next_step) == (f"none, needed {newest_version()}", "kikimori store migrate")
    ended = await asyncio.gather(*(kikimori("store", "migrate", "--config", config) for _ in range(2)))
    assert [each.code for each in ended] == [0, 0], [each.err for each in ended]
    async with opened(settings) as store:
        assert await people.list_people(store) == []


def test_a_server_that_does_not_answer_is_told_in_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url = "postgresql://kikimori@127.0.0.1:1/kikimori"
    config = config_of(tmp_path, f'[store]\nurl = "{url}"\ndir = "state"\n')
    for action in (["check"], ["migrate"], ["backup", str(tmp_path / "backup")]):
        ended = ran(capsys, config, *action)
        assert ended.code == 1
        assert "does not answer" in ended.out + ended.err
    assert not (tmp_path / "backup").exists()


def test_a_file_of_another_user_and_open_rights_are_faults(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asyncio.run(_fill(tmp_path / "data"))
    (tmp_path / "data" / FILE).chmod(0o644)
    config = config_of(tmp_path, "[store]\ndir = 'data'\n")
    ended = ran(capsys, config, "check")
    assert ended.code == 1
    assert "others on this machine may read it" in ended.out
    if os.geteuid() == 0:
        os.chown(tmp_path / "data" / FILE, SERVICE, SERVICE)
        assert "of another user than" in ran(capsys, config, "check").out


def test_a_dashboard_that_runs_is_not_migrated_below_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def beside() -> None:
        async with opened(StoreSettings(dir=tmp_path / "data")):
            config = config_of(tmp_path, "[store]\ndir = 'data'\n")
            ended = ran(capsys, config, "migrate")
            assert (ended.code, "another dashboard" in ended.err) == (1, True)

    asyncio.run(beside())


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
async def test_root_takes_the_identity_of_the_folders_owner(tmp_path: Path) -> None:
    """Also where only root may pass a folder above it, as systemd has it for its own users."""
    folder = tmp_path / "private" / "state"
    folder.mkdir(parents=True, mode=0o700)
    (tmp_path / "private").chmod(0o700)
    os.chown(folder, SERVICE, SERVICE)
    config = config_of(tmp_path, f"[store]\ndir = '{folder}'\n")
    await _fill(tmp_path / "made")
    with (tmp_path / "backup").open("wb") as file:
        back_up(StoreSettings(dir=tmp_path / "made"), file)
    (tmp_path / "backup").chmod(0o600)
    restored = await kikimori("store", "restore", tmp_path / "backup", "--config", config)
    assert restored.code == 0, restored.err
    assert {each.stat().st_uid for each in folder.iterdir()} == {SERVICE}


def test_what_root_restores_before_the_first_start_is_where_the_service_looks(tmp_path: Path) -> None:
    """Not in the home of root: the service began empty there, after a restore that had said that all is well."""
    folders = (tmp_path / "kikimori-dashboard", tmp_path / "kikimori")
    dashboard = DashboardSettings()
    found = in_place(dashboard, SYSTEM_CONFIG, folders)
    assert found.dir == (folders[0] if os.geteuid() == 0 else None)
    folders[1].mkdir()
    assert in_place(dashboard, SYSTEM_CONFIG, folders).dir == folders[1]
    # With a configuration of one's own nothing of the service's is touched.
    assert in_place(dashboard, tmp_path / "kikimori.toml", folders).dir is None


def test_keys_are_those_of_the_service_and_not_of_a_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A backup holds the key that agents trust, also where root once ran a dashboard by hand."""
    home = tmp_path / "root" / ".local" / "state" / "kikimori-dashboard"
    home.mkdir(parents=True)
    (home / "keys-own-dashboard.json").touch()
    monkeypatch.setenv("HOME", str(tmp_path / "root"))
    monkeypatch.delenv("STATE_DIRECTORY", raising=False)
    service = tmp_path / "kikimori-dashboard"
    service.mkdir()
    dashboard = DashboardSettings()
    assert folder_of_keys(dashboard, in_place(dashboard, SYSTEM_CONFIG, (service,))) == service
    # Keys from before `[store] dir` was written are read on where they are.
    moved = DashboardSettings.model_validate({"store": {"dir": str(service)}})
    assert folder_of_keys(moved, moved.store_settings()) == home


def test_the_services_folder_is_the_one_with_a_database(tmp_path: Path) -> None:
    pages, agent = tmp_path / "kikimori-dashboard", tmp_path / "kikimori"
    agent.mkdir()
    assert folder_of_service((pages, agent)) == agent
    pages.mkdir()
    assert folder_of_service((pages, agent)) == pages
    (agent / FILE).touch()
    assert folder_of_service((pages, agent)) == agent
