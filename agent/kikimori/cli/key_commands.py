"""Actions of `kikimori keys`: this installation's own and trusted keys, and their management."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from kikimori.cli.options import config_path, configured, dashboard_settings, state_warning
from kikimori.cli.terminal import cell, say, show
from kikimori.errors import KikimoriError
from kikimori_core.messages import remedy, text
from kikimori_core.wire.key_store import RECORDS, KeyTrust, OwnKeys, TrustStore, own_path, trusted_path
from kikimori_core.wire.keys import SigningKey, fingerprint

if TYPE_CHECKING:
    import argparse
    from pathlib import Path


class _Holder:
    """Owner of the keys: the agent, the dashboard or the records service of this configuration."""

    def __init__(self, args: argparse.Namespace) -> None:
        config = configured(args, log_level="critical")
        folder: Path | None = config.state_path()
        if args.records:
            self.title, name = text("keys_records"), RECORDS
            board = dashboard_settings(args)
            folder = board.records.trust or board.state_path()
        elif args.dashboard:
            self.title, name = text("keys_dashboard"), "dashboard"
            folder = dashboard_settings(args).state_path()
        else:
            self.title, name = text("keys_agent", agent_id=config.agent_id), f"agent-{config.agent_id}"
            if warning := state_warning(config_path(args), config):
                say(warning)
        if folder is None:
            raise KikimoriError.of("dashboard_no_state_folder")
        self.own: Path | None = None if args.records else own_path(folder, name)
        """File of its own keys; None = it has none."""
        self.trusted = trusted_path(folder, name)
        self.trust = TrustStore(self.trusted)


def show_keys(args: argparse.Namespace) -> int:
    holder = _Holder(args)
    own = None if holder.own is None else OwnKeys.read(holder.own)
    if args.json:
        print(json.dumps(_figures(holder, own), ensure_ascii=False))
        return 0
    show(text("keys_at", holder=holder.title, path=holder.own or holder.trusted))
    if own is None and holder.own is not None:
        show(text("keys_none_yet"))
    for title, key in _named(own):
        print(f"  {cell(title, 8)} {key}\n           {fingerprint(key)}")
    show(text("keys_trusted", count=len(holder.trust.valid())))
    for each in holder.trust.keys:
        standing = "trusted" if holder.trust.standing(each.key) is KeyTrust.TRUSTED else "revoked"
        print(f"  {cell(standing, 8)} {each.name}: {each.key}\n           {fingerprint(each.key)}")
    if holder.trust.fault:
        raise KikimoriError(holder.trust.fault, next_step=remedy("trust_file_unreadable"))
    return 0


def trust_key(args: argparse.Namespace) -> int:
    holder = _Holder(args)
    added = holder.trust.trust(args.name, args.key)
    marks = fingerprint(added.key)
    show(text("keys_trusts", holder=holder.title, owner=added.name, fingerprint=marks))
    show(text("keys_compare"))
    return 0


def revoke_keys(args: argparse.Namespace) -> int:
    holder = _Holder(args)
    for each in holder.trust.revoke(args.what):
        show(text("keys_revoked", owner=each.name, fingerprint=fingerprint(each.key)))
    return 0


def rotate_keys(args: argparse.Namespace) -> int:
    holder = _Holder(args)
    own = None if holder.own is None else OwnKeys.read(holder.own)
    if own is None or holder.own is None:
        raise KikimoriError.of("no_key_yet")
    if args.finish:
        if own.following is None:
            raise KikimoriError.of("no_next_key")
        OwnKeys(own.following).write(holder.own)
        marks = fingerprint(own.following.public)
        show(text("keys_rotated", holder=holder.title, fingerprint=marks))
        show(text("keys_revoke_then", fingerprint=fingerprint(own.current.public)))
        return 0
    if own.following is None:
        own = OwnKeys(own.current, SigningKey.make())
        own.write(holder.own)
    following = own.following
    if following is not None:
        marks = fingerprint(following.public)
        show(text("keys_next", holder=holder.title, key=following.public, fingerprint=marks))
        show(text("keys_trust_then"))
    return 0


def _named(own: OwnKeys | None) -> list[tuple[str, str]]:
    if own is None:
        return []
    found = [("own", own.current.public)]
    return found if own.following is None else [*found, ("next", own.following.public)]


def _figures(holder: _Holder, own: OwnKeys | None) -> dict[str, Any]:
    return {
        "of": holder.title,
        "own": [{"use": use, "key": key, "fingerprint": fingerprint(key)} for use, key in _named(own)],
        "trusted": [
            {**each.model_dump(mode="json"), "fingerprint": fingerprint(each.key)}
            for each in holder.trust.keys
        ],
    }
