"""The dashboard's settings: the `[dashboard]` table of `kikimori.toml`, with site, language and broker from the top."""

from __future__ import annotations

import os
import socket
import zoneinfo
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from kikimori_core.journal.settings import RecordingTable, RecordsTable
from kikimori_core.messages import text
from kikimori_core.wire.files import MadeFolder, TomlFile, beside, require_toml_files
from kikimori_core.wire.key_store import Identity, own_path
from kikimori_core.wire.listening import ListeningTable
from kikimori_core.wire.private_file import write_private
from kikimori_core.wire.settings import BrokerSettings, Name, SiteName
from kikimori_core.wire.toml_file import explained, read_toml
from kikimori_core.wire.topics import is_name
from kikimori_core.wire.unanswered import UnansweredTable
from kikimori_dashboard.access.roles import PersonRole
from kikimori_dashboard.ending.reasons import read_ending_reasons
from kikimori_dashboard.ending.settings import EndingTable
from kikimori_dashboard.notices.settings import NotifySettings
from kikimori_dashboard.pages.sentences import read_book
from kikimori_dashboard.signals.settings import SignalSettings
from kikimori_dashboard.web.address_settings import AddressSettings
from kikimori_records.settings import StoreSettings, state_folder

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kikimori_core.wire.toml_file import Location

SHARED = (
    "site",
    "language",
    "mqtt",
    "store",
    "pbx",
    "signals",
    "notify",
    "unanswered",
    "ending",
    "listening",
    "recording",
    "records",
)
"""Keys at the top of the file, for agents and dashboard; `[store]`, `[signals]`, `[notify]` and `[ending]` are the dashboard's alone, of `[pbx]` it reads the superior."""


