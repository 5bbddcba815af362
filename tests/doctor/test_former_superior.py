"""Findings of `config check` about `[pbx] superior` before and after the directory has taken it over."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING

from kikimori import parts
from kikimori.cli.main import main
from kikimori.doctor.former_superior import look_at_former_superior
from kikimori_dashboard.config import read_settings
from kikimori_records.people.superiors import import_former
from kikimori_records.store import Store

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_it_says_how_to_remove_what_was_taken_over(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "kikimori.toml"
    # As the version before wrote it.
    file.write_text(
        f'[pbx]\nsuperior = "210"\nsuperior_name = "課長 木村"\n[dashboard]\nport = 0\nstate_dir = "{tmp_path / "state"}"\n',
        encoding="utf-8",
    )
    settings = read_settings(file)
    assert (settings.pbx.superior, settings.pbx.superior_name) == ("210", "課長 木村")
    assert list(look_at_former_superior(settings)) == []
    assert not (tmp_path / "state").exists()

    async def start() -> None:
        store = await Store.open(settings.store_settings())
        await import_former(store, "210", "課長 木村")
        await store.close()

    asyncio.run(start())
    (found,) = look_at_former_superior(settings)
    assert found.next_step.startswith("remove superior and superior_name from [pbx]")
    main(["config", "check", "--config", str(file)])
    assert "[pbx] superior: has been taken over into the directory" in capsys.readouterr().err
    file.write_text(f'[dashboard]\nport = 0\nstate_dir = "{tmp_path / "state"}"\n', encoding="utf-8")
    assert list(look_at_former_superior(read_settings(file))) == []


def test_a_machine_of_the_agent_alone_is_not_asked_for_the_database(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its configuration may name a superior; the libraries of the database are not there."""
    monkeypatch.setitem(parts.MODULES, "dashboard", ("no_such_library",))
    monkeypatch.setitem(sys.modules, "sqlalchemy", None)
    for each in [name for name in sys.modules if name.startswith("kikimori_records.people")]:
        monkeypatch.delitem(sys.modules, each)
    file = tmp_path / "kikimori.toml"
    file.write_text('[pbx]\nsuperior = "210"\n', encoding="utf-8")
    assert list(look_at_former_superior(read_settings(file))) == []
