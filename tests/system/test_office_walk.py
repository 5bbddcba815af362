"""An office as a new user sets it up: PBX, Kikimori and the supervisor's PC are three computers with a network between.

What is typed is taken from README.md and the pages that it leads to. Nothing is fetched: `pip` stands there already and does
nothing, and `tests/support/units.py` stands in for systemd.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
import ssl
import sys
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect
from tests.support.browser import ARGUMENTS, CHROMIUM, playwright_driver
from tests.support.deadline import WITHIN_S
from tests.support.machines import ROOT, Lan, Machine, need_machines, office_lan
from tests.support.readme import blocks, write_lines
from tests.support.real_asterisk import needs_asterisk
from tests.support.sign_in import PASSWORD

from kikimori_lab.bench.listen_page import probe

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from playwright.async_api import BrowserContext, Page


NAME = "kikimori.office.example"
PBX, KIKIMORI, DESK = "192.168.1.10", "192.168.1.20", "192.168.1.30"
URL, PLAIN_URL = f"https://{NAME}:8443", f"http://{NAME}:8765"
CALL = "shout-from-start"
NOT_TYPED = re.compile(r"models fetch")
"""Nothing is fetched here: the alarm is one that needs no words."""
STAND_IN = """
mkdir -p /opt/kikimori/bin /usr/local/bin
ln -s {program} /opt/kikimori/bin/kikimori
printf '#!/bin/sh\nexit 0\n' > /opt/kikimori/bin/pip
printf '#!/bin/sh\nexec "$@"\n' > /usr/local/bin/sudo
printf '#!/bin/sh\nexec {python} {units} "$@"\n' > /usr/local/bin/systemctl
chmod +x /opt/kikimori/bin/pip /usr/local/bin/sudo /usr/local/bin/systemctl
"""
"""The program of this checkout where `pip` would install it, and systemd."""
UNTIL_READY = f"until (exec 3<>/dev/tcp/{KIKIMORI}/8443) 2>/dev/null; do sleep 0.2; done"
"""Waits for the pages. A reader needs longer than that for the next line."""


def fingerprint_of(certificate: str) -> str:
    """Return the SHA-256 of a certificate (PEM), as everybody compares it."""
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(certificate)).hexdigest()


async def prepare(machine: Machine) -> None:
    """Put in place what is not fetched."""
    machine.environment |= {"PATH": "/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root"}
    python = Path(sys.executable)
    units = ROOT / "tests" / "support" / "units.py"
    await machine.do(STAND_IN.format(program=python.parent / "kikimori", python=python, units=units))


async def show_logs(machine: Machine) -> None:
    """Print what services have said: pytest shows it where the test fails."""
    print((await machine.run("cat /run/units/*.log")).out)


async def type_steps(machine: Machine, heading: str, number: int) -> str:
    """Type the commands of one block of the README; return what they said."""
    said = ""
    for command in blocks("README.md", heading)[number].commands():
        if not NOT_TYPED.search(command):
            said += await machine.do(command)
        if "enable --now" in command:
            await machine.do(UNTIL_READY)
    return said


async def edit(machine: Machine, path: str, *lines: str) -> None:
    """Write lines of the documents into a file, as `sudoedit` and a person do."""
    text = await machine.do(f"cat {path}")
    for each in lines:
        text = write_lines(text, each)
    await machine.do(f"cat > {path}", typed=text)


@asynccontextmanager
async def office_pbx(lan: Lan, folder: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run the PBX with ARI as config/pbx/asterisk/README.md has it, on its address in the network."""
    files = folder / "files"
    files.mkdir(parents=True)
    http, ari = (each.text for each in blocks("config/pbx/asterisk/README.md", "Way A: ARI")[:2])
    (files / "http.conf").write_text(http.replace("127.0.0.1", PBX), encoding="utf-8")
    (files / "ari.conf").write_text(ari, encoding="utf-8")
    async with lan.machine("pbx", PBX) as machine:
        process = await asyncio.create_subprocess_exec(
            *machine.command(sys.executable, "-m", "tests.support.walk_pbx", folder),
            cwd=ROOT,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        try:
            yield process
        finally:
            assert process.stdin is not None
            process.stdin.close()
            await process.communicate()


async def heard_from(process: asyncio.subprocess.Process, word: str) -> None:
    assert process.stdout is not None
    async with asyncio.timeout(WITHIN_S):
        assert (await process.stdout.readline()).decode().strip() == word


@asynccontextmanager
async def browser_on(machine: Machine, folder: Path) -> AsyncIterator[BrowserContext]:
    """Open Chromium on a machine, with the authorities that its user trusts."""
    program = folder / "chromium"
    program.write_text(f'#!/bin/sh\nexec {" ".join(machine.command(CHROMIUM))} "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    async with playwright_driver() as playwright:
        browser = await playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        try:
            yield await browser.new_context(accept_downloads=True)
        finally:
            await browser.close()


@needs_asterisk
async def test_from_the_first_command_to_an_alert_on_the_supervisors_pc(tmp_path: Path) -> None:
    need_machines()
    hosts = {NAME: KIKIMORI}
    async with AsyncExitStack() as stack:
        lan = await stack.enter_async_context(office_lan())
        pbx = await stack.enter_async_context(office_pbx(lan, tmp_path / "pbx"))
        kikimori = await stack.enter_async_context(lan.machine("kikimori", KIKIMORI))
        desk = await stack.enter_async_context(lan.machine("desk", DESK, hosts))
        desk.environment |= {"HOME": "/root"}

        stack.push_async_callback(show_logs, kikimori)

        # One machine.
        await prepare(kikimori)
        heading = "One machine"
        await type_steps(kikimori, heading, 0)
        tap = next(
            each.text
            for each in blocks("config/pbx/asterisk/README.md", "Way A: ARI")
            if each.language == "toml"
        )
        elsewhere = (
            f'[asterisk]\nari_url = "http://{PBX}:8088/ari"\n'
            f'[audiosocket]\nhost = "{KIKIMORI}"\nallow = ["{PBX}"]\n'
        )
        await edit(kikimori, "/etc/kikimori/kikimori.toml", tap, elsewhere)
        await kikimori.do(
            "install -m 600 /dev/null /etc/kikimori/ari-password; cat > /etc/kikimori/ari-password",
            typed="a long random word\n",
        )
        await heard_from(pbx, "ready")
        said = await type_steps(kikimori, heading, 1)
        (link,) = re.findall(rf"{URL}/first#\S+", said)

        # The supervisor's PC.
        async with browser_on(desk, tmp_path) as browser:
            page = await browser.new_page()
            with pytest.raises(Exception, match="ERR_CERT_AUTHORITY_INVALID"):
                await page.goto(URL)
            page = await browser.new_page()
            await page.set_content(f'<a href="{PLAIN_URL}/authority.crt">authority</a>')
            async with page.expect_download() as fetched:
                await page.get_by_text("authority").click()
            await (await fetched.value).save_as(tmp_path / "authority.crt")
        content = (tmp_path / "authority.crt").read_text("ascii")
        assert fingerprint_of(content) in re.sub(r"[^0-9a-f]", "", said.lower())
        await trust_on(desk, tmp_path)
        async with browser_on(desk, tmp_path) as browser:
            page = await browser.new_page()
            await make_first_account(page, link)
            other = await browser.new_page()
            await other.goto(f"{PLAIN_URL}/")
            await expect(other).to_have_url(f"{URL}/")
            await other.close()

            assert pbx.stdin is not None
            pbx.stdin.write(f"{CALL}\n".encode())
            await heard_from(pbx, "talking")
            card = page.locator(".attention [data-call]")
            await expect(card).to_have_attribute(
                "data-severity", re.compile("warning|critical"), timeout=WITHIN_S * 1000
            )
            await expect(card.locator(".who")).to_contain_text("204")


async def trust_on(desk: Machine, folder: Path) -> None:
    """Have a machine's user trust `authority.crt` in a folder, as docs/https.md says."""
    (trust,) = [each for each in blocks("docs/https.md", "Trust it: Linux") if "certutil" in each.text]
    for command in trust.commands():
        await desk.do(f"cd {folder}; {command}")


async def make_first_account(page: Page, link: str) -> None:
    answer = await page.goto(link)
    assert answer is not None
    assert await answer.security_details() is not None
    await page.get_by_label("氏名").fill("山田 管理")
    await page.get_by_label("ログイン名").fill("yamada")
    await page.get_by_label("パスワード").fill(PASSWORD)
    await page.get_by_role("button", name="アカウントを作ってログイン").click()
    await expect(page).to_have_url(f"{URL}/")


async def test_agent_and_dashboard_apart(tmp_path: Path) -> None:
    """By config/mosquitto/README.md: the broker with TLS beside the dashboard, an agent on another machine, their keys.

    Then a call at that agent is heard on the supervisor's PC: three machines, every way between them by TLS.
    """
    need_machines()
    page = "config/mosquitto/README.md"
    broker, tls, trust, lines, keys = blocks(page, "Mosquitto for Kikimori / Mosquitto を使う場合")[:5]
    hosts = {NAME: KIKIMORI, "broker.office.example": KIKIMORI}
    async with AsyncExitStack() as stack:
        lan = await stack.enter_async_context(office_lan())
        front = await stack.enter_async_context(lan.machine("front", KIKIMORI, hosts))
        agent = await stack.enter_async_context(lan.machine("beside-the-pbx", PBX, hosts))
        desk = await stack.enter_async_context(lan.machine("desk", DESK, hosts))
        desk.environment |= {"HOME": "/root"}
        for each in (front, agent):
            stack.push_async_callback(show_logs, each)
            await prepare(each)
        await type_steps(front, "One machine", 0)
        for command in (*broker.commands(), *tls.commands()):
            if "apt-get" not in command:
                await front.do(f"cd config/mosquitto; {command}", typed="secret\nsecret\n")
        await log_in(front, "dashboard")
        (state,) = re.findall(r"`\[dashboard\] (state_dir =\s[^`]*)`", (ROOT / page).read_text("utf-8"))
        await edit(front, "/etc/kikimori/kikimori.toml", "[dashboard]\n" + " ".join(state.split()))
        await front.do(f"sudo systemctl enable --now kikimori-dashboard; {UNTIL_READY}")

        await agent.do("sudo make office PARTS=agent")
        authority = await front.do("cat /etc/kikimori/certificates/authority.crt")
        fingerprint = fingerprint_of(authority)
        (command,) = trust.commands()
        await agent.do(f"{command} --fingerprint {fingerprint}")
        await edit(agent, "/etc/kikimori/kikimori.toml", lines.text, 'agent_id = "front-desk"\n')
        await log_in(agent, "front-desk")
        await agent.do("sudo systemctl enable --now kikimori-agent")
        await agent.do("until grep -q broker_connected /run/units/kikimori-agent.log; do sleep 0.3; done")

        own, trust_board, of_agent, trust_agent = keys.commands()
        for shows, tells, command, name in (
            (front, agent, trust_board, own),
            (agent, front, trust_agent, of_agent),
        ):
            key = json.loads(await shows.do(f"{name} --json"))["own"][0]["key"]
            await tells.do(command.replace("KEY", key).replace("AGENT_ID", "front-desk"))
        for machine, unit in ((front, "dashboard"), (agent, "agent")):
            await machine.do(f"until grep -q keys_changed /run/units/kikimori-{unit}.log; do sleep 0.3; done")
        assert "broker.office.example:8883" in await agent.do("sudo kikimori doctor")

        (link,) = re.findall(rf"{URL}/first#\S+", await front.do("sudo kikimori user first"))
        (tmp_path / "authority.crt").write_text(authority, "ascii")
        await trust_on(desk, tmp_path)
        browser = await stack.enter_async_context(browser_on(desk, tmp_path))
        watched = await browser.new_page()
        await watched.add_init_script(probe(worklet=True))
        await make_first_account(watched, link)
        async with talking_beside(agent):
            await watched.locator("[data-listen=live]").click(timeout=WITHIN_S * 1000)
            async with asyncio.timeout(WITHIN_S):
                while await watched.evaluate("window.clicks.length") < 3:  # noqa: ASYNC110  (its policy forbids eval)
                    await asyncio.sleep(0.2)
        await expect(watched.locator(".listen-sides")).to_be_hidden(timeout=WITHIN_S * 1000)


@asynccontextmanager
async def talking_beside(agent: Machine) -> AsyncIterator[None]:
    """Have a customer's telephone click beside the agent of a machine; it hangs up at the end."""
    telephone = await asyncio.create_subprocess_exec(
        *agent.command(sys.executable, "-m", "tests.support.clicking_telephone"),
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        await heard_from(telephone, "talking")
        yield
    finally:
        assert telephone.stdin is not None
        telephone.stdin.close()
        await telephone.communicate()


async def log_in(machine: Machine, user: str) -> None:
    """Write user and password of the broker as the page says."""
    await machine.do(
        "cat > /etc/kikimori/mqtt-password; chmod 600 /etc/kikimori/mqtt-password", typed="secret\n"
    )
    await edit(
        machine,
        "/etc/kikimori/kikimori.toml",
        f'[mqtt]\nusername = "{user}"\npassword_file = "mqtt-password"\n',
    )
