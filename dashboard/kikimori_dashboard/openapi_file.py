"""`python -m kikimori_dashboard.openapi_file`: writes the OpenAPI document of the API anew."""

from __future__ import annotations

import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory

from kikimori_dashboard.app import create_app
from kikimori_dashboard.config import DashboardSettings
from kikimori_dashboard.web.openapi import FILE, text
from kikimori_records.settings import StoreSettings
from kikimori_records.store import Store


async def made() -> str:
    """Return the document of today's routes."""
    with TemporaryDirectory() as folder:
        store = await Store.open(StoreSettings(dir=Path(folder)))
        try:
            return text(create_app(DashboardSettings(), store))
        finally:
            await store.close()


if __name__ == "__main__":
    FILE.write_text(asyncio.run(made()), encoding="utf-8")
    print(f"{FILE} written")
