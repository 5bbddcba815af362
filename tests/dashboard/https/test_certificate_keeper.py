"""The keeper of the certificate: looks by itself, tells of what it finds, gives the authority and nothing else."""

from __future__ import annotations

import asyncio
import os
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
from tests.support.certificates import Authority
from tests.support.https import NAMED

from kikimori.checks.diagnosis import CheckState
from kikimori.doctor.dashboard_certificate import look_at_pages_certificate
from kikimori_dashboard import DashboardSettings
from kikimori_dashboard.https.certificate_keeper import CertificateKeeper

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from tests.support.https import OfficeCertificate

WITHIN_S = 30


def settings_of(pair: OfficeCertificate, **more: object) -> DashboardSettings:
    return DashboardSettings.model_validate(pair.settings(**more))


@asynccontextmanager
async def keeping(pair: OfficeCertificate, **more: object) -> AsyncIterator[CertificateKeeper]:
    """A keeper that looks often instead of each minute."""
    keeper = await CertificateKeeper.open(settings_of(pair, **more), look_every_s=0.02)
    task = asyncio.create_task(keeper.keep())
    try:
        yield keeper
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(WITHIN_S):
        while not condition():  # noqa: ASYNC110  (files tell nobody)
            await asyncio.sleep(0.01)


def codes(keeper: CertificateKeeper) -> list[str]:
    return [each.code for each in keeper.problems]


async def test_new_files_are_found_without_being_told_of(pair: OfficeCertificate) -> None:
    async with keeping(pair) as keeper:
        first = keeper.context
        pair.renew(NAMED)
        await until(lambda: keeper.context is not first and not keeper.problems)
        assert keeper.covers("kikimori.office.example")
        assert keeper.own_name == "kikimori.office.example"


@pytest.mark.parametrize("spoil", ["gone", "folder", "half", "expired"])
async def test_files_that_cannot_be_used_change_nothing(pair: OfficeCertificate, spoil: str) -> None:
    """Also one that has ended, where the present one has not."""
    async with keeping(pair) as keeper:
        first = keeper.context
        good, key = pair.file.read_bytes(), pair.key.read_bytes()
        if spoil == "expired":
            pair.renew(days=-1)
        else:
            pair.file.unlink()
            if spoil == "folder":
                pair.file.mkdir()
            if spoil == "half":
                pair.file.write_bytes(good[:200])
        await until(lambda: keeper.problems)
        await until(lambda: codes(keeper)[0] == "certificate_former_in_use")
        assert keeper.context is first
        if spoil == "folder":
            pair.file.rmdir()
        pair.file.write_bytes(good)
        pair.key.write_bytes(key)
        await until(lambda: not keeper.problems)


async def test_a_chain_that_does_not_lead_to_the_authority_is_told_of(
    tmp_path: Path, pair: OfficeCertificate
) -> None:
    """Browsers that trust that authority refuse the pages; others open them, so they are served."""
    other = Authority(tmp_path, "other")
    async with keeping(pair, authority=other.file) as keeper:
        assert codes(keeper) == ["certificate_chain_missing"]
        assert keeper.authority is not None


async def test_only_certificates_of_the_authoritys_file_are_given(pair: OfficeCertificate) -> None:
    file = pair.folder / "authority.crt"
    alone = file.read_text("utf-8").strip()
    file.write_text(f"{pair.key.read_text('utf-8')}\nnote\n{alone}\n", encoding="utf-8")
    async with keeping(pair) as keeper:
        assert keeper.authority == f"{alone}\n".encode()
        file.unlink()
        await until(lambda: keeper.authority is None)
        os.mkfifo(file)
        pair.renew()
        first = keeper.context
        await until(lambda: keeper.context is not first)
        assert keeper.authority is None


def test_names_that_the_certificate_does_not_cover_are_a_warning(pair: OfficeCertificate) -> None:
    """Plain HTTP leads on from such a name, and a proxy may have it."""
    pair.renew(NAMED)
    fields = {"host_names": ["kikimori", "a.branch.example"], "public_url": "https://other.example"}
    warning, good = look_at_pages_certificate(settings_of(pair, **fields))
    assert (warning.state, warning.check) == (CheckState.WARNING, "[dashboard] certificate")
    assert "not for kikimori, other.example" in warning.detail
    assert good.state is not CheckState.FAULT
    pair.renew(days=-1)
    assert look_at_pages_certificate(settings_of(pair))[-1].state is CheckState.FAULT
