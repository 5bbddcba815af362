"""`kikimori audit verify` and `list`, over the agent's record and the dashboard's."""

from __future__ import annotations

import asyncio
import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text
from tests.support.stores import opened

from kikimori.cli.main import main
from kikimori.control.chain import ChainEnd, append
from kikimori_records.audit import log
from kikimori_records.audit.entry import ActorKind, AuditEntry
from kikimori_records.settings import StoreSettings

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Configuration of a machine with an agent and a dashboard."""
    file = tmp_path / "kikimori.toml"
    file.write_text("agent_id = 'a'\nstate_dir = 'state'\n[store]\ndir = 'data'\n", encoding="utf-8")
    return file


def agents_record(folder: Path) -> Path:
    path = folder / "state" / "commands-a.jsonl"
    path.parent.mkdir()
    entries: list[dict[str, Any]] = [
        {"at": "2026-04-01T00:00:01.000+00:00", "event": "taken", "action": "hold", "person": "佐藤", "call_id": "c1"},
        {"at": "2026-04-01T00:00:03.000+00:00", "event": "answered", "action": "hold", "person": "佐藤", "outcome": "done"},
    ]  # fmt: skip
    append(path, ChainEnd(), entries)
    return path


def dashboards_audit(folder: Path, *statements: str) -> None:
    async def fill() -> None:
        async with opened(StoreSettings(dir=folder / "data")) as store:
            for second in (2, 4):
                at = datetime.fromisoformat(f"2026-04-01T09:00:0{second}+09:00")
                await log.append(
                    store, AuditEntry(f"session.{second}", ActorKind.PERSON, "鈴木", "p2", at=at)
                )
            async with store.begin() as connection:
                for each in statements:
                    await connection.execute(text(each))

    asyncio.run(fill())


def ran(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    capsys.readouterr()
    code = main(["audit", *map(str, arguments)])
    said = capsys.readouterr()
    return code, said.out, said.err


def test_both_records_are_checked(tmp_path: Path, config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = ran(capsys, "verify", "--config", config)
    assert (code, "nothing was recorded" in err) == (1, True)
    agents_record(tmp_path)
    dashboards_audit(tmp_path)
    code, out, _ = ran(capsys, "verify", "--json", "--config", config)
    found = [json.loads(each) for each in out.splitlines()]
    assert code == 0
    assert [(each["record"], each["entries"], each["whole"]) for each in found] == [
        ("agent", 2, True),
        ("dashboard", 2, True),
    ]
    assert all(len(each["last_hash"]) == 64 for each in found)


def test_an_entry_that_is_being_written_counts_nowhere(
    tmp_path: Path, config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = agents_record(tmp_path)
    path.write_bytes(path.read_bytes().removesuffix(b"\n"))
    _, out, _ = ran(capsys, "verify", "--json", "--config", config)
    found = json.loads(out)
    assert (found["entries"], found["last_number"], found["whole"]) == (1, 1, True)
    assert found["last_hash"] == json.loads(path.read_bytes().splitlines()[0])["hash"]


def test_a_change_in_either_is_found(
    tmp_path: Path, config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = agents_record(tmp_path)
    dashboards_audit(
        tmp_path, "DROP TRIGGER audit_unchanged", "UPDATE audit SET actor_name = '佐藤' WHERE number = 2"
    )
    code, out, _ = ran(capsys, "verify", "--config", config)
    assert code == 1
    assert "agent: " in out
    assert "entry 2 does not follow" in out
    path.write_text(path.read_text("utf-8").replace("佐藤", "鈴木", 1), "utf-8")
    code, out, _ = ran(capsys, "verify", "--json", "--config", config)
    assert code == 1
    assert [json.loads(each)["broken_at"] for each in out.splitlines()] == [1, 2]


def test_entries_of_both_are_listed_by_time(
    tmp_path: Path, config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    agents_record(tmp_path)
    dashboards_audit(tmp_path)

    def actions(*arguments: str) -> list[str]:
        code, out, err = ran(capsys, "list", "--json", "--config", config, *arguments)
        assert code == 0, err
        return [json.loads(each)["action"] for each in out.splitlines()]

    assert actions() == ["command.hold", "session.2", "command.hold", "session.4"]
    assert actions("--record", "agent") == ["command.hold"] * 2
    assert actions("--person", "鈴") == ["session.2", "session.4"]
    assert actions("--action", "command") == ["command.hold"] * 2
    assert actions("--object", "c1") == ["command.hold"]
    # Without a zone it is the office's.
    assert actions("--since", "2026-04-01T09:00:03") == ["command.hold", "session.4"]
    assert actions("--until", "2026-04-01T00:00:02+00:00") == ["command.hold"]
    assert actions("--most", "1") == ["session.4"]
    assert actions("--most", "3") == ["session.2", "command.hold", "session.4"]
    assert len(actions("--most", "0")) == 4
    code, out, _ = ran(capsys, "list", "--config", config)
    assert (code, "鈴木: session.2" in out) == (0, True)
    assert ran(capsys, "list", "--since", "yesterday", "--config", config)[0] == 1


def test_the_command_of_before_still_works(
    tmp_path: Path, config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    agents_record(tmp_path)
    code, out, _ = ran(capsys, "--agent", "--json", "--config", config)
    assert (code, [json.loads(each)["n"] for each in out.splitlines()]) == (0, [1, 2])
    assert ran(capsys, "--config", config, "verify")[0] == 0
    with pytest.raises(SystemExit) as ended:
        main(["audit", "--config", str(config)])
    assert ended.value.code == 2
