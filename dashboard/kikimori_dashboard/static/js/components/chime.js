// A short, soft two-tone chime; off until someone switches it on.

import { read, write } from "../store/preferences.js";

/** @type {AudioContext | null} */
let context = null;
/** @type {() => void} called when the state may be another one */
let changed = () => {};

export const enabled = () => read("sound") === "on";

/** Whether somebody has answered in this browser. */
export const chosen = () => read("sound") !== null;

/** @returns {"on" | "off" | "blocked"} blocked: the browser lets the page sound only after a press on it */
export const state = () => (!enabled() ? "off" : context?.state === "running" ? "on" : "blocked");

/** @param {() => void} told called when the state may be another one */
export function watch(told) {
  changed = told;
  if (enabled()) open();
  // Any press on the page is what the browser waits for.
  for (const event of ["pointerdown", "keydown"]) addEventListener(event, () => { if (state() === "blocked") unblock(); }, { passive: true });
}

function open() {
  if (!context) {
    context = new AudioContext();
    context.addEventListener("statechange", () => changed());
  }
  return context;
}

export function unblock() {
  open().resume().then(changed, () => {});
}

/** @param {boolean} on */
export function choose(on) {
  write("sound", on ? "on" : "off");
  if (on) play("warning");
  changed();
}

export const toggle = () => choose(!enabled());

/**
 * @param {string} severity
 * @param {number} [times] how loud, and how often at once
 */
export function play(severity, times = 1) {
  if (!enabled()) return;
  const sounding = open();
  sounding.resume();
  const once = severity === "critical" ? [660, 880, 880] : [660, 550];
  const tones = Array.from({ length: times }, () => once).flat();
  tones.forEach((hertz, index) => {
    const at = sounding.currentTime + index * 0.18;
    const tone = sounding.createOscillator();
    const volume = sounding.createGain();
    tone.frequency.value = hertz;
    volume.gain.setValueAtTime(0, at);
    volume.gain.linearRampToValueAtTime(Math.min(0.2 * times, 0.7), at + 0.02);
    volume.gain.exponentialRampToValueAtTime(0.001, at + 0.16);
    tone.connect(volume).connect(sounding.destination);
    tone.start(at);
    tone.stop(at + 0.17);
  });
}
