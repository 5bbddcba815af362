"""Line-in through the real PortAudio and ALSA: a device of ALSA's `file` plugin that records what a pipe gives it.

No sound card is needed. The pipe's pace is the device's: PortAudio waits for the test.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from tests.support.deadline import WITHIN_S
from tests.taps.contract.sound import voice

ALSA = Path("/usr/share/alsa/alsa.conf")

pytestmark = pytest.mark.skipif(not ALSA.exists(), reason="no ALSA: sudo apt-get install libportaudio2")

RATE = 48000
PIECE = 3840
"""Bytes of 20 ms in stereo; less than PIPE_BUF."""
CONFIGURATION = """
<{alsa}>
pcm.handset {{
  type file
  slave.pcm {{ type null }}
  file /dev/null
  infile {pipe}
  format raw
}}
"""

HEAR = """
import asyncio, sys
from tests.support.recorder import Recorder
from tests.taps.contract.sound import find, voice
from kikimori.media.resample import Resampler
from kikimori.integrations.line_in.settings import LineInTable
from kikimori.integrations.line_in.tap import LineInTap

async def main():
    desk = Recorder()
    device = {"name": "desk-1", "device": "handset", "customer": "right", "rate": 48000}
    tap = LineInTap(desk, LineInTable.model_validate({"enabled": True, "devices": [device]}))
    await tap.listen()
    running = asyncio.create_task(tap.run())
    print("listening", flush=True)
    await desk.until(lambda: len(desk.legs) == 2 and all(len(leg.pcm) > 2 * 2 * 8000 for leg in desk.legs))
    await tap.close()
    running.cancel()
    for leg, seed in zip(desk.legs, (1, 2), strict=True):
        at_8k = Resampler(48000, 8000).feed(voice(seed, 4, 48000))[:16000]
        print(leg.info.role, leg.info.rate, find(at_8k, bytes(leg.pcm)).snr_db > 60, leg.ended)

asyncio.run(main())
"""


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """ALSA reads its configuration once in a process, so whatever uses it runs in another one."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "asound.conf").write_text(
        CONFIGURATION.format(alsa=ALSA, pipe=tmp_path / "pipe"), encoding="utf-8"
    )
    return {**os.environ, "ALSA_CONFIG_PATH": str(tmp_path / "asound.conf"), "PYTHONPATH": str(Path.cwd())}


@pytest.fixture
def pipe(environment: dict[str, str], tmp_path: Path) -> int:  # noqa: ARG001  (makes the pipe)
    # Read and write: so the pipe neither waits for the other end nor breaks while PortAudio looks devices over.
    return os.open(tmp_path / "pipe", os.O_RDWR)


def test_two_channels_come_from_the_device_to_their_legs(environment: dict[str, str], pipe: int) -> None:
    left, right = (np.frombuffer(voice(seed, 4, RATE), "<i2") for seed in (1, 2))
    sound = np.stack((left, right), axis=1).tobytes()
    program = subprocess.Popen(
        [sys.executable, "-c", HEAR],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert program.stdout is not None
    assert program.stdout.readline() == "listening\n"

    def play() -> None:
        with os.fdopen(pipe, "wb", buffering=0) as end:
            # In pieces that a pipe takes whole: ALSA fills what a short reading leaves with what was there before.
            for at in range(0, len(sound), PIECE):
                end.write(sound[at : at + PIECE])
            # The device gives silence until the program ends, as a quiet line does; a full pipe waits for it.
            while program.poll() is None:
                end.write(bytes(PIECE))

    playing = threading.Thread(target=play, daemon=True)
    playing.start()
    try:
        said, _ = program.communicate(timeout=WITHIN_S)
    finally:
        program.kill()
    lines = [line for line in said.splitlines() if line.startswith(("customer", "operator"))]
    assert lines == ["operator 8000 True shutdown", "customer 8000 True shutdown"], said


def test_the_command_lists_the_device(environment: dict[str, str], pipe: int) -> None:
    listed = subprocess.run(
        [sys.executable, "-m", "kikimori", "tap", "devices"],
        env=environment, capture_output=True, text=True, check=True, timeout=WITHIN_S,
    )  # fmt: skip
    os.close(pipe)
    assert any(line.startswith("handset\t") and line.endswith(" Hz") for line in listed.stdout.splitlines())


def test_a_machine_without_a_sound_card_is_told_so(
    environment: dict[str, str], tmp_path: Path, pipe: int
) -> None:
    os.close(pipe)
    (tmp_path / "asound.conf").write_text(f"<{ALSA}>\n", encoding="utf-8")
    listed = subprocess.run(
        [sys.executable, "-m", "kikimori", "tap", "devices"],
        env=environment, capture_output=True, text=True, check=False, timeout=WITHIN_S,
    )  # fmt: skip
    if listed.returncode == 0:
        pytest.skip("this machine has a sound card")
    assert "arecord -l" in listed.stderr
