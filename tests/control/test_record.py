"""The agent's record of commands: complete, only ever longer, and any change in it is found."""

from __future__ import annotations

import asyncio
import json
import stat
from typing import TYPE_CHECKING

import pytest
from tests.support import sample
from tests.support.program import kikimori
from tests.support.signing import RUN, signed, trusting_dashboard

from kikimori.bus.commands import CommandReceiver
from kikimori.bus.gate import CommandGate
from kikimori.control.chain import BrokenChainError, append, end_of, entries
from kikimori.control.record import REFUSED_A_MINUTE, CommandRecord

if TYPE_CHECKING:
    from pathlib import Path

    from kikimori_core.wire.messages import Command, CommandResult


async def done(command: Command) -> CommandResult:
    return sample.result(command.command_id)


async def recorded(path: Path, payloads: list[bytes]) -> None:
    """Have a desk take commands and keep its record there."""
    record = CommandRecord(path)
    desk = CommandReceiver(
        sample.TOPICS,
        done,
        lambda *_: None,
        gate=CommandGate(sample.SITE, sample.AGENT, RUN, trusting_dashboard()),
        witness=record,
        now=lambda: sample.NOON,
    )
    async with asyncio.TaskGroup() as tasks:
        for payload in payloads:
            desk.receive(payload, tasks)
    await record.aclose()


async def test_who_where_to_and_what_came_of_it(tmp_path: Path) -> None:
    path = tmp_path / "state" / "commands-agent-1.jsonl"
    await recorded(
        path, [signed(sample.command()), sample.command("forged", target="09901234567").to_bytes()]
    )
    await recorded(path, [signed(sample.command("later")), b"garbage"])
    found = list(entries(path))
    assert [(each["n"], each["event"]) for each in found] == [
        (1, "taken"), (2, "refused"), (3, "answered"), (4, "taken"), (5, "refused"), (6, "answered"),
    ]  # fmt: skip
    assert found[2] | {
        "person": "高橋 課長", "person_id": "p-1", "role": "supervisor", "target": "200", "dashboard": "dashboard", "why": "threat",
        "outcome": "instructed", "action": "hold_transfer", "call_id": "call-1",
    } == found[2]  # fmt: skip
    assert found[2] | {
        "proposed_by": "高橋 課長", "proposed_person_id": "p-1", "agreed_by": "木村 さくら", "agreed_person_id": "p-2", "warnings": 2,
    } == found[2]  # fmt: skip
    assert (found[1]["target"], found[1]["reason"]) == ("09901234567", "unsigned")
    assert found[4]["reason"] == "broken_envelope"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


async def test_any_change_is_found(tmp_path: Path) -> None:
    path = tmp_path / "commands.jsonl"
    await recorded(path, [signed(sample.command(f"c-{number}")) for number in range(4)])
    lines = path.read_text("utf-8").splitlines(keepends=True)
    changed = lines[2].replace("call-1", "call-2")
    for tampered in (
        [*lines[:2], changed, *lines[3:]],
        [*lines[:2], *lines[3:]],
        lines[1:],
        [lines[1], lines[0], *lines[2:]],
        [*lines[:3], lines[2], *lines[3:]],
        [*lines, "not an entry\n"],
        [*lines[:2], "not an entry\n", *lines[2:]],
    ):
        path.write_text("".join(tampered), "utf-8")
        with pytest.raises(BrokenChainError):
            list(entries(path))
    path.write_text("".join(lines), "utf-8")
    assert len(list(entries(path))) == 8


def test_a_line_that_a_crash_tore_is_named_and_no_damage(tmp_path: Path) -> None:
    path = tmp_path / "commands.jsonl"
    append(path, end_of(path), [{"event": "taken"}, {"event": "answered"}])
    whole = path.read_bytes()
    for cut in (1, 2, 20, len(whole.splitlines()[1]) - 1):
        path.write_bytes(whole[:-cut])
        end = append(path, end_of(path), [{"event": "taken"}])
        found = list(entries(path))
        # One that lacks nothing but the end of its line is whole.
        assert [each["event"] for each in found] == ["taken", "answered" if cut == 1 else "resumed", "taken"]
        assert end.number == 3
        append(path, end_of(path), [{"event": "more"}])
        assert len(list(entries(path))) == 4


def test_it_may_be_written_while_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "commands.jsonl"
    end = append(path, end_of(path), [{"event": "taken"}, {"event": "answered"}])
    whole = path.read_bytes()
    append(path, end, [{"event": "taken"}])
    third = path.read_bytes()[len(whole) :]
    path.write_bytes(whole + third[:20])
    reading = entries(path)
    assert next(reading)["event"] == "taken"
    with path.open("ab") as file:
        file.write(third[20:])
    assert [each["event"] for each in reading] == ["answered"]
    assert len(list(entries(path))) == 3


async def test_a_flood_of_forged_commands_does_not_fill_the_disk(tmp_path: Path) -> None:
    path = tmp_path / "commands.jsonl"
    flood = [sample.command(f"f-{number}").to_bytes() for number in range(500)]
    await recorded(path, [*flood, signed(sample.command("honest"))])
    found = list(entries(path))
    assert len(found) == REFUSED_A_MINUTE + 2
    assert found[-2]["left_out"] == 500 - REFUSED_A_MINUTE


async def test_the_program_prints_and_checks_it(tmp_path: Path) -> None:
    file = tmp_path / "kikimori.toml"
    file.write_text(f'agent_id = "agent-1"\nstate_dir = "{tmp_path}"\n', encoding="utf-8")
    path = tmp_path / "commands-agent-1.jsonl"
    await recorded(path, [signed(sample.command())])
    ended = await kikimori("audit", "--agent", "--json", "--config", file)
    assert [json.loads(each)["event"] for each in ended.out.splitlines()] == ["taken", "answered"]
    path.write_text(path.read_text("utf-8").replace("call-1", "call-9"), "utf-8")
    ended = await kikimori("audit", "--agent", "--config", file)
    assert (ended.code, "line 1" in ended.err) == (1, True)
