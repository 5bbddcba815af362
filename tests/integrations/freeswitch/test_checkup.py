"""Findings of the doctor about FreeSWITCH."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest_asyncio
from tests.support.freeswitch.switch import Switch

from kikimori.integrations.freeswitch.checkup import examine
from kikimori.integrations.freeswitch.settings import FreeSwitchTable
from kikimori_core.messages import in_language

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


@pytest_asyncio.fixture
async def switch(no_task_left: None) -> AsyncIterator[Switch]:  # noqa: ARG001  (watches over all)
    started = Switch("secret")
    started.phones = {"200": "answers"}
    await started.start()
    yield started
    await started.stop()


def table(switch: Switch, folder: Path, word: str = "secret") -> FreeSwitchTable:
    (folder / "password").write_text(word, encoding="utf-8")
    return FreeSwitchTable(esl_port=switch.port, esl_password_file=folder / "password")


async def test_all_is_well(switch: Switch, tmp_path: Path) -> None:
    checks = await examine(table(switch, tmp_path), tap=True, control=True, superior="200")
    assert {each.state for each in checks} == {"ok"}
    assert [each.check for each in checks] == [
        "freeswitch_esl", "freeswitch_module", "freeswitch_module", "freeswitch_music", "freeswitch_superior",
    ]  # fmt: skip


async def test_what_is_missing_is_named_with_the_next_step(switch: Switch, tmp_path: Path) -> None:
    switch.music_plays = False
    checks = await examine(table(switch, tmp_path), tap=False, control=True, superior="299")
    bad = {each.check: each for each in checks if each.state != "ok"}
    assert bad.keys() == {"freeswitch_music", "freeswitch_superior"}
    assert all(each.next_step for each in bad.values())


async def test_a_switch_without_a_domain_is_named_in_japanese(switch: Switch, tmp_path: Path) -> None:
    switch.domain = ""
    checks = await examine(table(switch, tmp_path), tap=False, control=True, superior="299")
    assert in_language(checks[-1].detail, "ja") == "299 はドメイン （なし） のユーザーではありません。"


async def test_who_is_not_let_in_is_told_why(switch: Switch, tmp_path: Path) -> None:
    (check,) = await examine(table(switch, tmp_path, "wrong"), tap=True, control=True)
    assert (check.state, "password" in check.detail) == ("fault", True)
    switch.refuses = True
    (check,) = await examine(table(switch, tmp_path), tap=True, control=True)
    assert "access list" in check.detail
    away = table(switch, tmp_path)
    await switch.stop()
    (check,) = await examine(away, tap=True, control=True)
    assert check.next_step


async def test_without_a_password_file(tmp_path: Path) -> None:
    only_media = FreeSwitchTable(tap=True, media_token_file=tmp_path / "x")
    assert [each.state for each in await examine(only_media, tap=True, control=False)] == ["ok"]
    assert [each.state for each in await examine(only_media, tap=True, control=True)] == ["fault"]
