"""Requests of the tap to ARI, with answers that are no fault. Each raises AriError and AriAwayError else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kikimori.integrations.asterisk.ari import AriAwayError, AriError
from kikimori_core.messages import text

if TYPE_CHECKING:
    from kikimori.integrations.asterisk.ari import AriClient, Json


async def exists(client: AriClient, path: str) -> bool:
    try:
        await client.get(path)
    except AriError as error:
        if error.status == 404:
            return False
        raise
    return True


async def listed(client: AriClient, path: str) -> list[Json]:
    found = await client.get(path)
    if not isinstance(found, list):
        raise AriAwayError(text("ari_no_list", path=path))
    return [each for each in found if isinstance(each, dict) and isinstance(each.get("id"), str)]


async def ask_for(client: AriClient, app: str, events: tuple[str, ...]) -> None:
    try:
        await client.put(f"/applications/{app}/eventFilter", {"allowed": [{"type": each} for each in events]})
    except AriError as error:
        # Before Asterisk 16.5 there was no filter; everything comes then.
        if error.status != 404:
            raise


async def deleted(client: AriClient, path: str) -> bool:
    try:
        await client.delete(path)
    except AriError:
        return False
    return True
