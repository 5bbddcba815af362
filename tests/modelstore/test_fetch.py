"""Fetching a model from a real HTTP server that behaves well and badly."""

# ruff: noqa: ASYNC240 - a test may wait for the disk

from __future__ import annotations

import io
import shutil
import stat
import zipfile
from typing import TYPE_CHECKING, Any

import pytest
from tests.modelstore.conftest import NAME, archive, model_files

from kikimori.modelstore import ModelStoreError, Progress, UnknownModelError
from kikimori.modelstore import fetch as real_fetch
from kikimori.modelstore.download import ATTEMPTS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.modelstore.conftest import Server


async def fetch(server: Server, into: Path, name: str = NAME, **fields: Any) -> Path:
    """Fetch without waiting between attempts."""
    return await real_fetch(name, into, catalogue=server.catalogue(**fields), first_wait_s=0.001, silence_s=5)


def holds_the_model(place: Path) -> bool:
    found = {str(path.relative_to(place)): path.read_bytes() for path in place.rglob("*") if path.is_file()}
    return found == model_files()


async def test_a_full_download_is_put_in_place(server: Server, tmp_path: Path) -> None:
    told: list[Progress] = []
    place = await real_fetch(NAME, tmp_path, progress=told.append, catalogue=server.catalogue())
    assert place == tmp_path / NAME
    assert holds_the_model(place)
    assert [each.name for each in tmp_path.iterdir()] == [NAME]
    assert list(dict.fromkeys(each.phase for each in told)) == ["download", "verify", "unpack"]
    for phase in ("download", "verify", "unpack"):
        last = [each for each in told if each.phase == phase][-1]
        assert last.done == last.total
    await fetch(server, tmp_path)
    assert len(server.seen) == 1, "an installed model is not fetched again"


async def test_it_goes_on_where_it_broke_off(server: Server, tmp_path: Path) -> None:
    server.break_after = [100_000, 50_000]
    assert holds_the_model(await fetch(server, tmp_path))
    starts = [int(each.removeprefix("bytes=")[:-1]) for each in server.seen[1:] if each]
    assert server.seen[0] is None
    assert len(starts) == 2
    assert 0 < starts[0] <= 100_000
    assert starts[0] < starts[1] <= 150_000


async def test_a_later_run_goes_on_too(server: Server, tmp_path: Path) -> None:
    # After the first break the server is gone for good.
    server.break_after = [100_000] + [0] * ATTEMPTS
    with pytest.raises(ModelStoreError, match="given up") as caught:
        await fetch(server, tmp_path)
    assert "goes on where it broke off" in caught.value.next_step
    kept = (tmp_path / f"{NAME}.zip.part").stat().st_size
    assert kept > 0
    server.break_after, server.seen = [], []
    assert holds_the_model(await fetch(server, tmp_path))
    assert server.seen == [f"bytes={kept}-"]


async def test_a_server_that_knows_no_ranges(server: Server, tmp_path: Path) -> None:
    server.ranges = False
    server.break_after = [100_000]
    assert holds_the_model(await fetch(server, tmp_path))


@pytest.mark.parametrize("etag", ['"1"', ""])
async def test_a_file_that_changed_meanwhile_is_not_mixed(server: Server, tmp_path: Path, etag: str) -> None:
    old = server.content
    server.etag = etag
    server.break_after = [100_000] + [0] * ATTEMPTS
    with pytest.raises(ModelStoreError, match="given up"):
        await fetch(server, tmp_path)
    assert server.content == old
    newer = {"README": b"newer" * 100} | model_files()
    server.content, server.etag, server.break_after = archive(newer), etag and '"2"', []
    fields: dict[str, Any] = {"files": {}}
    if etag:
        place = await fetch(server, tmp_path, **fields)
        assert (place / "README").read_bytes() == newer["README"]
    else:
        # Nothing tells the versions apart but the hash; the mixture is kept aside, and the next run is whole.
        with pytest.raises(ModelStoreError, match="is not"):
            await fetch(server, tmp_path, zip_size=None, **fields)
        await fetch(server, tmp_path, **fields)


async def test_what_is_longer_than_the_file_is_put_aside(server: Server, tmp_path: Path) -> None:
    (tmp_path / f"{NAME}.zip.part").write_bytes(b"x" * (len(server.content) + 10))
    assert holds_the_model(await fetch(server, tmp_path, zip_size=None))
    assert [each.name for each in tmp_path.glob("*.stale-*")] == [f"{NAME}.zip.part.stale-1"]


async def test_passing_trouble_of_the_server_is_waited_out(server: Server, tmp_path: Path) -> None:
    server.statuses = [503, 502, 429]
    assert holds_the_model(await fetch(server, tmp_path))


async def test_a_missing_file_is_said_at_once(server: Server, tmp_path: Path) -> None:
    server.statuses = [404]
    with pytest.raises(ModelStoreError, match="404 Not Found"):
        await fetch(server, tmp_path)
    assert len(server.seen) == 1


