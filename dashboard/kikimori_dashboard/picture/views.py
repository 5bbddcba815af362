"""State of the site as browsers get it: JSON of snapshots and of changes.

Snapshot: `{"type": "snapshot", "seq", "now", "site", "calls": {id: …}, "levels", "alerts", "agents", "commands",
"extensions": {number: time of its last call}, "closed": […], "closed_more"}`. Change: `{"type": "delta", "from", "seq",
"now", …}` with only the parts that changed; `null` = gone. Browsers that ask for it get `"lines": {call: {"changed":
[line, …], "gone": [id, …]}}` where a call's words changed and nothing else.
"""

from __future__ import annotations

import json
from itertools import islice
from typing import TYPE_CHECKING, Any

from kikimori_dashboard.pages.worded import worded_problem, worded_result
from kikimori_dashboard.picture.encoded_parts import EncodedParts
from kikimori_dashboard.picture.order import in_order
from kikimori_dashboard.picture.rung import rung_party
from kikimori_dashboard.site.call_story import story_json
from kikimori_dashboard.site.changes import PicturePart

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from kikimori_core.wire.messages import Alert, LegLevel, Role, Severity
    from kikimori_dashboard.config import DashboardSettings
    from kikimori_dashboard.site.call_entry import CallEntry
    from kikimori_dashboard.site.presses import Press
    from kikimori_dashboard.site.state import SiteState

