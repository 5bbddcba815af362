"""The agent: taps, desk, judge, bus and PBX control wired together, started and stopped in order."""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

import structlog

from kikimori.addresses import Addresses
from kikimori.alert_writing import AlertWriter
from kikimori.bus import AgentIdTakenError, Bus, Outbox
from kikimori.calls.callers import tell_callers
from kikimori.calls.desk import Desk
from kikimori.commands import CommandHandler
from kikimori.control.accommodation import AccommodationBook
from kikimori.control.hold_clock import with_hold_times
from kikimori.control.pbx_control import RecoveringControl
from kikimori.control.record import CommandRecord
from kikimori.desk_settings import desk_settings
from kikimori.errors import first_of
from kikimori.levels_telling import tell_levels
from kikimori.listening.listening_desk import ListeningDesk
from kikimori.listening.pages_way import PagesWay
from kikimori.office_directory import OfficeDirectory
from kikimori.phrase_finder import configured_finder
from kikimori.recognition import load_recognition
from kikimori.recording.agent_recording import journals_folder
from kikimori.recording.office_choice import recording_of
from kikimori.recording.run_names import next_run_name
from kikimori.recording_notice import RecordingNotice
from kikimori.rule_warnings import warn_of_capped_rules, warn_of_unknown_categories
from kikimori.supervision import Supervisor
from kikimori.taps.announced.directory import LegDirectory
from kikimori.unanswered.help import UnansweredHelp
from kikimori.version import VERSION
from kikimori.ways_in import make_control, make_taps
from kikimori_core.journal.framing import SegmentHead
from kikimori_core.judging.rules import load_rules
from kikimori_core.wire.key_store import Identity
from kikimori_core.wire.key_watch import follow_trust
from kikimori_core.wire.messages import Alert, CallState, Health, Problem, SpeechStatus, TranscriptLine

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine

    from kikimori.calls.call import LiveCall
    from kikimori.config import AgentConfig
    from kikimori.control.pbx_control import PbxControl
    from kikimori.hearing.speech.pool import SpeechPool
    from kikimori.listening.pages_way import PagesInside
    from kikimori.recording.outlet import RecordsInside
    from kikimori.taps.tap import Tap
    from kikimori_core.judging.kinds.rule import Rule
    from kikimori_core.judging.phrases import PhraseBook
    from kikimori_core.judging.second_opinion.checked import CheckedPhrases
    from kikimori_core.model.call import EndReason
    from kikimori_core.model.feed import CallDesk

log = structlog.get_logger()

HEALTH_EVERY_S = 5.0
WORDS_LATEST_S = 1.5
"""Words that waited for recognition longer than this are shed: with the decoding, no alert may come later than 2 s."""
HEARING_RETRY_S = 0.5
"""Delay before hearing as a whole is tried again after a failure; short, as audio that waits some s is lost."""
SETTLED_EVERY_S = 0.05


