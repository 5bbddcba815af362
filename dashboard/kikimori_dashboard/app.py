"""The dashboard put together: state, subscriber, browsers, routes; and run as a service."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import structlog
from aiohttp import web

from kikimori_core.serving.connection_limiter import ConnectionLimiter, PortLimits
from kikimori_core.serving.disconnects import tolerate_disconnects
from kikimori_core.wire.key_store import Identity
from kikimori_core.wire.settings import LOOPBACK
from kikimori_dashboard import openapi
from kikimori_dashboard.access.access import Access
from kikimori_dashboard.access.account_routes import AccountRoutes
from kikimori_dashboard.access.cookies import BY_PORT
from kikimori_dashboard.access.links import FIRST_COMMAND, first_link, needs_first
from kikimori_dashboard.access.middleware import require_session
from kikimori_dashboard.access.routes import AccessRoutes
from kikimori_dashboard.audit.routes import AuditRoutes
from kikimori_dashboard.callers.customer_routes import IMPORT_PATH
from kikimori_dashboard.callers.office_callers import OfficeCallers, tell_callers
from kikimori_dashboard.changes import PicturePart
from kikimori_dashboard.clocks import AgentClocks
from kikimori_dashboard.commands import CommandSender
from kikimori_dashboard.ending.office_ending import OfficeEnding
from kikimori_dashboard.guard import Guard, require_known_name
from kikimori_dashboard.handover_routes import HandoverRoutes
from kikimori_dashboard.history.routes import HistoryRoutes
from kikimori_dashboard.https.authority_file import add_authority
from kikimori_dashboard.https.certificate_keeper import CertificateKeeper
from kikimori_dashboard.https.certificate_routes import add_certificate
from kikimori_dashboard.https.host_names import HostNames
from kikimori_dashboard.https.ports import DashboardPorts
from kikimori_dashboard.large_bodies import allow_large_bodies
from kikimori_dashboard.left_session import read_left_session
from kikimori_dashboard.listening.live_listening import LiveListening
from kikimori_dashboard.listening.routes import add_listening
from kikimori_dashboard.live import Live
from kikimori_dashboard.outlets import SiteOutlets
from kikimori_dashboard.pages import SETTINGS
from kikimori_dashboard.people.office_people import OfficePeople
from kikimori_dashboard.proxied_limiter import limit_proxied
from kikimori_dashboard.reach import ReachTry
from kikimori_dashboard.recorded.office_history import OfficeHistory
from kikimori_dashboard.recording.routes import RecordingRoutes
from kikimori_dashboard.recording.service_watch import ServiceWatch
from kikimori_dashboard.routes import MAX_BODY, SiteRoutes
from kikimori_dashboard.sentences import read_book
from kikimori_dashboard.sights import ExtensionTeams, Sights
from kikimori_dashboard.signatures import Signatures
from kikimori_dashboard.state import SiteState
from kikimori_dashboard.state_upkeep import forget_old, note_shown
from kikimori_dashboard.subscriber import Subscriber
from kikimori_dashboard.time_keeper import keep_time
from kikimori_dashboard.unanswered.desk import UnansweredDesk
from kikimori_dashboard.unanswered.first_group import first_group
from kikimori_dashboard.views import Views
from kikimori_dashboard.worded import worded_problem
from kikimori_records.csv_table import MOST_BYTES
from kikimori_records.errors import StoreAwayError
from kikimori_records.store import Store

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from kikimori_core.wire.messages import CommandResult
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
    return _Parts(settings, store, limits, identity, keeper).application()


class _Parts:
    """Parts of one site's dashboard, connected with each other."""

    def __init__(
        self,
        settings: DashboardSettings,
        store: Store,
        limits: PortLimits | None,
        identity: Identity | None,
        keeper: CertificateKeeper | None,
    ) -> None:
        self.settings, self.store = settings, store
        self.book = read_book(settings.sentences)
        identity = identity or Identity.in_memory()
        self.state = state = SiteState(timedelta(minutes=settings.closed_minutes))
        self.keeper = keeper or CertificateKeeper(settings)
        self.keeper.changed = self._problems_changed
        views = Views(state, settings, self._problems)
        teams = ExtensionTeams()
        self.access = access = Access(
            store, teams, second_factor=settings.with_second_factor(), proxies=settings.trusted_proxies
        )
        self.sights = sights = Sights(state, views, teams)
        self.live = live = Live(views, state.changes, sights)
        teams.changed = live.changed
        self.limiter = ConnectionLimiter(limits or PortLimits(), [*LOOPBACK, *settings.trusted_proxies])
        self.clocks = AgentClocks()
        self.commands = CommandSender(state, live.changed, self.clocks)
        self.reach = ReachTry(state)
        self.subscriber = subscriber = Subscriber(
            settings.mqtt,
            settings.site,
            settings.mqtt_client_id(),
            state,
            changed=self._changed,
            on_result=self._answered,
            branch=settings.mqtt_branch(),
            signatures=Signatures(settings.site, identity, state),
        )
        live.on_drawn = subscriber.acks.drawn
        live.on_pages = subscriber.acks.pages
        self.people = OfficePeople(settings, access, state, sights, live, subscriber.signatures.directory)
        self.callers = OfficeCallers(settings, access, state, live.changed, tell_callers(subscriber.acks))
        self.history = OfficeHistory(settings, access, identity.key)
        self.unanswered = UnansweredDesk(
            settings.unanswered,
            state,
            partial(self.commands.ring_superior, subscriber),
            access.trail,
            live.changed,
            agent_now=self._agent_now,
            first_group=partial(first_group, sights, live, access.book),
        )
        state.alert_book.on_open = self.unanswered.note
        self.listening = LiveListening(
            state,
            sights,
            self.commands,
            subscriber,
            subscriber.signatures.trust,
            access.trail,
            live.changed,
        )
        self.ending = OfficeEnding(settings, access, state, sights, live.changed)
        self.records_service = ServiceWatch(store, self._problems_changed)
        self.outlets = SiteOutlets(
            settings, state, self.commands, subscriber, access.trail, self._problems_changed
        )

    def application(self) -> web.Application:
        """Return the application with its middlewares, keys and background work."""
        settings, access = self.settings, self.access
        guard = Guard(settings)
        app = web.Application(
            middlewares=[
                tolerate_disconnects,
                limit_proxied(self.limiter, settings.trusted_proxies),
                require_known_name(HostNames(settings, self.keeper.covers)),
                guard.check,
                require_session(access.desk),
                allow_large_bodies({IMPORT_PATH: MOST_BYTES + 1}),
            ],
            client_max_size=MAX_BODY,
        )
        app[SETTINGS] = settings
        app[STATE] = self.state
        app[ACCESS] = access
        app[BY_PORT] = not settings.only_over_tls
        app[LIVE] = self.live
        app[LISTENING] = self.listening
        app[LIMITER] = self.limiter
        app.on_response_prepare.append(guard.add_headers)
        app.on_shutdown.append(self._close_browsers)
        app.cleanup_ctx.append(self._background)
        self._add_routes(app)
        return app

    def _add_routes(self, app: web.Application) -> None:
        settings, access, state, sights = self.settings, self.access, self.state, self.sights
        SiteRoutes(
            state,
            self.subscriber,
            self.live,
            self.commands,
            self.book,
            self.limiter,
            access,
            sights,
            self.reach,
            self.unanswered,
        ).add_to(app)
        HandoverRoutes(state, sights, access.trail).add_to(app)
        AccessRoutes(access).add_to(app)
        AccountRoutes(access, settings.site_name or settings.site).add_to(app)
        self.people.add_to(app)
        self.callers.add_to(app)
        AuditRoutes(access, settings.time_zone).add_to(app)
        self.history.add_to(app)
        self.ending.add_to(app, self.commands, self.subscriber)
        RecordingRoutes(settings, self.store, state, self.records_service).add_to(app)
        HistoryRoutes(access, settings.time_zone).add_to(app)
        add_listening(app, self.listening)
        add_authority(app, self.keeper)
        add_certificate(app, self.keeper)
        openapi.add_to(app)

    def _problems(self) -> list[dict[str, Any]]:
        problems = (*self.keeper.problems, *self.outlets.problems(), *self.records_service.problems())
        return [worded_problem(each) for each in problems]

    def _problems_changed(self) -> None:
        self.state.changes.touch(PicturePart.SITE)
        self.live.changed()

    def _changed(self) -> None:
        self.live.changed()
        self.outlets.changed()

    def _answered(self, result: CommandResult) -> None:
        if not self.reach.answered(result):
            self.commands.answered(result)

    def _agent_now(self, agent_id: str) -> datetime:
        return self.clocks.now_of(agent_id, datetime.now(UTC), asyncio.get_running_loop().time())

    async def _background(self, app: web.Application) -> AsyncIterator[None]:
        task = app[BACKGROUND] = asyncio.create_task(self._run(), name="dashboard")
        async with (
            self.access.running(),
            self.people.running(),
            self.callers.running(),
            self.history.running(),
            self.ending.running(),
        ):
            yield
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _close_browsers(self, _app: web.Application) -> None:
        await self.live.close()
        await self.listening.close()

    async def _run(self) -> None:
        state, live, keeper = self.state, self.live, self.keeper
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._follow_broker(), name="broker")
            tasks.create_task(forget_old(state, live, self.outlets), name="forget")
            tasks.create_task(self.subscriber.signatures.follow(live.changed), name="keys")
            tasks.create_task(note_shown(state, live), name="look")
            tasks.create_task(self.outlets.run(), name="outlets")
            tasks.create_task(self.unanswered.keep(), name="unanswered")
            tasks.create_task(self.records_service.run(), name="records-service")
            tasks.create_task(keep_time(self.clocks, state, self.subscriber, live.changed), name="time")
            if keeper.has_certificate or self.settings.authority is not None:
                tasks.create_task(keeper.keep(), name="certificate")

    async def _follow_broker(self) -> None:
        take = self.subscriber.take
        await read_left_session(self.settings, lambda topic, payload: take(topic, payload, now=False))
        await self.subscriber.run()


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