async def test_without_known_size_and_hash_the_files_decide(server: Server, tmp_path: Path) -> None:
    server.hide_length = True
    unknown: dict[str, Any] = {"zip_size": None, "zip_sha256": None}
    assert holds_the_model(await fetch(server, tmp_path, **unknown))
    shutil.rmtree(tmp_path / NAME)
    server.content = archive(model_files() | {"am/final.mdl": b"another"})
    with pytest.raises(ModelStoreError, match=r"am/final\.mdl: 7 bytes, should be 300000"):
        await fetch(server, tmp_path, **unknown)
    assert not (tmp_path / NAME).exists()


async def test_a_wrong_hash_keeps_the_file_and_says_what_to_do(server: Server, tmp_path: Path) -> None:
    with pytest.raises(ModelStoreError, match="SHA-256") as caught:
        await fetch(server, tmp_path, zip_sha256="0" * 64)
    assert "try again" in caught.value.next_step
    assert [each.name for each in tmp_path.iterdir()] == [f"{NAME}.zip.bad-1"]
    assert (tmp_path / f"{NAME}.zip.bad-1").read_bytes() == server.content


async def test_a_wrong_size_is_refused_before_it_is_fetched(server: Server, tmp_path: Path) -> None:
    with pytest.raises(ModelStoreError, match="the catalogue says 5"):
        await fetch(server, tmp_path, zip_size=5)
    assert not (tmp_path / f"{NAME}.zip.part").stat().st_size


async def test_a_truncated_archive_is_refused(server: Server, tmp_path: Path) -> None:
    server.content = server.content[:-500]
    with pytest.raises(ModelStoreError, match="not an archive that can be unpacked"):
        await fetch(server, tmp_path, zip_sha256=None)
    assert not (tmp_path / NAME).exists()


def _with(name: str, content: bytes = b"x", mode: int = 0) -> bytes:
    buffer = io.BytesIO(archive(model_files()))
    with zipfile.ZipFile(buffer, "a", zipfile.ZIP_DEFLATED) as made:
        info = zipfile.ZipInfo(name)
        info.external_attr = mode << 16
        info.compress_type = zipfile.ZIP_DEFLATED
        made.writestr(info, content)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda: _with("../outside"), "leads out"),
        (lambda: _with(f"{NAME}/../../outside"), "leads out"),
        (lambda: _with("/tmp/outside"), "leads out"),  # noqa: S108 - never written
        (lambda: _with(f"{NAME}\\..\\..\\outside"), "leads out"),
        (lambda: _with(f"{NAME}/link", b"/etc/passwd", stat.S_IFLNK | 0o777), "link"),
        (lambda: _with(f"{NAME}/zeros", bytes(50_000_000)), "would unpack to"),
        (lambda: _with(f"{NAME}/conf/model.conf/"), None),
    ],
)
async def test_a_dangerous_archive_writes_nothing(
    server: Server, tmp_path: Path, make: Callable[[], bytes], reason: str | None
) -> None:
    server.content = make()
    into = tmp_path / "deep" / "models"
    if reason is None:
        assert holds_the_model(await fetch(server, into))
        return
    with pytest.raises(ModelStoreError, match=reason):
        await fetch(server, into)
    assert [each.name for each in into.iterdir() if not each.name.startswith(f"{NAME}.zip.part")] == []
    assert [each.name for each in tmp_path.iterdir()] == ["deep"]


async def test_an_archive_without_a_folder_of_its_own(server: Server, tmp_path: Path) -> None:
    server.content = archive(model_files(), top="")
    assert holds_the_model(await fetch(server, tmp_path))


async def test_an_archive_that_is_no_model(server: Server, tmp_path: Path) -> None:
    server.content = archive({"readme.txt": b"hello"})
    with pytest.raises(ModelStoreError, match=r"am/final\.mdl: missing"):
        await fetch(server, tmp_path, files={})
    assert not (tmp_path / NAME).exists()


async def test_an_unknown_name_suggests_the_closest(server: Server, tmp_path: Path) -> None:
    with pytest.raises(UnknownModelError, match="no speech model") as caught:
        await fetch(server, tmp_path, name="vosk-model-tset-0.1")
    assert f"did you mean {NAME}?" in caught.value.next_step
    assert caught.value.exit_code == 2


async def test_a_folder_that_cannot_be_written(server: Server, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ModelStoreError, match="cannot write") as caught:
        await fetch(server, tmp_path / "file" / "models")
    assert "--dir" in caught.value.next_step


async def test_nobody_listens(server: Server, tmp_path: Path) -> None:
    server.url = "http://127.0.0.1:1/model.zip"
    with pytest.raises(ModelStoreError, match="given up after 5 attempts") as caught:
        await fetch(server, tmp_path)
    assert "check the network" in caught.value.next_step
