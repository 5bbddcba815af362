"""Real reverse proxies in front of a dashboard, with the files of `config/proxy/` as they are shipped.

Only what a test on one machine has to change is changed in them: ports, paths, and times that it would have to wait for.
"""

from __future__ import annotations

import asyncio
import os
import shutil
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import aiohttp
import kikimori_config
import pytest
from tests.support.deadline import WITHIN_S
from tests.support.ports import answers, free_port

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

    from tests.support.certificates import Authority

NAME = "kikimori.office.example"
PROGRAMS = {"nginx": "nginx-light", "caddy": "caddy"}
"""Programs and the Debian packages that have them."""
PATH = f"{os.environ.get('PATH', '')}:/usr/sbin"
NGINX = """daemon off;
master_process off;
pid {folder}/pid;
error_log stderr;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/site.conf;
}}
"""


@dataclass(frozen=True, slots=True)
class ReverseProxy:
    """Reverse proxy on loopback, with the authority of its certificate."""

    kind: str
    plain_port: int
    port: int
    authority: Authority

    @property
    def url(self) -> str:
        return f"https://{NAME}:{self.port}"


def shipped_proxy(kind: str) -> str:
    """Return the shipped file of a proxy."""
    folder = next(iter(kikimori_config.__path__))
    return (Path(folder) / "proxy" / {"nginx": "nginx.conf", "caddy": "Caddyfile"}[kind]).read_text("utf-8")


@asynccontextmanager
async def reverse_proxy(
    kind: str,
    folder: Path,
    authority: Authority,
    upstream: int,
    ports: tuple[int, int],
    changed: Mapping[str, str] | None = None,
) -> AsyncIterator[ReverseProxy]:
    """Run a proxy in front of a port of loopback. `changed`: further texts of its file, and what stands there instead.

    `ports`: for plain HTTP and for HTTPS.
    """
    program = shutil.which(kind, path=PATH)
    if program is None:
        pytest.skip(f"no {kind}: sudo apt-get install {PROGRAMS[kind]}")
    command = _write(kind, folder, authority, upstream, ports, changed or {})
    async with _running([program, *command], folder, ports):
        yield ReverseProxy(kind, *ports, authority)


def _write(
    kind: str,
    folder: Path,
    authority: Authority,
    upstream: int,
    ports: tuple[int, int],
    changed: Mapping[str, str],
) -> list[str]:
    """Write the files of a proxy and return the arguments that name them."""
    folder.mkdir()
    certificate, key = authority.certificate(f"proxy-{kind}", f"DNS:{NAME}")
    shutil.copy(certificate, folder / "kikimori.crt")
    shutil.copy(key, folder / "kikimori.key")
    shutil.copy(authority.file, folder / "authority.crt")
    plain, port = ports
    changes = {
        "127.0.0.1:8765": f"127.0.0.1:{upstream}",
        "/etc/kikimori/certificates": str(folder),
        **changed,
    }
    if kind == "nginx":
        changes |= {
            "listen 80;": f"listen 127.0.0.1:{plain};",
            "listen 443 ssl;": f"listen 127.0.0.1:{port} ssl;",
            f"https://{NAME}$": f"https://{NAME}:{port}$",
        }
        (folder / "nginx.conf").write_text(NGINX.format(folder=folder), encoding="utf-8")
        site, command = folder / "site.conf", ["-c", str(folder / "nginx.conf")]
    else:
        changes |= {
            f"http://{NAME} {{": f"http://{NAME}:{plain} {{\n\tbind 127.0.0.1",
            f"https://{NAME} {{": f"https://{NAME}:{port} {{\n\tbind 127.0.0.1",
            f"https://{NAME}{{uri}}": f"https://{NAME}:{port}{{uri}}",
            "auto_https off": "auto_https off\n\tadmin off",
        }
        site = folder / "Caddyfile"
        command = ["run", "--config", str(site), "--adapter", "caddyfile"]
    site.write_text(_changed(shipped_proxy(kind), changes), encoding="utf-8")
    return command


def _changed(text: str, changes: Mapping[str, str]) -> str:
    for old, new in changes.items():
        assert old in text, f"the shipped file has no {old!r} any more"
        text = text.replace(old, new)
    return text


@asynccontextmanager
async def _running(command: Sequence[str], folder: Path, ports: tuple[int, int]) -> AsyncIterator[None]:
    environment = {"PATH": PATH, "HOME": str(folder)}
    with (folder / "log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(*command, stdout=log, stderr=log, env=environment)
    try:
        async with asyncio.timeout(WITHIN_S):
            for port in ports:
                while not await answers(port):
                    assert process.returncode is None, (folder / "log").read_text(errors="replace")
                    await asyncio.sleep(0.05)
        yield
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


def proxy_ports() -> tuple[int, int]:
    """Return two ports, for plain HTTP and HTTPS of a proxy."""
    return free_port(), free_port()


class Named(aiohttp.abc.AbstractResolver):
    """Resolver that finds every name on this machine."""

    async def resolve(self, host: str, port: int = 0, family: int = 0) -> list[aiohttp.abc.ResolveResult]:
        del family
        return [{"hostname": host, "host": "127.0.0.1", "port": port, "family": 2, "proto": 0, "flags": 4}]

    async def close(self) -> None:
        """Close nothing."""
