"""The doctor on `[listening]`: off, on, and whether the address that it names takes streams."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.support.browser import dashboard, dashboard_settings
from tests.support.https import OfficeCertificate
from tests.support.ports import free_port

from kikimori.config import AgentConfig
from kikimori.doctor.browser_listening import look_at_browser_listening
from kikimori_core.wire.listening import ListeningTable
from kikimori_core.wire.settings import BrokerSettings

if TYPE_CHECKING:
    from pathlib import Path


async def said(**table: object) -> tuple[str, str]:
    found = await look_at_browser_listening(AgentConfig(listening=ListeningTable.model_validate(table)))
    return str(found.state), found.detail


@pytest.mark.parametrize(
    ("table", "detail"),
    [({"enabled": False}, "enabled = false"), ({"streams": 3, "past_s": 20}, "up to 3 calls at a time")],
)
async def test_what_is_offered(table: dict[str, object], detail: str) -> None:
    state, found = await said(**table)
    assert (state, detail in found) == ("ok", True)


async def test_the_pages_are_asked_where_their_address_is_named(tmp_path: Path) -> None:
    office = OfficeCertificate(tmp_path)
    settings = dashboard_settings(BrokerSettings(port=1), **office.settings())
    async with dashboard(settings) as url:
        state, detail = await said(url=url, ca_file=office.authority.file)
        assert (state, "takes streams" in detail) == ("ok", True)
        state, detail = await said(url=url)
        assert (state, "does not answer" in detail) == (
            "fault",
            True,
        )  # of an authority that it does not know
    state, detail = await said(url=f"https://127.0.0.1:{free_port()}")
    assert (state, "does not answer" in detail) == ("fault", True)
