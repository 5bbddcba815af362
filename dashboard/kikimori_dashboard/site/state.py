"""State of the site, built from MQTT messages. Pure: no sockets, no clock of its own."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from kikimori_core.wire.actions import Lane, lane_of
from kikimori_core.wire.messages import AlertState, CallStatus, Severity
from kikimori_dashboard.site.agent_book import AgentBook
from kikimori_dashboard.site.agent_link import looks_same
from kikimori_dashboard.site.alert_book import AlertBook
from kikimori_dashboard.site.broker_link import BrokerLink
from kikimori_dashboard.site.call_entry import LONGEST_CALL, CallEntry
from kikimori_dashboard.site.changes import ChangeLog, PicturePart
from kikimori_dashboard.site.extensions import ExtensionLog
from kikimori_dashboard.site.left_out import LeftOut
from kikimori_dashboard.site.newer import NewerAgents
from kikimori_dashboard.site.presses import PressBook
from kikimori_dashboard.site.ringing_book import RingingBook
from kikimori_dashboard.site.site_directory import SiteDirectory

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from kikimori_core.wire.messages import (
        Alert,
        CallState,
        Command,
        CommandResult,
        Health,
        Levels,
        TranscriptLine,
    )
    from kikimori_dashboard.site.agent_link import AgentLink

MAX_CALLS, MAX_ALERTS, MAX_AGENTS = 20_000, 50_000, 1000
"""Limits; more from a broker is a fault: the surplus is left out, and the page says how much."""


class SiteState:
    """Present calls, alerts and agents. Every method for messages may be called with any message."""

    def __init__(self, closed_for: timedelta = timedelta(minutes=15)) -> None:
        self.changes = ChangeLog()
        self.calls: dict[str, CallEntry] = {}
        self.alert_book = AlertBook(self.changes)
        self.alerts = self.alert_book.open
        self.closed = self.alert_book.closed
        """Closed alerts of the last `closed_for`, oldest first."""
        self.agent_book = AgentBook()
        self.agents = self.agent_book.known
        self.presses = PressBook()
        self.ringing = RingingBook(self.changes, self.agent_book.offline)
        self.extensions = ExtensionLog()
        self.directory = SiteDirectory(self.changes)
        self.left_out = LeftOut(self.changes)
        self.broker, self.newer = BrokerLink(self.changes), NewerAgents(self.changes)
        self.clocks_differing: dict[str, int] = {}
        """Seconds by which an agent's clock is ahead of ours, or behind; agents with some seconds only."""
        self.signatures: dict[str, dict[str, str]] = {}
        """Agents whose signatures are missing, not trusted or wrong; see `Signatures`."""
        self.contradicted = 0
        """Number of messages about a call or an alert of another agent."""
        self._closed_for = closed_for
        self._confirmed: set[tuple[PicturePart, str]] | None = None
        """Names that the broker has sent again while the retained messages are read; None otherwise."""

    # --- broker

    @property
    def broker_connected(self) -> bool:
        return self.broker.connected

    def broker_lost(self) -> None:
        self._confirmed = None
        self.broker.lost()

    def begin_reading_retained(self) -> None:
        """Begin a reading, up to `end_reading_retained`, in which everything that exists is sent again."""
        self._confirmed = set()
        self.agent_book.begin_reading()
        self.ringing.begin_reading()
        for agent_id in self.agents:
            self._touch_agent(agent_id)
        self.newer.clear()
        self.left_out.clear()

    def end_reading_retained(self, now: datetime | None = None, *, complete: bool = True) -> None:
        """Drop what the broker did not send again, if `complete`: it ended while we were not connected.

        From `now` on, if given, it is known on which extensions calls are heard.
        """
        if now is not None:
            self.extensions.begin(now)
        confirmed = self._confirmed or set()
        self._confirmed = None
        if complete:
            self._forget_all_but(confirmed)
            self.ringing.end_reading()
        self.broker.has_read(complete=complete)

    def _forget_all_but(self, confirmed: set[tuple[PicturePart, str]]) -> None:
        for call_id in [each for each in self.calls if (PicturePart.CALLS, each) not in confirmed]:
            # A broker that was killed does not know it; its agent may, and the answer to a press is still to come.
            self._drop_call(call_id)
        for alert_id in [each for each in self.alerts if (PicturePart.ALERTS, each) not in confirmed]:
            self.remove_alert(alert_id)
        for agent_id in [each for each in self.agents if (PicturePart.AGENTS, each) not in confirmed]:
            self.remove_agent(agent_id)

    def _confirm(self, part: PicturePart, name: str) -> None:
        if self._confirmed is not None:
            self._confirmed.add((part, name))

    # --- calls

    def take_call(self, state: CallState) -> None:
        call_id = state.call_id
        if state.status is CallStatus.ENDED:
            self._note_extension(state, state.ended_at)
            self.remove_call(call_id, state.agent_id)
            return
        if not self.left_out.has_room(PicturePart.CALLS, call_id, self.calls, MAX_CALLS):
            return
        entry = self.calls.get(call_id)
        other = entry.state.agent_id if entry is not None else state.agent_id
        if other != state.agent_id and self.agent_book.is_there(other):
            # Two agents have a call of one name; who listens to it goes on to.
            self.contradicted += 1
            return
        if entry is None:
            entry = self.calls[call_id] = CallEntry(state)
            entry.known = self.ringing.caller(call_id)
        self._confirm(PicturePart.CALLS, call_id)
        if state.status is not CallStatus.TALKING:
            entry.returned = False
        elif entry.state.status is CallStatus.ON_HOLD:
            entry.returned = self.presses.began_hold(call_id)
        if state is entry.state or state.operator.number != entry.state.operator.number:
            self._note_extension(state, entry.levels_at)
        if state is not entry.state:
            entry.take(state)
        entry.tail.add_all(state.transcript_tail, self.changes.version + 1)
        self.changes.touch(PicturePart.CALLS, call_id)

    def remove_call(self, call_id: str, agent_id: str = "") -> None:
        """Forget a call. `agent_id`: only if it is this agent's."""
        entry = self.calls.get(call_id)
        if agent_id and entry is not None and entry.state.agent_id != agent_id:
            return
        self._drop_call(call_id)
        if self.presses.forget(call_id):
            self.changes.remove(PicturePart.COMMANDS, call_id)

    def _drop_call(self, call_id: str) -> None:
        self.left_out.is_over(PicturePart.CALLS, call_id)
        entry = self.calls.pop(call_id, None)
        if entry is not None:
            self._note_extension(entry.state, entry.levels_at)
            self.changes.remove(PicturePart.CALLS, call_id)
            if self.changes.version_of(PicturePart.LINES, call_id):
                self.changes.remove(PicturePart.LINES, call_id)
            if entry.levels is not None:
                self.changes.remove(PicturePart.LEVELS, call_id)

    def _note_extension(self, state: CallState, heard_at: datetime | None) -> None:
        for extension in self.extensions.note(state.operator.number, heard_at or state.started_at):
            if self.extensions.last(extension) is None:
                self.changes.remove(PicturePart.EXTENSIONS, extension)
            else:
                self.changes.touch(PicturePart.EXTENSIONS, extension)

    def take_line(self, line: TranscriptLine, agent_id: str = "") -> None:
        """Take a line. `agent_id`: only if the call is this agent's."""
        entry = self.calls.get(line.call_id)
        if entry is None or (agent_id and entry.state.agent_id != agent_id):
            return
        if entry.tail.add(line, self.changes.version + 1):
            self.changes.touch(PicturePart.LINES, line.call_id)

    def take_levels(self, levels: Levels) -> None:
        heard = []
        for call_id, each in levels.calls.items():
            entry = self.calls.get(call_id)
            # Only the agent of a call speaks for it.
            if entry is not None and entry.state.agent_id == levels.agent_id:
                entry.levels = each
                entry.levels_at = levels.at
                entry.history.add(each)
                heard.append(call_id)
        self.changes.touch_all(PicturePart.LEVELS, heard)

    # --- alerts

    def take_alert(self, alert: Alert) -> None:
        if not self.alert_book.is_news(alert):
            return
        known = self.alert_book.find(alert.alert_id)
        if known is not None and known.agent_id != alert.agent_id:
            # Only the agent of an alert speaks for it.
            self.contradicted += 1
            return
        if alert.state is AlertState.CLOSED:
            self.left_out.is_over(PicturePart.ALERTS, alert.alert_id)
            self.alert_book.put_closed(alert, len(self.calls))
        else:
            if not self.left_out.has_room(PicturePart.ALERTS, alert.alert_id, self.alerts, MAX_ALERTS):
                return
            self._confirm(PicturePart.ALERTS, alert.alert_id)
            if not self.alert_book.put_open(alert):
                return
        self._touch_call(alert.call_id)

    def remove_alert(self, alert_id: str, agent_id: str = "") -> None:
        """Remove an alert that the broker dropped; a closed one stays. `agent_id`: only if it is its own."""
        known = self.alerts.get(alert_id)
        if agent_id and known is not None and known.agent_id != agent_id:
            return
        self.left_out.is_over(PicturePart.ALERTS, alert_id)
        alert = self.alert_book.remove(alert_id)
        if alert is not None:
            self._touch_call(alert.call_id)

    def look(self, *, watched: bool) -> None:
        """Note the alerts on the page now, if a supervisor's is open (`watched`); every few seconds."""
        self.alert_book.missed.look(self.alerts, watched=watched)

    def acknowledge_missed(
        self, first: int, last: int, sees: Callable[[Alert], bool] | None = None
    ) -> list[Alert]:
        """Mark the missed alerts with the numbers from `first` to `last` as seen; return them."""
        return self.alert_book.acknowledge(first, last, len(self.calls), sees)

    def _touch_call(self, call_id: str) -> None:
        if call_id in self.calls:
            self.changes.touch(PicturePart.CALLS, call_id)

    def forget_old(self, now: datetime) -> None:
        """Drop closed alerts that are too old, and open ones of agents that did not return.

        The broker still retains the latter, so this is asked again and again; the agent clears it when it returns.
        """
        for call_id in self.presses.left(self.calls, now):
            self.presses.forget(call_id)
            self.changes.remove(PicturePart.COMMANDS, call_id)
        for call_id, entry in list(self.calls.items()):
            state = entry.state
            if not self.agent_book.is_there(state.agent_id) and now - state.started_at > LONGEST_CALL:
                self.remove_call(call_id)
        for alert in list(self.alerts.values()):
            if not self.agent_book.is_there(alert.agent_id) and now - alert.updated_at > LONGEST_CALL:
                self.remove_alert(alert.alert_id)
        self.ringing.forget_old(now)
        self.alert_book.forget_closed(now, self._closed_for)

    def open_alerts(self, call_id: str) -> tuple[Alert, ...]:
        """Return the open alerts, worst first, then the oldest."""
        return self.alert_book.of_call(call_id)

    def worst(self, call_id: str) -> Severity | None:
        """Return the worst open alert's severity; at least a warning for a call back from hold by itself."""
        alerts = self.open_alerts(call_id)
        severity = alerts[0].severity if alerts else None
        entry = self.calls.get(call_id)
        returned = entry is not None and entry.returned
        if returned and (severity is None or severity.rank < Severity.WARNING.rank):
            return Severity.WARNING
        return severity

    def urgency(self, call_id: str) -> int:
        """Return 0 … 3, the call's need of a decision now. One that a superior has taken over has none."""
        return self.standing(call_id)[1]

    def standing(self, call_id: str) -> tuple[Severity | None, int]:
        """Return `worst` and `urgency`."""
        entry = self.calls.get(call_id)
        severity = self.worst(call_id)
        if entry is None or severity is None or entry.state.status is CallStatus.TRANSFERRED:
            return severity, 0
        return severity, severity.rank + 1

    # --- agents

    def take_health(self, health: Health) -> None:
        if not self.left_out.has_room(PicturePart.AGENTS, health.agent_id, self.agents, MAX_AGENTS):
            return
        known = self.agent_book.take(health)
        self.ringing.note_health(health)
        self._confirm(PicturePart.AGENTS, health.agent_id)
        if known is None or not looks_same(known, health):
            self.changes.touch(PicturePart.AGENTS, health.agent_id)
        if known is None or known.online != health.online:
            self._touch_calls_of(health.agent_id)

    def note_clocks(self, differing: dict[str, int]) -> None:
        self.clocks_differing = differing
        self.changes.touch(PicturePart.SITE)

    def remove_agent(self, agent_id: str) -> None:
        self.left_out.is_over(PicturePart.AGENTS, agent_id)
        self.ringing.clear(agent_id)
        if self.agent_book.remove(agent_id):
            self.changes.remove(PicturePart.AGENTS, agent_id)
            self._touch_calls_of(agent_id)

    def take_sign_of_life(self, agent_id: str) -> None:
        """An agent said something just now: what the broker retains of it is confirmed."""
        if self.agent_book.take_sign_of_life(agent_id):
            self._touch_agent(agent_id)

    def _touch_agent(self, agent_id: str) -> None:
        if agent_id in self.agents:
            self.changes.touch(PicturePart.AGENTS, agent_id)
        self._touch_calls_of(agent_id)

    def _touch_calls_of(self, agent_id: str) -> None:
        for call_id, entry in self.calls.items():
            if entry.state.agent_id == agent_id:
                self.changes.touch(PicturePart.CALLS, call_id)

    def stale(self, call_id: str) -> bool:
        """Return whether nobody listens to this call at the moment: what is shown of it may be past."""
        return self.agent_book.offline(self.calls[call_id].state.agent_id)

    def line(self, agent_id: str) -> AgentLink | None:
        """Return the link to an agent, another one after each loss; None while there is none."""
        return self.agent_book.link(agent_id, self.broker.sessions) if self.broker_connected else None

    # --- commands

    def take_press(self, command: Command) -> None:
        self.presses.take(command)
        self.changes.touch(PicturePart.COMMANDS, command.call_id)
        entry = self.calls.get(command.call_id)
        if entry is not None and entry.returned and lane_of(command.action) is Lane.MOVE:
            entry.returned = False
        self._touch_call(command.call_id)

    def take_result(self, result: CommandResult) -> None:
        if self.presses.answer(result):
            self.changes.touch(PicturePart.COMMANDS, result.call_id)
            self._touch_call(result.call_id)

    def press_unanswered(self, command: Command) -> None:
        if self.presses.give_up(command):
            self.changes.touch(PicturePart.COMMANDS, command.call_id)
            self._touch_call(command.call_id)
