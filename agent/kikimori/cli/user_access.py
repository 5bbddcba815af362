"""`kikimori user first`, `password` and `factor`: ways in for those who cannot sign in."""

from __future__ import annotations

import getpass
import json
import sys
from typing import TYPE_CHECKING

from kikimori.cli.people_store import author, with_store
from kikimori.cli.terminal import say_both, show, worded
from kikimori.errors import KikimoriError
from kikimori_core.messages import both, text

if TYPE_CHECKING:
    import argparse
    from collections.abc import Awaitable, Callable

    from kikimori_dashboard import DashboardSettings
    from kikimori_records.people.person import Person
    from kikimori_records.store import Store


def add_actions(
    actions: argparse._SubParsersAction[argparse.ArgumentParser],
    find: Callable[[Store, str], Awaitable[Person]],
) -> list[argparse.ArgumentParser]:
    """Add the actions; return their parsers. `find`: returns the person that somebody names."""
    first = actions.add_parser("first")
    first.add_argument("--json", action="store_true")
    first.set_defaults(run=run_first)

    password = actions.add_parser("password")
    password.add_argument("who", metavar="WHO")
    password.set_defaults(run=lambda args: run_password(args, find))

    factor = actions.add_parser("factor")
    factor.add_argument("who", metavar="WHO")
    factor.add_argument("--remove", action="store_true")
    factor.set_defaults(run=lambda args: run_factor(args, find))
    return [first, password, factor]


def run_first(args: argparse.Namespace) -> int:
    link = with_store(args, _first)
    print(json.dumps({"link": link}) if args.json else link)
    return 0


async def _first(store: Store, settings: DashboardSettings) -> str:
    from kikimori_dashboard.access.links import first_link, needs_first  # noqa: PLC0415  (see cli/up.py)
    from kikimori_dashboard.https.page_url import page_url  # noqa: PLC0415
    from kikimori_records.audit.log import append  # noqa: PLC0415

    if not await needs_first(store):
        raise KikimoriError.of("user_admin_there")
    path = await first_link(store)
    await append(store, author("user first").entry("link.first", "link", ""))
    return f"{page_url(settings)}{path}"


def run_password(args: argparse.Namespace, find: Callable[[Store, str], Awaitable[Person]]) -> int:
    password = _read_password()

    async def change(store: Store, _settings: DashboardSettings) -> Person:
        from kikimori_dashboard.access.new_password import set_password  # noqa: PLC0415  (see cli/up.py)

        person = await find(store, args.who)
        await set_password(store, person, password, author("user password"))
        return person

    person = with_store(args, change)
    show(text("user_password_set", person=person.name))
    return 0


def run_factor(args: argparse.Namespace, find: Callable[[Store, str], Awaitable[Person]]) -> int:
    async def look(store: Store, _settings: DashboardSettings) -> tuple[Person, int, bool]:
        from kikimori_records.people.second_factor import (  # noqa: PLC0415  (see cli/up.py)
            recovery_codes_left,
            remove_second_factor,
        )

        person = await find(store, args.who)
        left = await recovery_codes_left(store, person.id)
        removed = args.remove and await remove_second_factor(store, person, author("user factor"))
        return person, left, removed

    person, left, removed = with_store(args, look)
    if removed:
        show(text("user_factor_removed", person=person.name))
    elif person.totp_secret is None:
        show(text("user_factor_none", person=person.name))
    else:
        say_both(both("user_factor_on", person=person.name, count=left))
    return 0


def _read_password() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    first, again = (
        getpass.getpass(worded(text(each))) for each in ("password_prompt", "password_prompt_again")
    )
    if first != again:
        raise KikimoriError.of("passwords_differ")
    return first
