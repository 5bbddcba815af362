"""The dashboard's pages as `kikimori dashboard` and `kikimori up` serve them; loads nothing of the agent."""

from __future__ import annotations

from typing import TYPE_CHECKING

import kikimori_dashboard
from kikimori.errors import KikimoriError

if TYPE_CHECKING:
    from collections.abc import Callable

    from kikimori_core.wire.key_store import Identity
    from kikimori_records.store import Store


async def serve_dashboard(
    settings: kikimori_dashboard.DashboardSettings,
    ready: Callable[[str], None] | None = None,
    identity: Identity | None = None,
    store: Store | None = None,
    show_first: Callable[[str], None] | None = None,
) -> None:
    """Serve the pages until cancelled; see `serve`.

    Raises:
        KikimoriError: the port is taken, the database cannot be used.
    """
    try:
        await kikimori_dashboard.serve(settings, ready, identity=identity, store=store, show_first=show_first)
    except OSError as error:
        raise KikimoriError.of(
            "dashboard_not_served", host=settings.host, port=settings.port, reason=error.strerror or error
        ) from error
