"""The outbox alone: content, durability, bounds, and what it does when its file is damaged or cannot be written."""

# ruff: noqa: ASYNC240 - a test may wait for the disk

from __future__ import annotations

import asyncio
import gzip
import sqlite3
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.support.deadline import WITHIN_S

from kikimori.bus import Outbox, OutboxError
from kikimori.bus import outbox as outbox_module
from kikimori.bus.kept import LONGEST_S, SHOWN_AGAIN_S, KeptAlert, past, surplus
from kikimori.bus.outbox_schema import SCHEMA_VERSION
from kikimori_core.wire.messages import Alert

if TYPE_CHECKING:
    from kikimori.bus.outbox_store import Content, OutboxStore

WRITTEN_BEFORE = Path(__file__).parent / "data" / "outbox-schema-1.sqlite3.gz"


def alert(name: str, **fields: object) -> KeptAlert:
    made = KeptAlert(name, 1, 2, is_open=True, payload=name.encode(), updated_at=100.0, shown_from=1)
    return replace(made, **fields)  # type: ignore[arg-type]


ONE, TWO = alert("a"), alert("b", is_open=False, rank=0)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "outbox.sqlite3"


async def content(path: Path) -> dict[str, KeptAlert]:
    """Return what a next start would find."""
    again = await Outbox.open(path)
    assert again.problems == ()
    await again.aclose()
    return again.left_alerts


async def test_it_keeps_the_content_over_a_restart(path: Path) -> None:
    outbox = await Outbox.open(path)
    for number in range(100):
        await outbox.keep(alert(f"a-{number}", revision=number + 1, drawn=number % 2 == 0))
    await outbox.keep(alert("a-7", revision=300, held=True, payload=b"last", is_open=False, updated_at=7.25))
    outbox.drop(["a-0", "a-1", "unheard of"])
    outbox.note_call("call-1", live=True)
    outbox.note_call("call-2", live=True)
    outbox.note_call("call-2", live=False)
    await outbox.aclose()

    again = await Outbox.open(path)
    assert len(again.left_alerts) == 98
    assert again.left_alerts["a-7"] == alert(
        "a-7", revision=300, held=True, payload=b"last", is_open=False, updated_at=7.25
    )
    assert again.left_alerts["a-8"] == alert("a-8", revision=9, drawn=True)
    assert again.left_live == {"call-1"}
    assert again.migrated == ()
    assert again.problems == ()
    await again.aclose()


async def test_what_returned_is_on_the_disk(path: Path) -> None:
    """The file as another program reads it while the outbox is open."""
    outbox = await Outbox.open(path)
    await outbox.keep(ONE)
    copies = []
    for suffix in ("", "-wal"):
        source = path.with_name(path.name + suffix)
        copies.append(path.with_name(f"copy{suffix}"))
        copies[-1].write_bytes(source.read_bytes())
    database = sqlite3.connect(copies[0])
    assert database.execute("SELECT alert_id, payload FROM alert").fetchall() == [("a", b"a")]
    database.close()
    await outbox.aclose()


async def test_a_file_of_the_version_before_keeps_its_rows(path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.write_bytes(gzip.decompress(WRITTEN_BEFORE.read_bytes()))
    for _ in range(2):
        outbox = await Outbox.open(path)
        found = {each.alert_id: each for each in outbox.left_alerts.values()}
        assert {
            name: (each.revision, each.rank, each.is_open, each.held) for name, each in found.items()
        } == {
            "call-1.shouting.1": (2, 2, True, False),
            "call-2.silence.1": (2, 0, False, False),
            "call-2.shouting.1": (1, 2, True, False),
        }
        for name, each in found.items():
            assert Alert.from_bytes(each.payload).alert_id == name
        assert outbox.left_live == {"call-1", "call-2"}
        await outbox.aclose()
    database = sqlite3.connect(path)
    assert database.execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION,)
    database.close()


@pytest.mark.parametrize("damage", ["not a database at all" * 100, "middle"])
async def test_a_damaged_file_is_set_aside_and_said(path: Path, damage: str) -> None:
    outbox = await Outbox.open(path)
    await outbox.keep(alert("a", payload=b"x" * 50_000))
    await outbox.aclose()
    damaged = bytearray(path.read_bytes())
    if damage == "middle":
        damaged[4096:-100] = bytes(len(damaged) - 4196)
    else:
        damaged[:] = damage.encode()
    path.write_bytes(damaged)
    for number in (1, 2):
        again = await Outbox.open(path)
        assert [problem.code for problem in again.problems] == ["outbox_corrupt"]
        aside = path.with_name(f"{path.name}.corrupt-{number}")
        assert str(aside) in again.problems[0].detail
        assert aside.read_bytes() == damaged
        await again.keep(ONE)
        await again.aclose()
        assert await content(path) == {"a": ONE}
        path.write_bytes(damaged)


async def test_a_folder_that_cannot_be_made_names_the_next_step(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutboxError) as caught:
        await Outbox.open(tmp_path / "file" / "outbox.sqlite3")
    assert "state_dir" in caught.value.next_step


async def test_a_file_that_cannot_be_opened_names_the_next_step(path: Path) -> None:
    path.mkdir(parents=True)
    with pytest.raises(OutboxError, match="cannot be written") as caught:
        await Outbox.open(path)
    assert "state_dir" in caught.value.next_step


