"""`SoundLibrary` by PortAudio, through the package `sounddevice` (the extra `line-in`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kikimori.errors import KikimoriError
from kikimori.integrations.line_in.sound import Device, SoundError

if TYPE_CHECKING:
    from collections.abc import Callable

BLOCK_S = 0.02


class PortAudio:
    """PortAudio. Raises KikimoriError when the package or the library is missing."""

    def __init__(self) -> None:
        try:
            import sounddevice  # noqa: PLC0415  (an optional extra; loads a library of the system)
        except ImportError as error:
            raise KikimoriError.of("sounddevice_missing") from error
        except OSError as error:
            raise KikimoriError.of("portaudio_missing") from error
        self._library = sounddevice

    def devices(self) -> list[Device]:
        try:
            found = self._library.query_devices()
        except self._library.PortAudioError as error:
            raise SoundError("no_sound_system", str(error)) from error
        return [
            Device(each["name"], each["max_input_channels"], round(each["default_samplerate"]))
            for each in found
            if each["max_input_channels"]
        ]

    def refresh(self) -> None:
        # PortAudio lists devices once, when it is initialised; sounddevice offers no other way to do it again.
        try:
            self._library._terminate()  # noqa: SLF001
            self._library._initialize()  # noqa: SLF001
        except self._library.PortAudioError as error:
            raise SoundError("no_sound_system", str(error)) from error

    def open(
        self,
        device: Device,
        *,
        channels: int,
        rate: int,
        put: Callable[[bytes], None],
        overflowed: Callable[[], None],
        ended: Callable[[], None],
    ) -> _Capture:
        def heard(block: Any, _frames: int, _time: Any, status: Any) -> None:
            if status.input_overflow:
                overflowed()
            put(bytes(block))

        try:
            stream = self._library.RawInputStream(
                device=self._number(device),
                channels=channels,
                samplerate=rate,
                dtype="int16",
                blocksize=round(rate * BLOCK_S),
                callback=heard,
                finished_callback=ended,
            )
            stream.start()
        except (self._library.PortAudioError, ValueError) as error:
            raise SoundError("device_does_not_open", str(error)) from error
        return _Capture(stream)

    def _number(self, device: Device) -> int:
        for number, each in enumerate(self._library.query_devices()):
            if each["name"] == device.name and each["max_input_channels"]:
                return number
        raise SoundError("no_such_device")


class _Capture:
    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def close(self) -> None:
        # Not `stop`, which waits for buffers of a device that may be gone.
        self._stream.abort(ignore_errors=True)
        self._stream.close(ignore_errors=True)
