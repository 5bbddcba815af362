"""Names and addresses of servers as certificates bear them, and the domains that an authority may vouch for."""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING

import idna

from kikimori_core.errors import KikimoriError

if TYPE_CHECKING:
    from collections.abc import Iterable

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_MOST_LETTERS = 253

_PRIVATE = tuple(map(ipaddress.IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")))
"""Networks of offices, RFC 1918."""
_LOCAL_V6, _LOCAL_V6_BITS = ipaddress.IPv6Network("fc00::/7"), 48
"""Those of IPv6, and the length of one office's (RFC 4193)."""


def host_name(given: str) -> str:
    """Return a DNS name as certificates bear it: lower case, letters beyond ASCII as A-labels.

    Raises:
        KikimoriError: it is a wildcard, an address, or no name.
    """
    if "*" in given:
        raise KikimoriError.of("certificate_name_wildcard", value=given)
    try:
        ipaddress.ip_address(given.strip("[]"))
    except ValueError:
        pass
    else:
        raise KikimoriError.of("certificate_name_is_address", value=given)
    encoded = as_asked(given)
    try:
        for each in encoded.split("."):
            if each.startswith("xn--"):
                idna.ulabel(each)
    except (idna.IDNAError, UnicodeError) as error:
        raise KikimoriError.of("certificate_name_wrong", value=given) from error
    labels = encoded.split(".")
    # A name whose last label is a number is read as an address by browsers.
    if len(encoded) > _MOST_LETTERS or not all(map(_LABEL.fullmatch, labels)) or labels[-1].isdigit():
        raise KikimoriError.of("certificate_name_wrong", value=given)
    return encoded


def as_asked(given: str) -> str:
    """Return a name as clients ask for it: lower case, A-labels; what cannot be encoded stays as it is."""
    name = given.strip().rstrip(".").lower()
    if name.isascii():
        return name
    try:
        return idna.encode(name, uts46=True).decode()
    except (idna.IDNAError, UnicodeError):
        return name


def host_address(given: str) -> Address:
    """Return an IP address of a server; raises KikimoriError for what is none, or is no server's."""
    try:
        address = ipaddress.ip_address(given.strip().strip("[]"))
    except ValueError as error:
        raise KikimoriError.of("certificate_address_wrong", value=given) from error
    scoped = isinstance(address, ipaddress.IPv6Address) and address.scope_id is not None
    if address.is_unspecified or address.is_multicast or scoped:
        raise KikimoriError.of("certificate_address_wrong", value=given)
    return address


def permitted_domains(names: Iterable[str], further: Iterable[str] = ()) -> tuple[str, ...]:
    """Return the domains that an authority for servers of these names may vouch for, each with all names below it.

    A server's domain is that of its office: `office.example` of `kikimori.office.example`. A name of one or two labels
    (`kikimori`, `kikimori.local`), or one below a registry's suffix (`kikimori.co.jp`), stands for itself alone: its
    parent belongs to everybody. `further`: domains to be added as they are.
    """
    return _reduced([*map(_own_domain, names), *further])


def permitted_networks(addresses: Iterable[Address]) -> tuple[Network, ...]:
    """Return the networks for which an authority may vouch: the private one of an address, else the address alone."""
    return tuple(dict.fromkeys(_own_network(each) for each in addresses))


def is_below(name: str, domain: str) -> bool:
    """Return whether a name is a domain's own or below it."""
    return name == domain or name.endswith(f".{domain}")


def _own_domain(name: str) -> str:
    _, _, parent = name.partition(".")
    labels = parent.split(".")
    if len(labels) < 2 or _is_registry_suffix(labels):
        return name
    return parent


def _is_registry_suffix(labels: list[str]) -> bool:
    """Return whether anybody may have a name below, as `co.jp`, `or.jp`, `com.au`: short, below a country's code."""
    return len(labels) == 2 and len(labels[1]) == 2 and len(labels[0]) <= 3


def _reduced(domains: Iterable[str]) -> tuple[str, ...]:
    """Return domains without those that are below another one."""
    found = tuple(dict.fromkeys(domains))
    return tuple(
        each for each in found if not any(other != each and is_below(each, other) for other in found)
    )


def _own_network(address: Address) -> Network:
    if isinstance(address, ipaddress.IPv4Address):
        return next((each for each in _PRIVATE if address in each), ipaddress.IPv4Network(address))
    bits = _LOCAL_V6_BITS if address in _LOCAL_V6 else 128
    return ipaddress.IPv6Network((address, bits), strict=False)
