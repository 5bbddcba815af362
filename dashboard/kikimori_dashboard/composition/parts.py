"""Parts of one site's dashboard, connected with each other: state, subscriber, browsers, desks."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from kikimori_core.serving.connection_limiter import ConnectionLimiter, PortLimits
from kikimori_core.wire.key_store import Identity
from kikimori_core.wire.settings import LOOPBACK
from kikimori_dashboard.access.access import Access
from kikimori_dashboard.access.extension_teams import ExtensionTeams
from kikimori_dashboard.actions.clocks import AgentClocks
from kikimori_dashboard.actions.commands import CommandSender
from kikimori_dashboard.actions.reach import ReachTry
from kikimori_dashboard.actions.time_keeper import keep_time
from kikimori_dashboard.broker.left_session import read_left_session
from kikimori_dashboard.broker.signatures import Signatures
from kikimori_dashboard.broker.subscriber import Subscriber
from kikimori_dashboard.callers.office_callers import OfficeCallers, tell_callers
from kikimori_dashboard.composition.outlets import SiteOutlets
from kikimori_dashboard.composition.state_upkeep import forget_old, note_shown
from kikimori_dashboard.ending.office_ending import OfficeEnding
from kikimori_dashboard.https.certificate_keeper import CertificateKeeper
from kikimori_dashboard.listening.live_listening import LiveListening
from kikimori_dashboard.live.live import Live
from kikimori_dashboard.live.sights import Sights
from kikimori_dashboard.pages.sentences import read_book
from kikimori_dashboard.pages.worded import worded_problem
from kikimori_dashboard.people.office_people import OfficePeople
from kikimori_dashboard.picture.views import Views
from kikimori_dashboard.recorded.office_history import OfficeHistory
from kikimori_dashboard.recording.service_watch import ServiceWatch
from kikimori_dashboard.site.changes import PicturePart
from kikimori_dashboard.site.state import SiteState
from kikimori_dashboard.unanswered.desk import UnansweredDesk
from kikimori_dashboard.unanswered.first_group import first_group

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from kikimori_core.wire.messages import CommandResult
    from kikimori_dashboard.config import DashboardSettings
    from kikimori_records.store import Store


class DashboardParts:
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
            store,
            teams,
            second_factor=settings.with_second_factor(),
            proxies=settings.trusted_proxies,
            changed=self._problems_changed,
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

    def _problems(self) -> list[dict[str, Any]]:
        problems = (
            *self.keeper.problems,
            *self.access.upkeep.problems(),
            *self.outlets.problems(),
            *self.records_service.problems(),
        )
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

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Do the work beside the requests: people, callers, history and endings follow the database."""
        async with (
            self.access.running(),
            self.people.running(),
            self.callers.running(),
            self.history.running(),
            self.ending.running(),
        ):
            yield

    async def close_browsers(self) -> None:
        """Close the connections of the pages, and those of listeners."""
        await self.live.close()
        await self.listening.close()

    async def run(self) -> None:
        """Follow the broker and the clocks, until cancelled."""
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
