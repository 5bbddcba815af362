"""The folder of database and keys: offices keep what they have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kikimori_core.wire.key_store import own_path
from kikimori_dashboard import read_settings
from kikimori_records.store import Store

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from kikimori_dashboard import DashboardSettings


def settings_of(folder: Path, text: str) -> DashboardSettings:
    file = folder / "kikimori.toml"
    file.write_text(text, encoding="utf-8")
    return read_settings(file)


async def test_an_office_of_before_gets_its_database_beside_its_keys(tmp_path: Path) -> None:
    """Configuration and state as the release before wrote them: the keys stay the same."""
    text = "site = 'tokyo'\n[dashboard]\nstate_dir = 'state'\n"
    before = settings_of(tmp_path, text).identity().key.public
    settings = settings_of(tmp_path, text)
    store = await Store.open(settings.store_settings())
    await store.close()
    assert settings.store_settings().file().parent == tmp_path / "state"
    assert settings.identity().key.public == before


def test_keys_are_read_on_where_they_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Made in systemd's folder before `[store] dir` was set; without any they are made in that folder."""
    usual, data = tmp_path / "usual", tmp_path / "data"
    monkeypatch.setenv("STATE_DIRECTORY", str(usual))
    before = settings_of(tmp_path, "").identity().key.public
    moved = settings_of(tmp_path, "[store]\ndir = 'data'\n")
    assert moved.store_settings().folder() == data
    assert moved.identity().key.public == before
    own_path(usual, "dashboard").unlink()
    assert moved.identity().key.public != before
    assert own_path(data, "dashboard").exists()
