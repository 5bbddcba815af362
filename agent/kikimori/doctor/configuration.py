"""Faults of a configuration that would end the program at its start, found without starting it."""

from __future__ import annotations

import errno
import os
import ssl
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kikimori.checks.diagnosis import CheckState, Diagnosis
from kikimori.checks.ports import ANY_ADDRESS, tcp_port
from kikimori.doctor.dashboard_certificate import look_at_pages_certificate
from kikimori.doctor.former_superior import look_at_former_superior
from kikimori.doctor.mosquitto import look_at_mosquitto
from kikimori.doctor.notices import look_at_notices
from kikimori.doctor.recording import look_at_recording_settings, look_at_records_certificate
from kikimori.doctor.store import look_at_store_settings
from kikimori.doctor.targets import look_at_targets
from kikimori.errors import KikimoriError, secret_next_step
from kikimori.modelstore import models_folder, resolve
from kikimori_core.messages import both, remedy, text
from kikimori_core.wire.files import FileKind, NamedFile, named_files
from kikimori_core.wire.settings import is_loopback, read_secret, secret_path, trusting

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from kikimori.config import AgentConfig
    from kikimori.integrations.integration import Integration
    from kikimori_core.journal.settings import RecordsTable
    from kikimori_dashboard import DashboardSettings


def look_at_configuration(config: AgentConfig, dashboard: DashboardSettings) -> list[Diagnosis]:
    """Return the faults of named files, of their content, and of addresses and ports.

    `check` of each is the key as people write it: `[mqtt] ca_file`.
    """
    named = [
        *named_files(config),
        *(each for each in named_files(dashboard) if each.key.startswith(("[store]", "[signals", "[notify"))),
    ]
    found = [fault for each in named if (fault := _look_at_file(each, config)) is not None]
    unread = {each.check.partition(" ")[0] for each in found}
    contents: dict[str, Callable[[], object]] = {
        "[mqtt] ca_file": config.mqtt.tls,
        **_authorities(config.records, dashboard),
    }
    for each in config.integrations():
        contents |= each.contents()
    for key, read in contents.items():
        if key.partition(" ")[0] not in unread and (fault := _tried(key, read)) is not None:
            found.append(fault)
    if "[records]" not in unread:
        found += look_at_records_certificate(config.records)
    return [
        *found,
        *(fault for each in config.integrations() if each.is_on() for fault in each.faults()),
        *same_port_twice(config, dashboard),
        *_addresses(config, dashboard),
        *certificate_faults(dashboard),
        *_state_folder(config),
        *look_at_targets(config),
        *look_at_recording_settings(config),
        *look_at_mosquitto(config),
        *look_at_store_settings(dashboard.store_settings()),
        *look_at_former_superior(dashboard),
        *look_at_notices(dashboard),
    ]


def look_at_dashboard(config: AgentConfig, dashboard: DashboardSettings) -> list[Diagnosis]:
    """Return the same for a machine of the dashboard alone."""
    named = [each for each in named_files(dashboard) if each.kind is not FileKind.PEM or each.key[0] == "["]
    found = [fault for each in named if (fault := _look_at_file(each, config)) is not None]
    if not found:
        contents = {"[mqtt] ca_file": dashboard.mqtt.tls, **_authorities(dashboard.records, dashboard)}
        found += [fault for key, read in contents.items() if (fault := _tried(key, read)) is not None]
    if not found:
        found += look_at_records_certificate(dashboard.records)
    addresses = (tcp_port(*each) for each in dashboard_listeners(dashboard))
    return [
        *found,
        *(each for each in addresses if each.state is CheckState.FAULT),
        *certificate_faults(dashboard),
        *look_at_store_settings(dashboard.store_settings()),
        *look_at_former_superior(dashboard),
        *look_at_notices(dashboard),
    ]


def certificate_faults(dashboard: DashboardSettings) -> list[Diagnosis]:
    """Return what is wrong with the certificate of the pages."""
    return [each for each in look_at_pages_certificate(dashboard) if each.state is not CheckState.OK]


def _authorities(records: RecordsTable, dashboard: DashboardSettings) -> dict[str, Callable[[], object]]:
    """Return the authorities' certificates of listening, records and mail by their keys, as functions that read them."""
    anchors, mail = records.anchors, dashboard.notify.mail
    files = {"[records]": records.ca_file, "[records.anchors]": anchors.ca_file}
    files["[listening]"] = dashboard.listening.ca_file
    if anchors.mail is not None:
        files["[records.anchors.mail]"] = anchors.mail.ca_file
    if anchors.timestamps is not None:
        files["[records.anchors.timestamps]"] = anchors.timestamps.ca_file
    if mail is not None:
        files["[notify.mail]"] = mail.ca_file
    return {f"{table} ca_file": partial(trusting, path) for table, path in files.items() if path is not None}


