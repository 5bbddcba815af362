"""The `[signals]` table: places with lamps, buttons at seats, and the broker that carries both."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from kikimori_core.messages import text
from kikimori_core.wire.files import SecretFile
from kikimori_core.wire.settings import BrokerSettings, Name
from kikimori_core.wire.topics import Topics

MOST_PLACES = 1000
MOST_BUTTONS = 2000


def _one_topic(topic: str) -> str:
    if not topic or any(each in topic for each in "+#\0") or topic.startswith("$"):
        raise ValueError(text("signals_topic_wrong", topic=topic))
    return topic.rstrip("/")


Topic = Annotated[str, Field(max_length=256), AfterValidator(_one_topic)]
"""A topic, not a filter."""
Extension = Annotated[str, Field(min_length=1, max_length=64)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SignalPlace(_Part):
    """Seat or area with a lamp of its own."""

    name: Name
    """Level of its topics, seen by everybody on that broker: no person's name."""
    title: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    """Name in Home Assistant; None = `name`."""
    extensions: tuple[Extension, ...] = ()
    """Extensions whose calls it shows; none = all of the site."""


class SignalButton(_Part):
    """Button at a seat."""

    extension: Extension
    """Extension for whose call a press asks for help."""
    user: Name | None = None
    """Broker's user of this button alone; None = `devices` of the table."""
    topic: Topic | None = None
    """Topic of the button; None = below the site's own tree: see `Topics.button`."""


class SignalSettings(_Part):
    """Settings of lamps and buttons."""

    enabled: bool = False
    mqtt: BrokerSettings | None = None
    """Connection for lamps and buttons, with a user of its own; None = the broker of `[mqtt]`, where that has no users."""
    topic: Topic | None = None
    """Topic above the places; None = `signals` in the site's own tree."""
    discovery: Annotated[str, Field(max_length=64, pattern=r"^[0-9A-Za-z._-]*$")] = "homeassistant"
    """Home Assistant's prefix of discovery; empty = it is told nothing."""
    places: Annotated[tuple[SignalPlace, ...], Field(max_length=MOST_PLACES)] = (SignalPlace(name="office"),)
    devices: Name = "devices"
    """Broker's user whose presses count: of the program that speaks to the buttons."""
    devices_password_file: SecretFile | None = None
    """Its password at the broker that `kikimori up` brings; None = that broker has no such user."""
    buttons: Annotated[tuple[SignalButton, ...], Field(max_length=MOST_BUTTONS)] = ()
    presses: tuple[str, ...] = ("single", "single_push", "S", "press", "PRESS")
    """Words by which buttons tell a press: of Zigbee2MQTT, Shelly, its first generation, Home Assistant."""

    def base(self, site: str) -> str:
        """Return the topic above the places."""
        return self.topic or Topics(site).signals

    def told(self, site: str) -> tuple[str, ...]:
        """Return the filters of everything that lamps are told."""
        found = (f"{self.discovery}/#",) if self.discovery else ()
        return (f"{self.base(site)}/#", *found)

    def extensions(self, site: str) -> dict[str, str]:
        """Return the extension of each button by its topic."""
        own = Topics(site)
        return {
            each.topic or own.button(each.user or self.devices, each.extension): each.extension
            for each in self.buttons
        }
