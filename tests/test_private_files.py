"""The state folder and what the agent writes into it: for its user alone, whatever the umask."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from structlog.testing import capture_logs

from kikimori.bus import Outbox
from kikimori.bus.kept import KeptAlert
from kikimori.control.held import HeldBook
from kikimori.private_files import make_private

if TYPE_CHECKING:
    from collections.abc import Iterator

ALERT = KeptAlert("a", 1, 2, is_open=True, payload=b"x" * 10_000, updated_at=0.0, shown_from=1)


@pytest.fixture(params=[0o000, 0o022, 0o077])
def _umask(request: pytest.FixtureRequest) -> Iterator[None]:
    before = os.umask(request.param)
    yield
    os.umask(before)


def modes(folder: Path) -> dict[str, str]:
    found = [folder, *folder.iterdir()]
    return {path.name: oct(stat.S_IMODE(path.stat().st_mode)) for path in found}


async def write_all(folder: Path) -> dict[str, str]:
    """Write as an agent does that has an alert to send and a customer on hold; return the modes meanwhile."""
    outbox = await Outbox.open(folder / "outbox-front.sqlite3")
    await outbox.keep(ALERT)
    await HeldBook(folder / "held-front.json").put("c1", {"state": "held"})
    found = modes(folder)
    await outbox.aclose()
    return found


@pytest.mark.usefixtures("_umask")
async def test_what_is_new_is_private(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    expected = {
        "state": "0o700",
        "outbox-front.sqlite3": "0o600",
        "outbox-front.sqlite3-wal": "0o600",
        "held-front.json": "0o600",
    }
    found = await write_all(folder)
    assert expected.items() <= found.items()
    assert set(found.values()) == {"0o700", "0o600"}


async def test_what_an_earlier_release_left_open_is_tightened(tmp_path: Path) -> None:
    """A folder of 0755 with an outbox of 0644, as a start by hand made them."""
    folder = tmp_path / "state"
    await write_all(folder)
    aside = folder / "outbox-front.sqlite3.corrupt-1"
    aside.write_bytes(b"numbers")
    beside = ("models", "journal-front", "records")
    for name in beside:
        (folder / name).mkdir()
    folder.chmod(0o755)
    for path in folder.iterdir():
        path.chmod(0o755 if path.is_dir() else 0o644)
    found = await write_all(folder)
    assert {found.pop(name) for name in beside} == {"0o755"}
    assert found.pop("state") == "0o700"
    assert set(found.values()) == {"0o600"}


def test_a_folder_that_others_use_too_keeps_its_mode(tmp_path: Path) -> None:
    folder = tmp_path / "shared"
    folder.mkdir(mode=0o755)
    (folder / "somebody's").write_text("x", encoding="utf-8")
    (folder / "outbox-front.sqlite3").write_text("x", encoding="utf-8")
    (folder / "held-elsewhere.json").symlink_to(folder / "somebody's")
    folder.chmod(0o755)
    for name in ("somebody's", "outbox-front.sqlite3"):
        (folder / name).chmod(0o644)
    with capture_logs() as logs:
        make_private(folder)
    found = modes(folder)
    assert (found["shared"], found["somebody's"], found["outbox-front.sqlite3"]) == (
        "0o755",
        "0o644",
        "0o600",
    )
    assert [each["event"] for each in logs] == ["state_folder_shared"]
