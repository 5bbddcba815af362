// A short, soft two-tone chime; off until someone switches it on.

import { read, write } from "../store/preferences.js";

let context = null;

export const enabled = () => read("sound") === "on";

export function toggle() {
  write("sound", enabled() ? "off" : "on");
  if (enabled()) play("warning");
}

export function play(severity) {
  if (!enabled()) return;
  context ??= new AudioContext();
  context.resume();
  const tones = severity === "critical" ? [660, 880, 880] : [660, 550];
  tones.forEach((hertz, index) => {
    const at = context.currentTime + index * 0.18;
    const tone = context.createOscillator();
    const volume = context.createGain();
    tone.frequency.value = hertz;
    volume.gain.setValueAtTime(0, at);
    volume.gain.linearRampToValueAtTime(0.2, at + 0.02);
    volume.gain.exponentialRampToValueAtTime(0.001, at + 0.16);
    tone.connect(volume).connect(context.destination);
    tone.start(at);
    tone.stop(at + 0.17);
  });
}
