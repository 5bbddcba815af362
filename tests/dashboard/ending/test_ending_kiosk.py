"""An operator's PC without a person: it notes requests and carries out what was decided, and decides nothing."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from tests.dashboard.ending.ending_office import ENDING, entries, heard_call, propose, refused
from tests.dashboard.people.test_kiosks import bound
from tests.support.json_requests import post
from tests.support.sign_in import client

if TYPE_CHECKING:
    from tests.support.peer_agent import PeerAgent

    from kikimori_records.store import Store


async def test_it_is_nobodys_name(url: str, store: Store, agent: PeerAgent) -> None:
    await heard_call(url, agent, extension="204")
    async with client(url, "admin") as admin, client(url) as first, client(url, "both") as second:
        kiosk = await bound(url, admin)
        async with kiosk:
            assert await refused(kiosk, ENDING, {"reason": "threat"}) == (403, "person_needed")
            path = await propose(first)
            for what in ("agree", "refuse", "withdraw"):
                assert await refused(kiosk, f"{path}/{what}") == (403, "person_needed")
            assert await post(kiosk, "/api/calls/c/stop-requests") == (200, {"count": 3})
            assert await refused(kiosk, f"{path}/end") == (409, "not_agreed")
            assert (await post(second, f"{path}/agree"))[0] == 200
            order = asyncio.create_task(post(kiosk, f"{path}/end"))
            command = await agent.command()
            assert (command.issued_by, command.person_id, command.role) == ("受付", None, "operator")
            assert command.ending is not None
            assert (command.ending.proposed_by, command.ending.agreed_by) == ("高橋 課長", "木村 さくら")
            await agent.answer(command)
            assert (await order)[0] == 200
    last = (await entries(store, 9))[-1]
    assert (last["action"], last["actor_kind"], last["actor_name"]) == ("ending.end", "kiosk", "受付")
    assert (last["details"]["proposed_by"], last["details"]["agreed_by"]) == ("高橋 課長", "木村 さくら")
