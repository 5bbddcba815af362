"""One office in one process: broker, agent and dashboard, started in order and stopped in order."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kikimori.agent import Agent
from kikimori.bus.broker import embedded_broker
from kikimori.bus.broker_users import (
    agent_user,
    dashboard_user,
    devices_user,
    leave_login,
    signals_user,
    watch_file,
    watcher,
)
from kikimori.errors import ConfigError, secret_fault
from kikimori.listening.pages_way import PagesInside
from kikimori.pages import serve_dashboard
from kikimori.records_serving import recorded_office, records_inside, wants_records
from kikimori.supervision import Supervisor
from kikimori_core.wire.key_store import Identity, TrustStore, given_key
from kikimori_core.wire.keys import SigningKey
from kikimori_core.wire.settings import read_secret
from kikimori_records.store import Store

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    import kikimori_dashboard
    from kikimori.addresses import Addresses
    from kikimori.bus.broker_users import BrokerUser
    from kikimori.config import AgentConfig
    from kikimori.control.pbx_control import PbxControl
    from kikimori_core.wire.settings import BrokerSettings


BOARD = "dashboard"
"""User of the dashboard at the embedded broker."""


@dataclass(frozen=True, slots=True)
class Office:
    """Running parts of an office."""

    agent: Agent
    broker: BrokerSettings
    """Settings to read its embedded broker, with a user that cannot command."""
    addresses: Addresses
    dashboard_url: str


@asynccontextmanager
async def open_office(
    config: AgentConfig,
    dashboard: kikimori_dashboard.DashboardSettings,
    *,
    broker_port: int | None = None,
    pbx: PbxControl | None = None,
    patience_s: float = 0.0,
    store: Store | None = None,
    show_first: Callable[[str], None] | None = None,
) -> AsyncIterator[Office]:
    """Run broker, agent and dashboard inside the `async with`; leave it and they stop, the agent first.

    Args:
        config: The agent's; its broker's host and port say where the embedded one listens.
        dashboard: The dashboard's.
        broker_port: Another port for the broker; 0 = any free one.
        pbx: Control to use instead of the configured one.
        patience_s: Seconds of audio that a leg keeps while hearing waits for recognition; see `DeskSettings`.
        store: Open database; without it the configured one is opened.
        show_first: See `kikimori_dashboard.serve`.

    Raises:
        KikimoriError: a port is taken, the state folder cannot be written. Also in an exception group.
    """
    users = [
        agent_user(config.site, config.agent_id),
        dashboard_user(config.site, BOARD),
        watcher(config.site),
    ]
    for_signals = _signals_users(dashboard)
    port = config.mqtt.port if broker_port is None else broker_port
    async with AsyncExitStack() as stack:
        address = await stack.enter_async_context(
            embedded_broker(config.mqtt.host, port, users=(*users, *for_signals))
        )
        broker = config.mqtt.model_copy(
            update={
                "port": address.port,
                **dict.fromkeys(("username", "password_file", "ca_file", "cert_file", "key_file")),
            }
        )
        for_agent, for_board, for_watcher = (broker.with_login(each.name, each.password) for each in users)
        # A folder that cannot be written is the agent's to tell.
        with suppress(OSError):
            await asyncio.to_thread(leave_login, config.state_path(), address.port, users[-1])
            stack.callback(_remove, watch_file(config.state_path()))
        config = config.model_copy(update={"mqtt": for_agent})
        if for_signals:
            login = broker.with_login(for_signals[0].name, for_signals[0].password)
            signals = dashboard.signals.model_copy(update={"mqtt": login})
            dashboard = dashboard.model_copy(update={"signals": signals})
        # They live and end together, so they are told each other's keys here, and nobody has to.
        agents, boards = SigningKey.make(), SigningKey.make()
        of_agent = Identity(agents, TrustStore(given=[given_key("dashboard", boards)]))
        of_board = Identity(boards, TrustStore(given=[given_key(config.agent_id, agents)]))
        records = None
        if wants_records(config.recording, config.records, dashboard.store_settings()):
            if store is None:
                store = await Store.open(dashboard.store_settings())
                stack.push_async_callback(store.close)
            service = records_inside(config.recording, config.records, store, recorded_office(dashboard))
            records = await stack.enter_async_context(service)
        url: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        inside = _pages_inside(dashboard, url)
        agent = Agent(
            config, pbx=pbx, patience_s=patience_s, identity=of_agent, records=records, pages=inside
        )
        async with asyncio.TaskGroup() as tasks:
            pages = tasks.create_task(
                _keep_pages(
                    dashboard.model_copy(update={"mqtt": for_board}), url, of_board, store, show_first
                ),
                name="dashboard",
            )
            listening = tasks.create_task(agent.run(), name="agent")
            try:
                yield Office(agent, for_watcher, await agent.ready, await url)
            finally:
                agent.stop.set()
                # The agent says goodbye while the dashboard still shows it.
                await asyncio.wait([listening])
                pages.cancel()


def _pages_inside(dashboard: kikimori_dashboard.DashboardSettings, url: asyncio.Future[str]) -> PagesInside:
    """Return the way from the agent to the pages of this process."""
    host = "127.0.0.1" if dashboard.host in ("0.0.0.0", "::") else dashboard.host  # noqa: S104  (compared, not bound)
    authority = dashboard.authority_file()
    ca_file = authority if authority is not None and authority.exists() else dashboard.certificate
    return PagesInside(lambda: url.result() if url.done() else None, host, ca_file)


def _signals_users(dashboard: kikimori_dashboard.DashboardSettings) -> list[BrokerUser]:
    """Return the users of lamps and buttons at the embedded broker, ours first; none where they have another broker.

    Raises:
        ConfigError: the password of the devices' user cannot be read.
    """
    signals, site = dashboard.signals, dashboard.site
    if not signals.enabled or signals.mqtt is not None:
        return []
    told, buttons = signals.told(site), tuple(signals.extensions(site))
    found = [signals_user(told, buttons)]
    if signals.devices_password_file is not None:
        try:
            password = read_secret(signals.devices_password_file)
        except (OSError, UnicodeDecodeError) as error:
            key = "[signals] devices_password_file"
            said, step = secret_fault(error, signals.devices_password_file, key)
            raise ConfigError(said, next_step=step) from None
        found.append(devices_user(signals.devices, password, told, buttons))
    return found


def _remove(file: Path) -> None:
    with suppress(OSError):
        file.unlink(missing_ok=True)


async def _keep_pages(
    settings: kikimori_dashboard.DashboardSettings,
    url: asyncio.Future[str],
    identity: Identity,
    store: Store | None,
    show_first: Callable[[str], None] | None,
) -> None:
    """Serve the pages until cancelled, and again after a failure: calls must be heard without them.

    Raises:
        KikimoriError: the port is taken when they are to be served first.
    """

    def ready(address: str) -> None:
        if not url.done():
            url.set_result(address)

    await Supervisor().keep(
        "dashboard",
        lambda: serve_dashboard(settings, ready, identity, store, show_first),
        fatal=lambda _: not url.done(),
    )
