// The picture of the site in this browser: a snapshot and changes by WebSocket; comes back by itself.

import { Age } from "./age.js";
import { Looked, readLevels } from "./looked.js";
import { isHelp, rank } from "./rank.js";
import { RIGHTS_CHANGED, SESSION_OVER, me, toLogin } from "./session.js";

const SILENCE_MS = 12_000; // the server says something every five seconds
const FIRST_RETRY_MS = 300;
const LAST_RETRY_MS = 5_000;
const PING_EVERY_MS = 1_000;
/** @type {MissedView} */
const NONE_MISSED = { alerts: [], more: 0, dropped: 0 };

/**
 * @typedef {import("./messages.d.ts").SupervisorCall} Call
 * @typedef {import("./messages.d.ts").SupervisorAlert} Alert
 * @typedef {import("./messages.d.ts").SupervisorRinging} RingingCall
 * @typedef {import("./messages.d.ts").SupervisorAgent} Agent
 * @typedef {import("./messages.d.ts").SupervisorSite} Site
 * @typedef {import("./messages.d.ts").PressView} Press
 * @typedef {import("./messages.d.ts").MissedView} MissedView
 * @typedef {import("./messages.d.ts").SupervisorSnapshot} Snapshot
 * @typedef {import("./messages.d.ts").SupervisorDelta} Delta
 * @typedef {import("./messages.d.ts").SupervisorMessage} Message
 */

/**
 * What to draw again: sets of call ids, `calls` of those of which anything may differ; `agents`: how the watching itself stands.
 * @typedef {{all: boolean, calls: Set<string>, lines: Set<string>, levels: Set<string>, closed: boolean, missed: boolean, agents: boolean, ringing: boolean}} Changes
 */

/** @returns {Changes} */
const nothing = () => ({ all: false, calls: new Set(), lines: new Set(), levels: new Set(), closed: false, missed: false, agents: false, ringing: false });

/**
 * Takes over what a change says of a part: null = gone.
 * @template T
 * @param {Record<string, T>} part
 * @param {Record<string, T | null> | undefined} told
 */
function takePart(part, told) {
  for (const [name, value] of Object.entries(told ?? {})) {
    if (value === null) delete part[name];
    else part[name] = value;
  }
}

/** @returns {Site} of a page that knows nothing yet */
const unknownSite = () => ({ name: "", language: "ja", time_zone: "Asia/Tokyo", broker_connected: false, broker_problem: null, certificate: [], clocks: {}, help: null, incomplete: false, left_out: {}, names_people: false, newer: [], own_roles: [], reading: false, ringing_more: 0, signatures: {}, superiors: [], watching_since: null });

export class Picture {
  /**
   * @param {(atOnce?: boolean) => void} changed called after each change; `atOnce`: with something that somebody waits for
   * @param {{look?: boolean}} [how] `look`: this page says what it draws (`look()`), and gets levels and words of nothing else;
   *   a page that does not takes none
   */
  constructor(changed, { look = false } = {}) {
    this.changed = changed;
    this.looked = look ? new Looked((text) => this.sendLook(text)) : null;
    this.linked = false; // what is shown is current as far as this browser can know
    this.known = false; // a snapshot has been seen
    this.heardAt = ""; // the server's time of the last message
    this.offset = 0; // server's clock − ours, ms; for the clocks of calls, never for the age of the picture
    this.age = new Age();
    /** @type {WebSocket | null} */
    this.socket = null;
    this.retry = FIRST_RETRY_MS;
    this.clear();
  }

  clear() {
    /** @type {number | null} */
    this.seq = null;
    /** @type {Site} */
    this.site = unknownSite();
    /** @type {Record<string, Call>} */
    this.calls = {};
    /** @type {Record<string, Record<string, import("./looked.js").Leg>>} levels by call and role */
    this.levels = {};
    /** @type {Record<string, Alert>} */
    this.alerts = {};
    /** @type {Record<string, Agent>} */
    this.agents = {};
    /** @type {Record<string, Record<string, Press>>} the last press by call and lane */
    this.commands = {};
    /** @type {Record<string, string>} when an extension was heard last */
    this.extensions = {};
    /** @type {Record<string, RingingCall>} calls that ring, answered by nobody yet */
    this.ringing = {};
    /** @type {Alert[]} */
    this.closed = [];
    /** @type {number} */
    this.closedMore = 0;
    /** @type {MissedView} */
    this.missed = NONE_MISSED;
    /** @type {Set<string>} alerts that the person here has gone through */
    this.reviewed = new Set();
    /** @type {Map<string, Alert[]>} */
    this.ofCall = new Map();
    /** @type {string[] | null} call ids in order; null = to be sorted again */
    this.order = null;
    this.looked?.clear();
    /** @type {Changes} */
    this.dirty = { ...nothing(), all: true };
  }

