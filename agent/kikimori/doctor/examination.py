"""All checks, in order."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

from kikimori.checks.diagnosis import CheckState, Diagnosis, Subject
from kikimori.checks.ports import tcp_port
from kikimori.doctor import taps
from kikimori.doctor.broker import look_at_broker
from kikimori.doctor.broker_certificate import look_at_broker_certificate
from kikimori.doctor.browser_listening import look_at_browser_listening
from kikimori.doctor.configuration import dashboard_listeners
from kikimori.doctor.dashboard_certificate import look_at_pages_certificate
from kikimori.doctor.keys import look_at_keys
from kikimori.doctor.listening import look_at_rules, look_at_speech
from kikimori.doctor.machine import look_at_clock, look_at_machine, look_at_state_folder
from kikimori.doctor.mosquitto import look_at_mosquitto
from kikimori.doctor.page_address import look_at_page_address
from kikimori.doctor.recorded_sound import look_at_recorded_sound
from kikimori.doctor.recording import look_at_recording
from kikimori.doctor.running import look_at_running
from kikimori.doctor.secrets import look_at_secrets
from kikimori.doctor.store import look_at_store
from kikimori.doctor.targets import look_at_targets
from kikimori.parts import is_installed
from kikimori.ways_in import controlling
from kikimori_core.messages import both

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from kikimori.config import AgentConfig
    from kikimori_dashboard import DashboardSettings

LONGEST_S = 30.0
"""Longest time in s for one subject."""


def subjects(config: AgentConfig, dashboard: DashboardSettings) -> list[Subject]:
    """Return the subjects to be checked, in order."""

    async def rules() -> list[Diagnosis]:
        return [look_at_rules(config)]

    async def machine() -> list[Diagnosis]:
        folder = await asyncio.to_thread(look_at_state_folder, config.state_path())
        return [folder, await look_at_clock(), look_at_machine(config), *look_at_secrets(config)]

    async def keys() -> list[Diagnosis]:
        return [*await asyncio.to_thread(look_at_keys, config), *look_at_targets(config)]

    async def speech() -> list[Diagnosis]:
        return [await look_at_speech(config)]

    async def broker() -> list[Diagnosis]:
        found = await look_at_broker(config)
        # A certificate that is refused is said once.
        certificate = [] if found.state is CheckState.FAULT else await look_at_broker_certificate(config.mqtt)
        return [found, *certificate, *look_at_mosquitto(config)]

    async def pages() -> list[Diagnosis]:
        names = {"[dashboard] port": "dashboard"}
        return [
            *(
                tcp_port(names.get(key, key), host, port)
                for key, host, port in dashboard_listeners(dashboard)
            ),
            *await asyncio.to_thread(look_at_pages_certificate, dashboard),
            *await look_at_page_address(dashboard),
        ]

    async def recording() -> list[Diagnosis]:
        found = await look_at_recording(config, dashboard)
        return [
            *found,
            *await look_at_recorded_sound(dashboard),
            await look_at_browser_listening(config),
        ]

    async def store() -> list[Diagnosis]:
        return await look_at_store(dashboard.store_settings()) if is_installed("dashboard") else []

    return [
        Subject("rules", rules),
        Subject("this machine", machine),
        Subject("speech recognition", speech),
        Subject("broker", broker),
        Subject("the running agent", partial(look_at_running, config)),
        Subject("keys and targets", keys),
        *taps.subjects(config),
        Subject("control of the PBX", controlling(config).examine_control),
        Subject("dashboard", pages),
        Subject("database", store),
        Subject("recording", recording),
    ]


async def examine(
    config: AgentConfig, dashboard: DashboardSettings, looking: Callable[[str], None] = lambda _name: None
) -> AsyncIterator[Diagnosis]:
    """Run the checks of each subject; never raises for what they find. `looking` gets each name before."""
    for subject in subjects(config, dashboard):
        looking(subject.name)
        try:
            async with asyncio.timeout(LONGEST_S):
                found = await subject.look()
        except TimeoutError:
            found = [
                Diagnosis(
                    subject.name, CheckState.FAULT, *both("check_timed_out", seconds=f"{LONGEST_S:.0f}")
                )
            ]
        except Exception as error:  # noqa: BLE001  (the doctor's own fault must not hide the other findings)
            found = [
                Diagnosis(
                    subject.name,
                    CheckState.FAULT,
                    *both("check_failed", name=type(error).__name__, error=error),
                )
            ]
        for each in found:
            yield each