def _look_at_file(named: NamedFile, config: AgentConfig) -> Diagnosis | None:
    """Read one file as the program will."""
    path = named.path
    match named.kind:
        case FileKind.SECRET:
            return _tried(named.key, lambda: read_secret(path), secret_path(path))
        case FileKind.MODEL:
            folder = models_folder(config.state_path())
            return _tried(named.key, lambda: resolve(str(config.speech.model), folder))
        case FileKind.OPINION:
            from kikimori_core.judging.second_opinion.model import load_model  # noqa: PLC0415  (needs numpy)

            return _tried(named.key, lambda: load_model(path).open())
        case FileKind.PEM | FileKind.TOML:
            return _tried(named.key, path.read_bytes)
        case FileKind.FOLDER:
            return None


def _tried(key: str, read: Callable[[], object], secret: Path | None = None) -> Diagnosis | None:
    try:
        read()
    except KikimoriError as error:
        return Diagnosis(key, CheckState.FAULT, error.message, error.next_step)
    except UnicodeDecodeError:
        return Diagnosis(key, CheckState.FAULT, *both("secret_not_text", secret=secret))
    except OSError as error:
        if secret is not None:
            error.filename = str(secret)
        reason = _reason(error)
        named = text("file_reason", file=error.filename, reason=reason) if error.filename else reason
        step = secret_next_step(error, key) if secret else _next_step(error, key)
        return Diagnosis(key, CheckState.FAULT, named, step)
    return None


def _reason(error: OSError) -> str:
    return error.reason if isinstance(error, ssl.SSLError) else error.strerror or str(error)


def _next_step(error: OSError, key: str) -> str:
    match error.errno:
        case errno.ENOENT:
            return remedy("path_from_file", key=key)
        case errno.EACCES:
            return remedy("right_by_sudo")
        case errno.EISDIR:
            return remedy("file_not_folder", key=key)
        case _:
            return remedy("pem_expected", key=key)


def in_place(config: AgentConfig) -> list[Integration[Any]]:
    """Return the ways in that are switched on, in the order in which they are checked."""
    return sorted((each for each in config.integrations() if each.is_on()), key=lambda each: each.place)


def _listeners(config: AgentConfig, dashboard: DashboardSettings | None) -> Iterator[tuple[str, str, int]]:
    """Give key, host and TCP port of everything that is to listen."""
    for each in in_place(config):
        for setting in each.ports():
            yield setting.key, setting.host, setting.port
    if dashboard is not None:
        yield from dashboard_listeners(dashboard)


def dashboard_listeners(dashboard: DashboardSettings) -> Iterator[tuple[str, str, int]]:
    """Give key, host and port of each port of the pages."""
    yield "[dashboard] port", dashboard.host, dashboard.port
    if dashboard.certificate is not None:
        yield "[dashboard] https_port", dashboard.host, dashboard.https_port


def same_port_twice(config: AgentConfig, dashboard: DashboardSettings | None = None) -> Iterator[Diagnosis]:
    """Return ports that two listeners share: each is free by itself, but one of the two cannot start."""
    listeners = list(_listeners(config, dashboard))
    if is_loopback(config.mqtt.host):
        listeners.append(("[mqtt] port", config.mqtt.host, config.mqtt.port))
    for number, (key, host, port) in enumerate(listeners):
        for other, its_host, its_port in listeners[:number]:
            if port and port == its_port and (host == its_host or {host, its_host} & set(ANY_ADDRESS)):
                yield Diagnosis(key, CheckState.FAULT, *both("port_twice", port=port, other=other, key=key))


def _addresses(config: AgentConfig, dashboard: DashboardSettings) -> Iterator[Diagnosis]:
    for key, host, port in _listeners(config, dashboard):
        found = tcp_port(key, host, port)
        if found.state is CheckState.FAULT:
            yield found


def _state_folder(config: AgentConfig) -> Iterator[Diagnosis]:
    """Look whether the state folder is there or can be made; makes nothing."""
    folder = config.state_path()
    there = next((each for each in (folder, *folder.parents) if _exists(each)), Path("/"))
    if not there.is_dir():
        yield Diagnosis("state_dir", CheckState.FAULT, *both("not_a_folder", there=there))
    elif not os.access(there, os.W_OK | os.X_OK):
        yield Diagnosis("state_dir", CheckState.WARNING, *both("state_folder_not_ours", there=there))


def _exists(path: Path) -> bool:
    try:
        path.lstat()
    except PermissionError:
        return True
    except OSError:
        return False
    return True
