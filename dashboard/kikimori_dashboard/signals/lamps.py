"""State of each place's lamp, and its description for Home Assistant. Pure."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kikimori_core.wire.messages import Severity
from kikimori_core.wire.values import HELP_KIND
from kikimori_dashboard.site.call_entry import extension_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from kikimori_core.wire.messages import Alert
    from kikimori_dashboard.signals.settings import SignalPlace
    from kikimori_dashboard.site.call_entry import CallEntry

CALM = "calm"
SEVERITIES = (CALM, *Severity)
NOT_IN_NODE_ID = re.compile(r"[^a-zA-Z0-9_-]")
"""Signs that Home Assistant does not read in a topic of its discovery; a name here may have a full stop."""
ON, OFF = "ON", "OFF"
ONLINE, OFFLINE = "online", "offline"


@dataclass(frozen=True, slots=True)
class LampState:
    """State of a lamp: severity of the worst open alert, call for help, and time."""

    severity: str = CALM
    wants_help: bool = False
    since: datetime | None = None
    """Time of the oldest open alert."""

    def payloads(self) -> dict[str, bytes]:
        """Return the payloads by the last level of their topic."""
        wants_help = ON if self.wants_help else OFF
        since = None if self.since is None else self.since.isoformat(timespec="seconds")
        whole = {"severity": self.severity, "help": wants_help, "since": since}
        return {
            "severity": self.severity.encode(),
            "help": wants_help.encode(),
            "state": json.dumps(whole).encode(),
        }


def lamp_of(place: SignalPlace, alerts: Iterable[Alert], calls: Mapping[str, CallEntry]) -> LampState:
    """Return the state of a place by the open alerts."""
    shown = [each for each in alerts if _is_at(place, extension_of(each, calls))]
    if not shown:
        return LampState()
    worst = max((each.severity for each in shown), key=lambda each: each.rank)
    return LampState(
        str(worst) if worst.known else str(Severity.WARNING),
        any(each.rule_kind == HELP_KIND for each in shown),
        min(each.raised_at for each in shown),
    )


def _is_at(place: SignalPlace, extension: str | None) -> bool:
    return not place.extensions or extension in place.extensions


def discovery(prefix: str, site: str, base: str, place: SignalPlace) -> dict[str, bytes]:
    """Return Home Assistant's descriptions of a place by their topics: https://www.home-assistant.io/integrations/mqtt."""
    device_id = f"kikimori_{site}_{place.name}"
    node_id = NOT_IN_NODE_ID.sub("_", device_id)
    topic = f"{base}/{place.name}"
    common = {
        "availability_topic": f"{base}/availability",
        "device": {
            "identifiers": [device_id],
            "name": f"Kikimori {place.title or place.name}",
            "manufacturer": "Kikimori",
        },
        "origin": {"name": "Kikimori"},
    }
    help_sensor = {
        "name": "Help requested",
        "unique_id": f"{device_id}_help",
        "state_topic": f"{topic}/help",
        "payload_on": ON,
        "payload_off": OFF,
        "device_class": "problem",
    }
    severity_sensor = {
        "name": "Severity",
        "unique_id": f"{device_id}_severity",
        "state_topic": f"{topic}/severity",
        "device_class": "enum",
        "options": [str(each) for each in SEVERITIES],
        "json_attributes_topic": f"{topic}/state",
    }
    return {
        f"{prefix}/binary_sensor/{node_id}/help/config": json.dumps(common | help_sensor).encode(),
        f"{prefix}/sensor/{node_id}/severity/config": json.dumps(common | severity_sensor).encode(),
    }


def discovery_filters(prefix: str) -> tuple[str, str]:
    """Return the filters of all such descriptions, also those of places that are configured no more."""
    return f"{prefix}/binary_sensor/+/help/config", f"{prefix}/sensor/+/severity/config"


def is_own_description(topic: str, site: str) -> bool:
    """Return whether a topic under `discovery_filters` is of this site, also as releases before wrote it."""
    levels = topic.split("/")
    begins = f"kikimori_{site}_"
    return len(levels) >= 3 and levels[-3].startswith((begins, NOT_IN_NODE_ID.sub("_", begins)))
