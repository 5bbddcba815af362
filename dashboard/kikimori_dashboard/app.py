"""The dashboard put together: state, subscriber, browsers, routes; and run as a service."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import structlog
from aiohttp import web

from kikimori_core.serving.connection_limiter import ConnectionLimiter, PortLimits
from kikimori_core.serving.disconnects import tolerate_disconnects
from kikimori_dashboard.access.access import Access
from kikimori_dashboard.access.account_routes import AccountRoutes
from kikimori_dashboard.access.cookies import BY_PORT
from kikimori_dashboard.access.links import FIRST_COMMAND, first_link, needs_first
from kikimori_dashboard.access.middleware import require_session
from kikimori_dashboard.access.routes import AccessRoutes
from kikimori_dashboard.audit.routes import AuditRoutes
from kikimori_dashboard.callers.customer_routes import IMPORT_PATH
from kikimori_dashboard.composition.parts import DashboardParts
from kikimori_dashboard.composition.routes import SiteRoutes
from kikimori_dashboard.handover.routes import HandoverRoutes
from kikimori_dashboard.history.routes import HistoryRoutes
from kikimori_dashboard.https.authority_file import add_authority
from kikimori_dashboard.https.certificate_keeper import CertificateKeeper
from kikimori_dashboard.https.certificate_routes import add_certificate
from kikimori_dashboard.https.ports import DashboardPorts
from kikimori_dashboard.listening.live_listening import LiveListening
from kikimori_dashboard.listening.routes import add_listening
from kikimori_dashboard.live.live import Live
from kikimori_dashboard.pages.pages import SETTINGS
from kikimori_dashboard.recording.routes import RecordingRoutes
from kikimori_dashboard.site.state import SiteState
from kikimori_dashboard.web import openapi
from kikimori_dashboard.web.guard import Guard, require_known_name
from kikimori_dashboard.web.host_names import HostNames
from kikimori_dashboard.web.large_bodies import MAX_BODY, allow_large_bodies
from kikimori_dashboard.web.proxied_limiter import limit_proxied
from kikimori_records.csv_table import MOST_BYTES
from kikimori_records.errors import StoreAwayError
from kikimori_records.store import Store

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from kikimori_core.wire.key_store import Identity
    from kikimori_dashboard.config import DashboardSettings

log = structlog.get_logger()

STATE: web.AppKey[SiteState] = web.AppKey("state", SiteState)
LIMITER: web.AppKey[ConnectionLimiter] = web.AppKey("limiter", ConnectionLimiter)
ACCESS: web.AppKey[Access] = web.AppKey("access", Access)
LIVE: web.AppKey[Live] = web.AppKey("live", Live)
LISTENING: web.AppKey[LiveListening] = web.AppKey("listening", LiveListening)
BACKGROUND: web.AppKey[asyncio.Task[None]] = web.AppKey("background", asyncio.Task)
"""Background task; ends only by cancellation or by a fault of ours."""


def create_app(
    settings: DashboardSettings,
    store: Store,
    limits: PortLimits | None = None,
    identity: Identity | None = None,
    keeper: CertificateKeeper | None = None,
) -> web.Application:
    """Make the application of one site's dashboard; it connects to the broker when it starts.

    Args:
        settings: Its settings.
        store: The open database of people and sessions.
        limits: Limits of the port.
        identity: Its key and those of the agents; without it one is made that no agent trusts.
        keeper: Keeper of its certificate; None = it has none.

    Raises:
        ConfigError: a file of sentences is wrong; who reads the settings checks it before.
    """
    parts = DashboardParts(settings, store, limits, identity, keeper)
    guard = Guard(settings)
    app = web.Application(
        middlewares=[
            tolerate_disconnects,
            limit_proxied(parts.limiter, settings.trusted_proxies),
            require_known_name(HostNames(settings, parts.keeper.covers)),
            guard.check,
            require_session(parts.access.desk),
            allow_large_bodies({IMPORT_PATH: MOST_BYTES + 1}),
        ],
        client_max_size=MAX_BODY,
    )
    app[SETTINGS] = settings
    app[STATE] = parts.state
    app[ACCESS] = parts.access
    app[BY_PORT] = not settings.only_over_tls
    app[LIVE] = parts.live
    app[LISTENING] = parts.listening
    app[LIMITER] = parts.limiter

    async def background(app: web.Application) -> AsyncIterator[None]:
        task = app[BACKGROUND] = asyncio.create_task(parts.run(), name="dashboard")
        async with parts.running():
            yield
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def close_browsers(_app: web.Application) -> None:
        await parts.close_browsers()

    app.on_response_prepare.append(guard.add_headers)
    app.on_shutdown.append(close_browsers)
    app.cleanup_ctx.append(background)
    _add_routes(app, parts)
    return app


def _add_routes(app: web.Application, parts: DashboardParts) -> None:
    settings, access, state, sights = parts.settings, parts.access, parts.state, parts.sights
    SiteRoutes(
        state,
        parts.subscriber,
        parts.live,
        parts.commands,
        parts.book,
        parts.limiter,
        access,
        sights,
        parts.reach,
        parts.unanswered,
    ).add_to(app)
    HandoverRoutes(state, sights, access.trail).add_to(app)
    AccessRoutes(access).add_to(app)
    AccountRoutes(access, settings.site_name or settings.site).add_to(app)
    parts.people.add_to(app)
    parts.callers.add_to(app)
    AuditRoutes(access, settings.time_zone).add_to(app)
    parts.history.add_to(app)
    parts.ending.add_to(app, parts.commands, parts.subscriber)
    RecordingRoutes(settings, parts.store, state, parts.records_service).add_to(app)
    HistoryRoutes(access, settings.time_zone).add_to(app)
    add_listening(app, parts.listening)
    add_authority(app, parts.keeper)
    add_certificate(app, parts.keeper)
    openapi.add_to(app)


async def serve(
    settings: DashboardSettings,
    ready: Callable[[str], None] | None = None,
    *,
    limits: PortLimits | None = None,
    identity: Identity | None = None,
    store: Store | None = None,
    show_first: Callable[[str], None] | None = None,
) -> None:
    """Serve until cancelled. `ready(url)` is called once the port is open, whether the broker is there or not.

    Args:
        settings: Its settings.
        ready: Called with the address.
        limits: Limits of the port.
        identity: Its key and those of the agents; without it they are of its state folder.
        store: The open database of people and sessions; without it the configured one is opened, and closed at the end.
        show_first: Called with the one-time link for the first account, where there is no administrator yet. None =
            nobody looks at a terminal: the log names the command that prints such a link.

    Raises:
        ConfigError: the certificate cannot be used.
        PortNotOpenError: a port is taken.
        StoreError: the database cannot be used.
    """
    if identity is None:
        identity = await asyncio.to_thread(settings.identity)
    opened = store or await Store.open(settings.store_settings())
    try:
        await _serve(settings, opened, ready, limits, identity, show_first)
    finally:
        if store is None:
            await opened.close()


async def _serve(
    settings: DashboardSettings,
    store: Store,
    ready: Callable[[str], None] | None,
    limits: PortLimits | None,
    identity: Identity,
    show_first: Callable[[str], None] | None,
) -> None:
    keeper = await CertificateKeeper.open(settings)
    app = create_app(settings, store, limits, identity, keeper)
    ports = DashboardPorts(app, app[LIMITER], settings, keeper)
    try:
        url = await ports.open()
        app[LISTENING].url = settings.public_url or url.rstrip("/")
        log.info("dashboard_ready", url=url)
        await _lead_in(store, url, show_first)
        if ready is not None:
            ready(url)
        await app[BACKGROUND]
    finally:
        await ports.close()


async def _lead_in(store: Store, url: str, show_first: Callable[[str], None] | None) -> None:
    """Show the way to the first account where there is no administrator yet; a secret never goes into the log."""
    try:
        if not await needs_first(store):
            return
        if show_first is None:
            log.warning("no_administrator", next=FIRST_COMMAND)
        else:
            show_first(url + await first_link(store))
    except StoreAwayError:
        log.warning("store_away")
