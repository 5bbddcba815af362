// Listening to one running call: the connection, the sound, both volumes. Drawn by `ListenBar` and the cards.

import { Output, SIDES } from "./listen_output.js";
import { read, write } from "../store/preferences.js";
import { readFrame } from "../store/sound_frame.js";

/** Seconds that are heard again. */
export const PAST_S = 15;
const LONGEST_GAP_S = 2; // of live sound; a longer one is left out
const LONGEST_PAST_GAP_S = 60;

/**
 * @typedef {import("./listen_output.js").Side} Side
 * @typedef {"live" | "past"} Mode
 */

export class Listening {
  constructor() {
    /** @type {Set<() => void>} called after every change */
    this.views = new Set();
    /** @type {string | null} the call that is heard, or was last */
    this.callId = null;
    /** @type {Mode} */
    this.mode = "live";
    /** @type {"off" | "connecting" | "playing"} */
    this.state = "off";
    /** @type {string | null} code of why it is over, if nobody here ended it */
    this.reason = null;
    this.lost = 0; // pieces that did not come through
    /** @type {Record<Side, {volume: number, muted: boolean}>} */
    this.sides = { customer: kept("customer"), operator: kept("operator") };
    /** @type {WebSocket | null} */
    this.socket = null;
    /** @type {Output | null} */
    this.output = null;
    /** @type {Record<string, number>} number of the next sample of each side */
    this.next = {};
    /** @type {number | null} second of the call at which the past begins */
    this.from = null;
  }

  /**
   * Whether a call is heard now; `mode`: in this way.
   * @param {string} callId
   * @param {Mode} [mode]
   */
  hears(callId, mode) {
    return this.state !== "off" && this.callId === callId && (mode === undefined || mode === this.mode);
  }

  /**
   * Begins to listen, or ends it if it is what is heard.
   * @param {string} callId
   * @param {Mode} mode
   */
  async toggle(callId, mode) {
    if (this.hears(callId, mode)) this.stop();
    else await this.start(callId, mode);
  }

  /**
   * @param {string} callId
   * @param {Mode} mode
   */
  async start(callId, mode) {
    this.stop();
    Object.assign(this, { callId, mode, state: "connecting", reason: null, lost: 0, next: {}, from: null });
    const output = new Output(mode === "live", () => { if (this.output === output) this.stop(); });
    this.output = output;
    for (const side of SIDES) this.applyVolume(side);
    this.draw();
    const allowed = await output.open();
    if (this.output !== output) return;
    if (!allowed) this.end("no_sound");
    else this.connect(callId, mode, output);
  }

  /**
   * @param {string} callId
   * @param {Mode} mode
   * @param {Output} output
   */
  connect(callId, mode, output) {
    const query = mode === "live" ? "past=0" : `past=${PAST_S}&live=0`;
    const socket = new WebSocket(`/api/calls/${encodeURIComponent(callId)}/sound?${query}`);
    socket.binaryType = "arraybuffer";
    socket.addEventListener("message", ({ data }) => {
      if (this.socket !== socket) return;
      if (typeof data === "string") this.told(JSON.parse(data));
      else this.take(data, output);
    });
    // Also a session that is over, or a right that is gone: nothing more is heard.
    socket.addEventListener("close", () => { if (this.socket === socket) this.end(this.state === "connecting" ? "not_connected" : "stream_lost"); });
    this.socket = socket;
  }

  /** @param {{type: string, reason?: string, pieces?: number}} message */
  told(message) {
    if (message.type === "end") this.end(message.reason ?? "stream_lost");
    else if (message.type === "lost") {
      this.lost = message.pieces ?? 0;
      this.draw();
    }
  }

  /**
   * @param {ArrayBuffer} data
   * @param {Output} output
   */
  take(data, output) {
    const frame = readFrame(data);
    if (!frame) return;
    if (this.state !== "playing") {
      this.state = "playing";
      this.draw();
    }
    if (frame.kind === "past_over") {
      if (this.mode === "past") this.pastOver(output);
      return;
    }
    this.from ??= Math.min(...frame.parts.map(({ position, rate }) => position / rate));
    for (const part of frame.parts) this.play(part, frame.kind === "past", output);
  }

  /** @param {Output} output */
  pastOver(output) {
    if (this.from === null) this.end("no_past");
    else output.last();
  }

  /**
   * Plays a part behind the last one of its side, with silence for what is missing between.
   * @param {import("../store/sound_frame.js").SoundPart} part
   * @param {boolean} past
   * @param {Output} output
   */
  play({ role, rate, position, samples }, past, output) {
    const side = role === "operator" ? "operator" : "customer";
    const begin = past ? Math.round((this.from ?? 0) * rate) : position;
    const missing = position - (this.next[role] ?? begin);
    this.next[role] = position + samples.length;
    if (missing > 0 && missing <= rate * (past ? LONGEST_PAST_GAP_S : LONGEST_GAP_S)) output.play(side, rate, new Float32Array(missing));
    output.play(side, rate, samples);
  }

  /**
   * @param {Side} side
   * @param {{volume?: number, muted?: boolean}} more
   */
  set(side, more) {
    this.sides[side] = { ...this.sides[side], ...more };
    write(`listen.${side}`, JSON.stringify(this.sides[side]));
    this.applyVolume(side);
    this.draw();
  }

  /** @param {Side} side */
  applyVolume(side) {
    const { volume, muted } = this.sides[side];
    this.output?.setVolume(side, muted ? 0 : volume);
  }

  /** @param {string} reason */
  end(reason) {
    this.stop();
    this.reason = reason;
    this.draw();
  }

  stop() {
    const { socket, output } = this;
    this.socket = null;
    this.output = null;
    if (this.state === "off") return;
    this.state = "off";
    socket?.close();
    output?.close();
    this.draw();
  }

  draw() {
    for (const view of this.views) view();
  }
}

/**
 * What this browser chose for a side.
 * @param {Side} side
 */
function kept(side) {
  try {
    const { volume, muted } = JSON.parse(read(`listen.${side}`) ?? "{}");
    return { volume: typeof volume === "number" && volume >= 0 && volume <= 1 ? volume : 1, muted: muted === true };
  } catch {
    return { volume: 1, muted: false };
  }
}
