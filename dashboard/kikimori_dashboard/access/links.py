"""One-time links: for the first administrator's account, and to sign somebody in once.

The token stands behind the `#`, so that no server, log or prefetch of a browser ever gets it by opening the page; the
page sends it when somebody presses the button.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from kikimori_dashboard.access.tokens import hash_of, new_token
from kikimori_records.people import can_administer, list_people
from kikimori_records.sessions.links import DEMO, FIRST, add_link

if TYPE_CHECKING:
    from kikimori_records.store import Store

LASTS = timedelta(minutes=30)
DEMO_LASTS = timedelta(hours=12)
PAGE = "first"
FIRST_COMMAND = "kikimori user first"


async def needs_first(store: Store) -> bool:
    """Return whether there is no administrator who can sign in."""
    everybody = await list_people(store)
    return not any(can_administer(each.roles, each.login, each.password_hash) for each in everybody)


async def first_link(store: Store) -> str:
    """Make the link for the first account; return its path. Links for it that were made before are void."""
    return await _link(store, FIRST, None, LASTS)


async def demo_link(store: Store, person_id: str) -> str:
    """Make a link that signs a person of the demo in once; return its path."""
    return await _link(store, DEMO, person_id, DEMO_LASTS)


async def _link(store: Store, kind: str, person_id: str | None, lasts: timedelta) -> str:
    token = new_token()
    now = datetime.now(UTC)
    await add_link(store, hash_of(token), kind, person_id, at=now, expires_at=now + lasts)
    return f"{PAGE}#{kind}.{token}"