class FormerSuperior(BaseModel):
    """The superior as `[pbx]` names them: taken over into the directory at the first start."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    superior: Annotated[str, Field(max_length=64)] | None = None
    """None = not written in the file: nothing is taken over."""
    superior_name: Annotated[str, Field(max_length=128)] | None = None


class DashboardSettings(AddressSettings):
    """Settings of the dashboard. One dashboard shows one site."""

    site: SiteName = "main"
    site_name: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    """Name of the site on the pages; None = `site`."""
    language: Literal["ja", "en"] = "ja"
    """Language of a browser that has not chosen one yet."""
    mqtt: BrokerSettings = BrokerSettings()
    store: StoreSettings = StoreSettings()
    """Database of people, sessions and audit, as written; see `store_settings`."""
    pbx: FormerSuperior = FormerSuperior()
    signals: SignalSettings = SignalSettings()
    """Lamps, buzzers and buttons by MQTT."""
    notify: NotifySettings = NotifySettings()
    """Webhooks and mail."""
    unanswered: UnansweredTable = UnansweredTable()
    ending: EndingTable = EndingTable()
    listening: ListeningTable = ListeningTable()
    recording: RecordingTable = RecordingTable()
    records: RecordsTable = RecordsTable()
    client_id: Name | None = None
    """MQTT client id; the broker keeps messages for it while the dashboard is away, so it must stay the same.
    None = the user of `[mqtt]`; without one made from host name and port."""
    time_zone: str = "Asia/Tokyo"
    """Zone of the clock times on the pages."""
    closed_minutes: Annotated[float, Field(gt=0, le=24 * 60)] = 15
    """Minutes that a closed alert stays on the page."""
    state_dir: MadeFolder | None = None
    """Folder of its key and those of the agents, relative to the configuration file. None = systemd's
    `$STATE_DIRECTORY`, else `~/.local/state/kikimori-dashboard`."""
    admin_second_factor: bool = False
    """True = administrators need a second factor: without one only their own account is open to them."""
    second_factor_roles: tuple[PersonRole, ...] = ()
    """Roles whose people need a second factor likewise; `admin_second_factor` adds `admin`."""
    sentences: tuple[TomlFile, ...] = ()
    """The office's own files of sentences for the operator's page, relative to the configuration file."""

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        known = zoneinfo.available_timezones()
        # A machine without a zone database knows none; the browsers do the conversion.
        if known and value not in known:
            raise ValueError("is not a time zone; write it like Asia/Tokyo")
        return value

    @model_validator(mode="after")
    def _signals_have_a_user(self) -> Self:
        # A second connection by the same user would take the first one's place.
        signals = self.signals
        if signals.enabled and self.mqtt.username is not None:
            if signals.mqtt is None:
                raise ValueError(text("signals_need_user"))
            same = (signals.mqtt.host, signals.mqtt.port) == (self.mqtt.host, self.mqtt.port)
            if same and signals.mqtt.username == self.mqtt.username:
                raise ValueError(text("signals_need_user"))
        return self

    def with_second_factor(self) -> frozenset[PersonRole]:
        """Return the roles whose people need a second factor."""
        return frozenset(
            (*self.second_factor_roles, *([PersonRole.ADMIN] if self.admin_second_factor else []))
        )

    def state_path(self) -> Path | None:
        """Return the folder of its keys; None where this user has none."""
        if self.state_dir is not None:
            return self.state_dir
        folder = self._usual_path()
        # Keys from before [store] dir was set are read on where they are.
        if self.store.dir is not None and (folder is None or not own_path(folder, "dashboard").exists()):
            return self.store.dir
        return folder

    def _usual_path(self) -> Path | None:
        if given := os.environ.get("STATE_DIRECTORY"):
            return state_folder(given)
        try:
            return Path.home() / ".local" / "state" / "kikimori-dashboard"
        except RuntimeError:
            return None

    def store_settings(self) -> StoreSettings:
        """Return the settings of the database, in the folder of the keys unless it has one of its own."""
        if self.store.dir is not None or self.state_dir is None:
            return self.store
        return self.store.model_copy(update={"dir": self.state_dir})

    def identity(self) -> Identity:
        """Read its keys, and make its own at the first start; in memory where there is no folder."""
        folder = self.state_path()
        if folder is not None:
            return Identity.at(folder, "dashboard")
        return replace(Identity.in_memory(), fault="this user has no home folder, and no state_dir is set")

    def former_client_id(self) -> str | None:
        """Return the client id of the version before, while a session may be left there; None when there is none to read."""
        if self.client_id is not None or self.mqtt_client_id() == (made := self._made_client_id()):
            return None
        note = self._session_note()
        return None if note is not None and note.exists() else made

    def note_former_session(self) -> None:
        """Note that the former session was read; raises OSError."""
        if (note := self._session_note()) is not None:
            write_private(note, "read\n")

    def _session_note(self) -> Path | None:
        folder = self.state_path()
        return None if folder is None else folder / "former-session-read"

    def mqtt_client_id(self) -> str:
        """Return its client id: its user's name, as in the shipped Mosquitto files, unless one is set."""
        user = self.mqtt.username
        if self.client_id is not None:
            return self.client_id
        return user if user is not None and is_name(user) else self._made_client_id()

    def _made_client_id(self) -> str:
        name = "".join(c if c.isascii() and (c.isalnum() or c in "-.") else "-" for c in socket.gethostname())
        return f"dashboard-{name[:40]}-{self.port}"

    def mqtt_branch(self) -> str:
        """Return the name of this dashboard's branch of topics: its user's, as rights are granted by user."""
        user = self.mqtt.username
        return user if user is not None and is_name(user) else self.mqtt_client_id()


def settings_from(document: Mapping[str, Any]) -> DashboardSettings:
    """Take the dashboard's settings out of a whole `kikimori.toml`; raises pydantic's ValidationError."""
    shared = {key: document[key] for key in SHARED if key in document}
    return DashboardSettings.model_validate({**shared, **document.get("dashboard", {})})


def read_settings(path: Path | None) -> DashboardSettings:
    """Read the file, or take the defaults without one; raises ConfigError that names file, line, key and reason."""
    if path is None:
        return DashboardSettings()
    document = read_toml(path)
    try:
        settings = beside(settings_from(document), path)
    except ValidationError as error:
        raise explained(error, DashboardSettings, document, path, _place) from None
    require_toml_files(settings, path, "dashboard")
    read_book(settings.sentences)
    read_ending_reasons(settings.ending.reasons)
    return settings


def _place(location: Location) -> Location:
    """Return the place of a setting in the file."""
    return location if location and location[0] in SHARED else ("dashboard", *location)