class Agent:
    """One agent. `run` does everything until `stop` is set."""

    def __init__(
        self,
        config: AgentConfig,
        *,
        pbx: PbxControl | None = None,
        taps: Callable[[AgentConfig, CallDesk, LegDirectory], list[Tap]] = make_taps,
        patience_s: float = 0.0,
        identity: Identity | None = None,
        records: RecordsInside | None = None,
        pages: PagesInside | None = None,
    ) -> None:
        """Read rules and phrases; raises ConfigError.

        `pbx` replaces the configured control, `taps` makes the taps; `patience_s`: see `DeskSettings`; `identity` replaces
        the keys of the state folder; `records`, `pages`: records service and dashboard of this process.
        """
        self._identity = identity
        self._pages = pages
        self._accommodations = AccommodationBook(config.state_path() / f"accommodated-{config.agent_id}.json")
        self._record = CommandRecord(config.state_path() / f"commands-{config.agent_id}.jsonl")
        self.config = config
        self._patience_s = patience_s
        self.rules: tuple[Rule, ...] = load_rules(config.rule_files())
        self.phrases: PhraseBook | CheckedPhrases = configured_finder(config, self.rules)
        self.stop = asyncio.Event()
        self.ready: asyncio.Future[Addresses] = asyncio.get_running_loop().create_future()
        self._office = OfficeDirectory(config)
        self.pbx: PbxControl = pbx or make_control(config, self._office.superior_number)
        self._started_at = datetime.now(UTC)
        journals = journals_folder(config.state_path(), config.agent_id)
        self._run = next_run_name(config.state_path(), journals, config.agent_id, self._started_at)
        self._alerts, self._supervisor = AlertWriter(), Supervisor()
        self._make_taps = taps
        self._speech: SpeechPool | None = None
        self._directory = LegDirectory(asyncio.get_running_loop().time)
        self._recording = recording_of(
            config.recording,
            config.records,
            config.state_path,
            config.site,
            SegmentHead(config.agent_id, self._run, 0, self._started_at),
            records,
        )
        self._listening = ListeningDesk(config.listening, self._recording.recorder)
        warn_of_unknown_categories(self.rules, self.phrases)
        warn_of_capped_rules(self.rules)

    async def run(self) -> None:
        """Run until `stop` is set or the task is cancelled; then stop in order within some seconds.

        Raises:
            KikimoriError: a port is taken, the state folder cannot be written; in a group, where another agent of
                the same id runs.
        """
        config = self.config
        self.recognition = await load_recognition(config)
        pool = self._speech = self._pool()
        self.desk = self._make_desk(pool)
        await self._accommodations.load()
        self.taps = self._make_taps(config, self.desk, self._directory)
        self._notice = RecordingNotice(config.recording.announcement, self.pbx, self.desk.find)
        self._help = UnansweredHelp(
            config.unanswered, self.desk, self.pbx, self._office, self._recording.recorder
        )
        outbox = await Outbox.open(config.state_path() / f"outbox-{config.agent_id}.sqlite3")
        if (identity := self._identity) is None:
            name = f"agent-{config.agent_id}"
            identity = self._identity = await asyncio.to_thread(Identity.at, config.state_path(), name)
        self._listening.begin(PagesWay(config.agent_id, identity.key, config.pages_authority(), self._pages))
        await self._office.book.open(identity.trust)
        self._office.book.changed = self._show_calls_again
        self.bus = self._make_bus(outbox, identity)
        await self._recording.start()
        self.bus.set_health(self._health())
        try:
            async with asyncio.TaskGroup() as tasks:
                await self._work(tasks, identity)
        finally:
            if pool is not None:
                await asyncio.to_thread(pool.stop)
            await outbox.aclose()
            await self._record.aclose()
            await self._accommodations.aclose()

    def _make_desk(self, pool: SpeechPool | None) -> Desk:
        return Desk(
            desk_settings(self.config, self.pbx, self._listening.capabilities, self._run, self._patience_s),
            self.rules,
            self.phrases,
            self,
            pool,
            met=self._met,
            accommodated=self._accommodations.has,
            ended=self._call_over,
            recorder=self._recording.recorder,
            recent=self._listening.recent,
        )

    def _make_bus(self, outbox: Outbox, identity: Identity) -> Bus:
        config, office = self.config, self._office
        handler = CommandHandler(
            self.desk,
            self.pbx,
            office.superior_number,
            office.targets,
            self._accommodations,
            self._help,
            recorder=self._recording.recorder,
            listening=self._listening,
        )
        return Bus(
            config.mqtt,
            config.site,
            config.agent_id,
            outbox,
            on_command=handler.handle,
            run=self._run,
            identity=identity,
            witness=self._record,
            directory=office.book,
            on_callers=partial(tell_callers, self.desk),
            ringing=self.desk.ringing,
        )

    async def _work(self, tasks: asyncio.TaskGroup, identity: Identity) -> None:
        """Listen for calls until `stop` is set, then stop in order."""
        background = [tasks.create_task(work, name=name) for name, work in self._background(identity).items()]
        listening: list[Tap] = []
        try:
            for tap in self.taps:
                # Counted before it listens: what it opened until it failed is closed too.
                listening.append(tap)
                await tap.listen()
                kept = self._supervisor.keep(tap.name, tap.run)
                background.append(tasks.create_task(kept, name=tap.name))
            addresses = Addresses({key: at for tap in self.taps for key, at in tap.addresses.items()})
            log.info("listening", **addresses.by_name)
            self.ready.set_result(addresses)
            await self.stop.wait()
        finally:
            await self._stop_in_order(listening)
            for task in background:
                task.cancel()

    def _background(self, identity: Identity) -> dict[str, Coroutine[None, None, None]]:
        """Return the work beside the taps, by name; each is started again where it fails."""
        keep, config = self._supervisor.keep, self.config
        works: dict[str, Callable[[], Awaitable[None]]] = {
            "alerts": partial(self._alerts.run, self.bus.raise_alert),
            "levels": partial(tell_levels, self.desk, config.agent_id, self.bus.publish_levels),
            "health": self._show_health,
            "pbx": self.pbx.run,
            "record": self._record.run,
            "accommodations": self._accommodations.run,
            "keys": partial(follow_trust, identity.trust, self._office.book.recheck),
            "directory": self._office.book.run,
            "recording-notice": self._notice.run,
            "help": lambda: self._help.run(self.bus.dashboards),
            **self._recording.works,
        }
        return {
            **{name: keep(name, run) for name, run in works.items()},
            "bus": keep(
                "bus", self.bus.run, fatal=lambda error: isinstance(first_of(error), AgentIdTakenError)
            ),
            "hearing": keep("hearing", self.desk.run, last_retry_s=HEARING_RETRY_S),
        }

    def speech_status(self) -> SpeechStatus:
        """Return the state of recognition: shed when words were shed in the last half minute."""
        if self._speech is None:
            return SpeechStatus.OFF
        return SpeechStatus.SHED if self._speech.shed_lately else SpeechStatus.ON

    # --- calls.call_observer.CallObserver

    def call_changed(self, state: CallState) -> None:
        self._notice.note(state)
        state = self._help.call(self._office.call(state))
        call = self.desk.calls.get(state.call_id)
        self.bus.publish_call(with_hold_times(state, call.info if call else None, self.pbx))

    def alert_changed(self, alert: Alert) -> None:
        self._help.note_alert(alert)
        self._alerts.put(self._office.alert(alert))

    def line(self, line: TranscriptLine) -> None:
        self.bus.publish_transcript(line)

    # --- inside

    def _show_calls_again(self) -> None:
        """Publish the calls with the names and the superior of another directory."""
        for call in self.desk.calls.values():
            self.call_changed(call.state())

    def _call_over(self, call_id: str, reason: EndReason) -> None:
        self._accommodations.ended(call_id, reason)
        self._listening.memory.call_over(call_id)

    def _met(self, call: LiveCall) -> None:
        """Tell control of a call that is heard: an earlier run may have moved it before a crash."""
        if isinstance(self.pbx, RecoveringControl):
            self.pbx.meet(call.info, call.set_status)

    def _pool(self) -> SpeechPool | None:
        latest_s = None if self._patience_s else WORDS_LATEST_S
        return self.recognition.pool(self.config.speech, latest_s=latest_s, live=not self._patience_s)

    async def _stop_in_order(self, taps: list[Tap]) -> None:
        """Stop accepting, hear what has arrived, close alerts, write them to the disk, publish offline."""
        log.info("stopping", calls=len(self.desk.calls))
        for closed in await asyncio.gather(*(tap.close() for tap in taps), return_exceptions=True):
            if isinstance(closed, BaseException):
                log.error("tap_close_failed", error=type(closed).__name__)
        await self.desk.close()
        await self._listening.aclose()
        await self._recording.aclose()
        with suppress(TimeoutError):
            async with asyncio.timeout(5):
                await self._alerts.written()
        await self.bus.aclose()

    async def settle(self) -> None:
        """Wait until every call has ended, with its words, and the broker has confirmed everything."""
        while self.desk.calls:  # noqa: ASYNC110 - what is looked at offers its state for reading only
            await asyncio.sleep(SETTLED_EVERY_S)
        await self._alerts.written()
        while self.bus.counters()["outbox_pending"]:  # noqa: ASYNC110
            await asyncio.sleep(SETTLED_EVERY_S)

    async def _show_health(self) -> None:
        while True:
            await asyncio.sleep(HEALTH_EVERY_S)
            try:
                self._directory.forget_old()
                self.desk.ringing.forget_old()
                self.bus.set_health(self._health())
            except Exception as error:  # noqa: BLE001 - health tells of trouble, it must not end the calls
                log.error("health_failed", error=type(error).__name__)

    def _health(self) -> Health:
        problems: list[Problem] = [problem] if (problem := self.recognition.problem) else []
        problems += [*self._supervisor.problems(), *self.desk.problems()]
        problems += (*(self._identity.problems() if self._identity else ()), *self._record.problems())
        problems += self._accommodations.problems()
        problems += [*self._recording.problems(), *self._notice.problems()]
        if self._alerts.lost:
            problems.append(Problem.of("alerts_lost", alerts_lost=self._alerts.lost))
        if self.phrases.skipped:
            problems.append(Problem.of("phrases_skipped", skipped=self.phrases.skipped[0]))
        problems += [*self.pbx.problems(), *(problem for tap in self.taps for problem in tap.problems())]
        counters = self.desk.counters()
        for tap in self.taps:
            counters |= tap.counters()
        counters |= self._recording.counters() | self._listening.counters()
        counters["tasks_restarted"] = self._supervisor.restarts
        counters["legs_never_came"] = self._directory.never_came
        return Health(
            agent_id=self.config.agent_id,
            site=self.config.site,
            online=True,
            version=VERSION,
            at=datetime.now(UTC),
            started_at=self._started_at,
            run=self._run,
            host=socket.gethostname(),
            speech=self.speech_status(),
            speech_model=self.recognition.names,
            pbx=self.pbx.kind,
            calls=len(self.desk.calls),
            counters=counters | self.bus.counters(),
            problems=tuple(problems),
        )