  now() {
    return Date.now() + this.offset;
  }

  /**
   * Whether what is shown of a call is current, and a press can reach its agent.
   * @param {{stale: boolean}} call
   */
  usable(call) {
    return this.linked && this.site.broker_connected && !call.stale;
  }

  /**
   * The server's time until which what is shown of a call was current; null where it is current now, or nobody can say.
   * @param {{stale: boolean, agent_id: string}} call
   * @returns {string | null}
   */
  heardUntil(call) {
    if (!this.linked) return this.heardAt || null;
    return this.site.broker_connected && call.stale ? this.agents[call.agent_id]?.at ?? null : null;
  }

  /**
   * Open alerts of a call: the operator's request for help, then worst first.
   * @param {string} callId
   */
  alertsOf(callId) {
    return this.ofCall.get(callId) ?? [];
  }

  /**
   * Says which calls are drawn: `cards` and `whole` with levels, `rows` with slower ones, `whole` with its words. Cheap when it is the same.
   * @param {{cards?: string[], rows?: string[], whole?: string | null}} drawn
   */
  look(drawn) {
    this.looked?.look(drawn);
  }

  /** @param {string} text */
  sendLook(text) {
    if (this.socket?.readyState !== WebSocket.OPEN) return false;
    this.socket.send(text);
    return true;
  }

  /** Ids of all calls, the greatest need of a decision first. */
  inOrder() {
    const { calls } = this;
    this.order ??= Object.keys(calls).sort((a, b) => (calls[a].order < calls[b].order ? -1 : 1));
    return this.order;
  }

  /**
   * Lines of a call in time order; of the call that is drawn whole only.
   * @param {string} callId
   */
  lines(callId) {
    return this.looked?.linesOf(callId) ?? [];
  }

  /**
   * Levels of a call's last minute, kept up to date; null for a call that is not drawn as a card. See `Past`.
   * @param {string} callId
   */
  past(callId) {
    return this.looked?.past.get(callId) ?? null;
  }

  /** What changed since this was asked last. */
  takeChanges() {
    const changes = this.dirty;
    this.dirty = nothing();
    return changes;
  }

  connect() {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = new WebSocket(`${scheme}://${location.host}/live?lines=changed${location.pathname === "/" ? "&page=supervisor" : ""}${this.looked ? "&look=1" : ""}`);
    this.socket = socket;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    let silence;
    const listen = () => {
      clearTimeout(silence);
      silence = setTimeout(() => socket.close(), SILENCE_MS);
    };
    const ping = () => { if (socket.readyState === WebSocket.OPEN) socket.send(Age.ping()); };
    const pings = setInterval(ping, PING_EVERY_MS);
    // A page that was hidden could not measure.
    document.addEventListener("visibilitychange", ping);
    let over = false;
    const lost = (/** @type {CloseEvent} */ { code }) => {
      if (over) return;
      over = true;
      if (code === SESSION_OVER) {
        toLogin();
        return;
      }
      if (code === RIGHTS_CHANGED) {
        location.reload();
        return;
      }
      clearTimeout(silence);
      clearInterval(pings);
      document.removeEventListener("visibilitychange", ping);
      this.linked = false;
      this.age.forget();
      this.dirty.all = true;
      this.changed();
      setTimeout(() => this.connectAgain(), this.retry);
      this.retry = Math.min(this.retry * 2, LAST_RETRY_MS);
    };
    listen();
    socket.onmessage = (event) => {
      listen();
      const message = JSON.parse(event.data);
      if (!this.take(message)) socket.close();
      if (message.type === "snapshot") ping();
    };
    socket.onclose = lost;
    socket.onerror = () => socket.close();
    // A sleeping machine wakes up with a socket that looks open and is not.
    socket.onopen = () => {
      listen();
      this.looked?.sayAgain();
    };
  }

  /** Connects, unless the session is over: a refused WebSocket does not tell why. */
  async connectAgain() {
    const person = await me().catch(() => undefined);
    if (person === null) toLogin();
    else this.connect();
  }