SHOWN_CLOSED = 100
"""Most closed alerts on the page; it says how many more there are."""

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class Views:
    """JSON of a `SiteState`; each key is encoded once per change, see `EncodedParts`."""

    def __init__(
        self,
        state: SiteState,
        settings: DashboardSettings,
        own_problems: Callable[[], list[dict[str, Any]]] = list,
    ) -> None:
        """`own_problems`: returns the problems of this dashboard, not of an agent, as browsers get them."""
        self._own_problems = own_problems
        self._state = state
        self._settings = settings
        self.says_who_listens = settings.listening.shown
        """True = the operator's page says who listens in a browser."""
        self._encoded = EncodedParts(
            state.changes,
            {
                PicturePart.CALLS: self._call,
                PicturePart.LEVELS: self._levels,
                PicturePart.ALERTS: self._alert,
                PicturePart.AGENTS: self._agent,
                PicturePart.COMMANDS: self._commands,
                PicturePart.EXTENSIONS: self._extension,
                PicturePart.RINGING: self._ringing,
            },
        )
        self._body: tuple[int, str] = (-1, "")

    def snapshot(self, now: datetime) -> str:
        version = self._state.changes.version
        if self._body[0] != version:
            self._body = (version, self._snapshot_body())
        return f'{{"type":"snapshot","seq":{version},"now":"{now.isoformat()}",{self._body[1]}}}'

    def delta(self, since: int, now: datetime, *, by_line: bool = False) -> str | None:
        """Return everything that changed after version `since`; None when only a snapshot can tell.

        Args:
            since: The version that the browser has.
            now: For its clocks.
            by_line: It takes `lines`, the changed lines of calls that are otherwise the same; else such calls come whole.
        """
        changes = self._state.changes
        keys = changes.since(since)
        if keys is None:
            return None
        whole = {name for part, name in keys if part is PicturePart.CALLS}
        fields = []
        parts: dict[PicturePart, list[str]] = {}
        for part, name in keys:
            if part is PicturePart.SITE:
                fields.append(f'"site":{self.site()}')
            elif part is PicturePart.CLOSED:
                fields.append(self.closed())
            elif part is PicturePart.MISSED:
                fields.append(self.missed())
            elif part is PicturePart.LINES:
                if name in whole:
                    continue
                lines = self.lines_since(name, since) if by_line else None
                sent_as, text = (
                    (PicturePart.CALLS, self.json(PicturePart.CALLS, name))
                    if lines is None
                    else (part, lines)
                )
                parts.setdefault(sent_as, []).append(f"{_encode(name)}:{text}")
            else:
                parts.setdefault(part, []).append(f"{_encode(name)}:{self.json(part, name)}")
        fields += [f'"{part.value}":{{{",".join(members)}}}' for part, members in parts.items()]
        head = f'{{"type":"delta","from":{since},"seq":{changes.version},"now":"{now.isoformat()}"'
        return ",".join([head, *fields]) + "}"

    def _snapshot_body(self) -> str:
        state = self._state
        names: dict[PicturePart, Iterable[str]] = {
            PicturePart.CALLS: in_order(state),
            PicturePart.LEVELS: state.calls,
            PicturePart.ALERTS: state.alerts,
            PicturePart.AGENTS: state.agents,
            PicturePart.COMMANDS: state.presses.calls(),
            PicturePart.EXTENSIONS: state.extensions.known(),
            PicturePart.RINGING: state.ringing.calls,
        }
        fields = [f'"site":{self.site()}', self.closed(), self.missed()]
        for part, listed in names.items():
            members = [f"{_encode(name)}:{self.json(part, name)}" for name in listed]
            fields.append(f'"{part.value}":{{{",".join(members)}}}')
        return ",".join(fields)

    def lines_since(self, call_id: str, since: int) -> str | None:
        entry = self._state.calls.get(call_id)
        return None if entry is None else entry.tail.changes_json(since)

    def json(self, part: PicturePart, name: str) -> str:
        """Return a key's JSON, `null` when it is gone."""
        return self._encoded.json(part, name)

    def site(self) -> str:
        return _encode(self.site_fields())

    def site_fields(self) -> dict[str, Any]:
        state = self._state
        since = state.extensions.since
        return {
            "name": self._settings.site_name or self._settings.site,
            "language": self._settings.language,
            "time_zone": self._settings.time_zone,
            "broker_connected": state.broker_connected,
            "broker_problem": None if state.broker.problem is None else worded_problem(state.broker.problem),
            "reading": state.broker.reading,
            "incomplete": state.broker.incomplete,
            "newer": state.newer.names(),
            "watching_since": None if since is None else since.isoformat(),
            "certificate": self._own_problems(),
            "clocks": state.clocks_differing,
            "signatures": state.signatures,
            "left_out": state.left_out.counts(),
            "superiors": state.directory.superiors,
            "help": state.directory.help,
            "own_roles": state.directory.own_roles,
            "names_people": state.directory.names_people,
            "ringing_more": state.ringing.more,
        }

    def _call(self, call_id: str) -> str | None:
        entry = self._state.calls.get(call_id)
        if entry is None:
            return None
        return f'{entry.state_json[:-1]},"lines":{entry.tail.to_json()},{self.standing(call_id, entry)}}}'

    def standing(self, call_id: str, entry: CallEntry) -> str:
        """Return the members of a call's JSON that the agent does not send."""
        severity, urgency = self._state.standing(call_id)
        return (
            f'"severity":{_word(severity)},"urgency":{urgency},"stale":{_truth(self._state.stale(call_id))},'
            f'"unconfirmed":{_truth(self._state.agent_book.unconfirmed(entry.state.agent_id))},'
            f'"returned":{_truth(entry.returned)}{entry.notes_json}{entry.ending_json}{entry.listeners_json}{entry.known_json}'
            f"{story_json(entry.moves, self._state.presses.history(call_id))}"
        )

    def _levels(self, call_id: str) -> str | None:
        entry = self._state.calls.get(call_id)
        if entry is None or entry.levels is None:
            return None
        return "{" + ",".join([_leg(role, leg) for role, leg in entry.levels.legs.items()]) + "}"

    def _alert(self, alert_id: str) -> str | None:
        alert = self._state.alerts.get(alert_id)
        return None if alert is None else self._state.alert_book.encoded.of(alert)

    def closed(self, sees: Callable[[Alert], bool] | None = None) -> str:
        """Return the closed alerts, newest first; beyond `SHOWN_CLOSED` their number, in `closed_more`.

        `sees`: only those for which it answers True.
        """
        book = self._state.alert_book
        over = [each for each in book.closed.values() if sees(each)] if sees else book.closed.values()
        newest = islice(reversed(over), SHOWN_CLOSED)
        shown = [book.encoded.of(alert) for alert in newest]
        more = len(over) - len(shown) + (0 if sees else book.closed_early)
        return f'"closed":[{",".join(shown)}],"closed_more":{more}'

    def missed(self, sees: Callable[[Alert], bool] | None = None) -> str:
        """Return missed alerts, oldest first, numbered; `more` are not shown yet, `dropped` never will be."""
        book = self._state.alert_book
        listed, more = book.missed.shown(sees)
        shown = [f'{{"number":{number},{book.encoded.of(alert)[1:]}' for number, alert in listed]
        return f'"missed":{{"alerts":[{",".join(shown)}],"more":{more},"dropped":{book.missed.dropped}}}'

    def _agent(self, agent_id: str) -> str | None:
        health = self._state.agents.get(agent_id)
        if health is None:
            return None
        unconfirmed = _truth(self._state.agent_book.unconfirmed(agent_id))
        problems = _encode([worded_problem(each) for each in health.problems])
        told = health.model_dump_json(exclude={"v", "problems"})[:-1]
        return f'{told},"problems":{problems},"unconfirmed":{unconfirmed}}}'

    def _extension(self, number: str) -> str | None:
        last = self._state.extensions.last(number)
        return None if last is None else _encode(last.isoformat())

    def _ringing(self, call_id: str) -> str | None:
        entry = self._state.ringing.calls.get(call_id)
        return None if entry is None else entry.supervisor_json()

    def _commands(self, call_id: str) -> str | None:
        """Return the presses of a call by lane."""
        lanes = self._state.presses.of(call_id)
        entry = self._state.calls.get(call_id)
        call, superiors = (None if entry is None else entry.state), self._state.directory.superiors
        told = {
            lane.value: {**_press(press), "to": rung_party(press, call, superiors)}
            for lane, press in lanes.items()
        }
        return _encode(told) if told else None


def _leg(role: Role, leg: LegLevel) -> str:
    """Return a leg's JSON, formatted by hand: every call's levels change four times a second."""
    over = "null" if leg.over_calm_db is None else round(leg.over_calm_db, 1)
    return (
        f'"{role.value}":{{"level_db":{round(leg.level_db, 1)},"speaking":{_truth(leg.speaking)},'
        f'"over_calm_db":{over},"effort":{round(leg.effort, 2)},"noise":{_truth(leg.noise)}}}'
    )


def _truth(holds: bool) -> str:
    return "true" if holds else "false"


def _word(severity: Severity | None) -> str:
    return "null" if severity is None else f'"{severity.value}"'


def _press(press: Press) -> dict[str, Any]:
    return {
        "command_id": press.command_id,
        "action": press.action.value,
        "issued_by": press.issued_by,
        "issued_at": press.issued_at.isoformat(),
        "target": press.target,
        "keep_operator": press.keep_operator,
        "unanswered": press.unanswered,
        "result": worded_result(press.result),
    }
