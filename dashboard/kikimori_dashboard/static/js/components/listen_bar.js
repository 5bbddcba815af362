// The buttons for listening in the browser: in the panel with volumes and meters, on a card for the last seconds alone.

import { fill, h, setText, show } from "./dom.js";
import { SIDES } from "./listen_output.js";
import { PAST_S } from "./listening.js";
import { current, find, t } from "../store/i18n.js";

const METER_EVERY_MS = 100;
const QUIET_DB = -60;

/**
 * @typedef {import("./listening.js").Listening} Listening
 * @typedef {import("./listening.js").Mode} Mode
 * @typedef {{call_id: string, capabilities: string[], status: string, listeners?: string[] | null}} Heard what of a call decides
 */

/**
 * Whether a call can be listened to.
 * @param {Heard | null | undefined} call
 */
export const canListen = (call) => Boolean(call && call.status !== "ended" && call.capabilities.includes("listen_audio"));

/** The button 「直前の15秒」 of one call. */
export class Rewind {
  /**
   * @param {string} callId
   * @param {Listening} listening
   */
  constructor(callId, listening) {
    this.callId = callId;
    this.listening = listening;
    this.element = h("button", { type: "button", class: "quiet rewind", hidden: true, onclick: () => listening.toggle(callId, "past") });
    this.draw = () => dressed(this.element, listening, callId, "past");
    listening.views.add(this.draw);
  }

  /**
   * @param {Heard} call
   * @param {boolean} usable whether its agent can be reached
   */
  update(call, usable) {
    show(this.element, canListen(call));
    this.element.disabled = !usable;
    this.draw();
  }

  remove() {
    this.listening.views.delete(this.draw);
  }
}

/**
 * @param {HTMLElement} button
 * @param {Listening} listening
 * @param {string} callId
 * @param {Mode} mode
 */
function dressed(button, listening, callId, mode) {
  const hears = listening.hears(callId, mode);
  setText(button, hears ? t(listening.state === "connecting" ? "listen.connecting" : "listen.stop") : t(`listen.${mode}`, { seconds: PAST_S }));
  button.setAttribute("aria-pressed", String(hears));
  button.title = mode === "past" && !hears && listening.callId === callId && listening.mode === "past" && listening.reason ? endText(listening.reason) : "";
}

/** @param {string} reason */
const endText = (reason) => find(`listen.end.${reason}`) ?? find(`reason.${reason}`) ?? t("listen.end.failed");

/** The bar in the panel. */
export class ListenBar {
  /** @param {Listening} listening */
  constructor(listening) {
    this.listening = listening;
    /** @type {Heard | null} */
    this.call = null;
    this.usable = false;
    this.live = this.button("live");
    this.past = this.button("past");
    this.said = h("span", { class: "listen-said", role: "status" });
    this.who = h("span", { class: "listen-who" });
    /** @type {Record<string, {row: HTMLElement, name: HTMLElement, mute: HTMLButtonElement, volume: HTMLInputElement, meter: HTMLElement}>} */
    this.sides = Object.fromEntries(SIDES.map((side) => [side, this.side(side)]));
    this.controls = h("span", { class: "listen-sides" }, ...SIDES.map((side) => this.sides[side].row));
    this.element = h("div", { class: "listen-bar", role: "group", hidden: true }, this.live, this.past, this.said, this.who, this.controls);
    listening.views.add(() => this.draw());
    setInterval(() => this.drawMeters(), METER_EVERY_MS);
  }

  /** @param {Mode} mode */
  button(mode) {
    return h("button", { type: "button", class: "quiet", dataset: { listen: mode }, onclick: () => { if (this.call) this.listening.toggle(this.call.call_id, mode); } });
  }

  /** @param {import("./listening.js").Side} side */
  side(side) {
    const name = h("span", {});
    const mute = h("button", { type: "button", class: "quiet", onclick: () => this.listening.set(side, { muted: !this.listening.sides[side].muted }) });
    const volume = h("input", { type: "range", min: "0", max: "100", step: "5", oninput: () => this.listening.set(side, { volume: Number(volume.value) / 100, muted: false }) });
    const meter = h("span", { class: "listen-meter", "aria-hidden": "true" });
    return { row: h("span", { class: "listen-side", dataset: { role: side } }, name, mute, volume, meter), name, mute, volume, meter };
  }

  /**
   * @param {Heard | null} call
   * @param {boolean} usable
   */
  update(call, usable) {
    this.call = call;
    this.usable = usable;
    this.draw();
  }

  draw() {
    const { call, listening } = this;
    show(this.element, canListen(call));
    if (!call || !canListen(call)) return;
    this.element.setAttribute("aria-label", t("listen.label"));
    for (const [button, mode] of /** @type {[HTMLButtonElement, Mode][]} */ ([[this.live, "live"], [this.past, "past"]])) {
      dressed(button, listening, call.call_id, mode);
      button.disabled = !this.usable && !listening.hears(call.call_id, mode);
    }
    const own = listening.callId === call.call_id;
    const hears = listening.hears(call.call_id);
    show(this.controls, hears);
    if (hears) for (const side of SIDES) this.drawSide(side);
    setText(this.said, !own ? "" : hears ? (listening.lost ? t("listen.lost", { n: listening.lost }) : "") : listening.reason ? endText(listening.reason) : "");
    const names = call.listeners ?? [];
    setText(this.who, names.length ? t("listen.who", { names: names.join("、") }) : "");
  }

  /** @param {import("./listening.js").Side} side */
  drawSide(side) {
    const { name, mute, volume } = this.sides[side];
    const { volume: chosen, muted } = this.listening.sides[side];
    fill(name, current(), () => [t(`role.${side}`)]);
    setText(mute, t("listen.mute_short"));
    mute.setAttribute("aria-label", t("listen.mute", { role: t(`role.${side}`) }));
    mute.setAttribute("aria-pressed", String(muted));
    volume.setAttribute("aria-label", t("listen.volume", { role: t(`role.${side}`) }));
    if (document.activeElement !== volume) volume.value = String(Math.round(chosen * 100));
  }

  drawMeters() {
    const { output, state } = this.listening;
    if (state !== "playing" || !output || this.controls.hidden) return;
    for (const side of SIDES) this.sides[side].meter.style.setProperty("--level", `${Math.max(0, 1 - output.level(side) / QUIET_DB) * 100}%`);
  }
}