  /**
   * Takes a message; false when a change was missed and a snapshot is needed.
   * @param {Message} message
   */
  take(message) {
    if (message.type === "echo") {
      if (this.seq === null || message.seq > this.seq) return false;
      this.age.echo(message);
      this.changed();
      return true;
    }
    this.offset = Date.parse(message.now) - Date.now();
    this.heardAt = message.now;
    if (message.type === "snapshot") this.takeSnapshot(message);
    else if (message.type !== "delta") return true;
    else if (message.from !== this.seq) return false;
    else this.takeDelta(message);
    if (message.closed) this.closedMore = message.closed_more ?? 0;
    if (message.reviewed) this.takeReviewed(new Set(message.reviewed));
    this.seq = message.seq;
    // Somebody waits for these: a page draws them without waiting for a frame.
    this.changed(Boolean(message.alerts || message.commands));
    return true;
  }

  /** @param {Snapshot} message */
  takeSnapshot(message) {
    this.clear();
    ({ site: this.site, calls: this.calls, agents: this.agents, commands: this.commands, extensions: this.extensions, ringing: this.ringing = {}, closed: this.closed, missed: this.missed = NONE_MISSED } = message);
    this.takeDrawn(message);
    this.takeAlerts(message.alerts);
    this.known = true;
    this.linked = true;
    this.retry = FIRST_RETRY_MS;
  }

  /** @param {Delta} message */
  takeDelta(message) {
    takePart(this.calls, message.calls);
    takePart(this.agents, message.agents);
    takePart(this.commands, message.commands);
    takePart(this.extensions, message.extensions);
    takePart(this.ringing, message.ringing);
    if (message.ringing) this.dirty.ringing = true;
    if (message.calls) this.order = null;
    if (message.agents) this.dirty.agents = true;
    this.takeDrawn(message);
    for (const callId of Object.keys({ ...message.calls, ...message.commands })) this.dirty.calls.add(callId);
    for (const callId of Object.keys(message.levels ?? {})) this.dirty.levels.add(callId);
    if (message.alerts) this.takeAlerts(message.alerts);
    if (message.site) {
      this.dirty.all = true;
      this.site = message.site;
    }
    if (message.missed) {
      this.dirty.missed = true;
      this.missed = message.missed;
    }
    if (message.closed) {
      this.dirty.closed = true;
      this.closed = message.closed;
    }
  }

  /**
   * Takes words and levels of the calls that this page draws.
   * @param {Pick<Delta, "calls" | "lines" | "past" | "levels">} drawn
   */
  takeDrawn({ calls = {}, lines = {}, past = {}, levels = {} }) {
    const { looked } = this;
    if (looked === null) return;
    for (const [callId, call] of Object.entries(calls)) if (call === null) delete this.levels[callId];
    for (const [callId, told] of Object.entries(lines)) if (looked.takeLines(callId, told)) this.dirty.lines.add(callId);
    for (const [callId, told] of Object.entries(past)) if (told !== null) looked.past.set(callId, told);
    for (const [callId, told] of Object.entries(levels)) {
      this.levels[callId] = readLevels(told);
      looked.append(callId, told);
    }
  }

  /** @param {Set<string>} reviewed */
  takeReviewed(reviewed) {
    for (const alertId of new Set([...reviewed, ...this.reviewed])) {
      const alert = this.alerts[alertId];
      if (alert && reviewed.has(alertId) !== this.reviewed.has(alertId)) this.dirty.calls.add(alert.call_id);
    }
    this.reviewed = reviewed;
  }

  /** @param {Record<string, Alert | null>} alerts */
  takeAlerts(alerts) {
    /** @type {Set<string>} */
    const calls = new Set();
    for (const [alertId, alert] of Object.entries(alerts)) {
      const of = alert ?? this.alerts[alertId];
      if (of) calls.add(of.call_id);
      if (alert === null) delete this.alerts[alertId];
      else this.alerts[alertId] = alert;
    }
    for (const callId of calls) {
      this.dirty.calls.add(callId);
      this.ofCall.delete(callId);
    }
    for (const alert of Object.values(this.alerts)) {
      if (!calls.has(alert.call_id)) continue;
      const before = this.ofCall.get(alert.call_id);
      if (before) before.push(alert);
      else this.ofCall.set(alert.call_id, [alert]);
    }
    for (const callId of calls) {
      this.ofCall.get(callId)?.sort((a, b) => Number(isHelp(b)) - Number(isHelp(a)) || rank(b.severity) - rank(a.severity) || a.raised_at.localeCompare(b.raised_at));
    }
  }
}