async def test_a_second_agent_on_the_same_file_is_refused(path: Path) -> None:
    outbox = await Outbox.open(path)
    with pytest.raises(OutboxError, match="in use by another agent"):
        await Outbox.open(path)
    await outbox.aclose()


async def test_a_newer_database_is_left_alone(path: Path) -> None:
    outbox = await Outbox.open(path)
    await outbox.aclose()
    database = sqlite3.connect(path)
    database.execute(f"PRAGMA user_version={SCHEMA_VERSION + 1}")
    database.close()
    with pytest.raises(OutboxError, match="database version"):
        await Outbox.open(path)
    assert [each.name for each in path.parent.iterdir()] == [path.name]


# --- a disk that fails


@dataclass(frozen=True, slots=True)
class Fails:
    """A change that the disk refuses."""

    error: sqlite3.Error

    def apply(self, content: Content) -> None:
        del content

    def write(self, store: OutboxStore) -> None:
        del store
        raise self.error


FULL = sqlite3.OperationalError("database or disk is full")


async def fail(outbox: Outbox, error: sqlite3.Error = FULL) -> None:
    done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    outbox._send(outbox_module._Job(Fails(error), done))  # type: ignore[arg-type]
    await done


async def back_on_disk(outbox: Outbox) -> None:
    """By itself: nobody has anything to write."""
    async with asyncio.timeout(WITHIN_S):
        while outbox.problems:  # noqa: ASYNC110  (a thread's, that sets no asyncio.Event)
            await asyncio.sleep(0.01)


async def test_a_full_disk_costs_durability_but_no_alert(path: Path) -> None:
    outbox = await Outbox.open(path)
    await outbox.keep(ONE)
    await fail(outbox)
    await outbox.keep(TWO)
    assert [problem.code for problem in outbox.problems] == ["outbox_not_durable"]
    assert "full" in outbox.problems[0].detail
    # At the end the disk is tried once more.
    await outbox.aclose()
    assert await content(path) == {"a": ONE, "b": TWO}


async def test_it_goes_back_to_the_disk_when_there_is_room_again(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody has to restart the agent for it, and what was forgotten meanwhile does not come back."""
    monkeypatch.setattr(outbox_module, "DISK_RETRY_S", 0.01)
    outbox = await Outbox.open(path)
    await outbox.keep(ONE)
    await fail(outbox)
    outbox.drop(["a"])
    await outbox.keep(TWO)
    await back_on_disk(outbox)
    await outbox.aclose()
    assert await content(path) == {"b": TWO}


async def test_a_file_that_cannot_be_read_when_it_fails_loses_nothing(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox_module, "DISK_RETRY_S", 0.01)
    outbox = await Outbox.open(path)
    await outbox.keep(ONE)
    outbox._store._db.close()
    await outbox.keep(TWO)
    await back_on_disk(outbox)
    await outbox.aclose()
    assert await content(path) == {"a": ONE, "b": TWO}


async def test_damage_while_running_starts_a_fresh_file(path: Path) -> None:
    outbox = await Outbox.open(path)
    await outbox.keep(ONE)
    await fail(outbox, sqlite3.DatabaseError("database disk image is malformed"))
    await outbox.keep(TWO)
    assert [problem.code for problem in outbox.problems] == ["outbox_corrupt"]
    await outbox.aclose()
    assert await content(path) == {"a": ONE, "b": TWO}


# --- bounds


def test_what_is_delivered_and_past_is_forgotten() -> None:
    now = 10_000.0
    known = [
        alert("open", held=True, updated_at=0),
        alert("unheld", is_open=False, updated_at=0),
        alert("unseen", is_open=False, held=True, updated_at=0),
        alert("lately", is_open=False, held=True, drawn=True, updated_at=now - SHOWN_AGAIN_S + 1),
        alert("past", is_open=False, held=True, drawn=True, updated_at=now - SHOWN_AGAIN_S - 1),
    ]
    assert past(known, now) == ["past"]


def test_too_many_go_in_order_and_an_open_critical_one_never() -> None:
    known = [
        *(alert(f"critical-{number}") for number in range(3)),
        alert("open-warning", rank=1),
        alert("open-notice", rank=0),
        alert("closed-critical", is_open=False),
        alert("closed-notice-new", is_open=False, rank=0, updated_at=200.0),
        alert("closed-notice-old", is_open=False, rank=0),
        alert("delivered", is_open=False, held=True),
        alert("seen", is_open=False, held=True, drawn=True),
    ]
    order = [
        "seen", "delivered", "closed-notice-old", "closed-notice-new", "closed-critical", "open-notice", "open-warning",
    ]  # fmt: skip
    for most in range(11):
        assert surplus(known, 300.0, most=most) == order[: max(len(known) - most, 0)]


def test_after_a_week_all_but_open_critical_ones_go() -> None:
    now = LONGEST_S + 200
    known = [
        alert("critical"), alert("warning", rank=1), alert("closed", is_open=False),
        alert("new", rank=0, updated_at=now),
    ]  # fmt: skip
    assert surplus(known, now) == ["warning", "closed"]
