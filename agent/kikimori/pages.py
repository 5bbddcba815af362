"""The dashboard's pages as `kikimori dashboard` and `kikimori up` serve them; loads nothing of the agent."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

import kikimori_dashboard
from kikimori.errors import KikimoriError
from kikimori_dashboard.https.ports import PortNotOpenError

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
        KikimoriError: the port is taken, certificate or database cannot be used.
    """
    try:
        await kikimori_dashboard.serve(settings, ready, identity=identity, store=store, show_first=show_first)
    except OSError as error:
        port = error.port if isinstance(error, PortNotOpenError) else settings.port
        code = "dashboard_port_not_allowed" if error.errno == errno.EACCES else "dashboard_not_served"
        reason = error.strerror or error
        raise KikimoriError.of(code, host=settings.host, port=port, reason=reason) from error
