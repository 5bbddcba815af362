// The picture of the site in this browser: a snapshot and changes by WebSocket; comes back by itself.

import { Age } from "./age.js";
import { Looked, readLevels } from "./looked.js";
import { rank } from "./rank.js";
import { RIGHTS_CHANGED, SESSION_OVER, me, toLogin } from "./session.js";

const SILENCE_MS = 12_000; // the server says something every five seconds
const FIRST_RETRY_MS = 300;
const LAST_RETRY_MS = 5_000;
const PING_EVERY_MS = 1_000;
const NONE_MISSED = { alerts: [], more: 0, dropped: 0 };
const isHelp = (alert) => Number(alert.rule_kind === "escalate");

/** Parts that somebody waits for: a page draws them without waiting for a frame. */
const AT_ONCE = ["alerts", "commands"];

/** {all, calls, lines, levels, closed}: what to draw again; sets of call ids, `calls` of those of which anything may differ. */
const nothing = () => ({ all: false, calls: new Set(), lines: new Set(), levels: new Set(), closed: false });

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
    this.heardAt = null; // the server's time of the last message
    this.offset = 0; // server's clock − ours, ms; for the clocks of calls, never for the age of the picture
    this.age = new Age();
    this.socket = null;
    this.clear();
    this.retry = FIRST_RETRY_MS;
  }

  clear() {
    Object.assign(this, { seq: null, site: null, calls: {}, levels: {}, alerts: {}, agents: {}, commands: {}, extensions: {}, closed: [], closedMore: 0, missed: NONE_MISSED });
    this.ofCall = new Map();
    this.order = null; // call ids in order; null = to be sorted again
    this.looked?.clear();
    this.dirty = { ...nothing(), all: true };
  }

  now() {
    return Date.now() + this.offset;
  }

  /** Whether what is shown of a call is current, and a press can reach its agent. */
  usable(call) {
    return this.linked && this.site.broker_connected && !call.stale;
  }

  /** Open alerts of a call: the operator's request for help, then worst first. */
  alertsOf(callId) {
    return this.ofCall.get(callId) ?? [];
  }

  /** Says which calls are drawn: `cards` and `whole` with levels, `rows` with slower ones, `whole` with its words. Cheap when it is the same. */
  look(drawn) {
    this.looked?.look(drawn);
  }

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

  /** Lines of a call in time order; of the call that is drawn whole only. */
  lines(callId) {
    return this.looked?.linesOf(callId) ?? [];
  }

  /** Levels of a call's last minute, kept up to date; null for a call that is not drawn as a card. See `Past`. */
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
    let silence = null;
    const listen = () => {
      clearTimeout(silence);
      silence = setTimeout(() => socket.close(), SILENCE_MS);
    };
    const ping = () => { if (socket.readyState === WebSocket.OPEN) socket.send(Age.ping()); };
    const pings = setInterval(ping, PING_EVERY_MS);
    // A page that was hidden could not measure.
    document.addEventListener("visibilitychange", ping);
    let over = false;
    const lost = ({ code } = {}) => {
      if (over) return;
      over = true;
      if (code === SESSION_OVER) return toLogin();
      if (code === RIGHTS_CHANGED) return location.reload();
      clearTimeout(silence);
      clearInterval(pings);
      document.removeEventListener("visibilitychange", ping);
      this.linked = false;
      this.age.forget();
      this.dirty.all = true;
      this.changed();
      setTimeout(() => this.connectAgain(), this.retry);
      this.retry = Math.min(this.retry * 2, LAST_RETRY_MS);
      return undefined;
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

  /** False when a change was missed and a snapshot is needed. */
  take(message) {
    if (message.type === "echo") {
      if (this.seq === null || message.seq > this.seq) return false;
      this.age.echo(message);
      this.changed();
      return true;
    }
    this.offset = Date.parse(message.now) - Date.now();
    this.heardAt = message.now;
    if (message.type === "snapshot") {
      this.clear();
      for (const part of ["site", "calls", "agents", "commands", "extensions", "closed"]) this[part] = message[part];
      if (this.looked) this.takeDrawn(message);
      this.takeAlerts(message.alerts);
      this.missed = message.missed ?? NONE_MISSED;
      this.known = true;
      this.linked = true;
      this.retry = FIRST_RETRY_MS;
    } else if (message.type === "delta") {
      if (message.from !== this.seq) return false;
      this.takeDelta(message);
    } else {
      return true;
    }
    if (message.closed) this.closedMore = message.closed_more ?? 0;
    this.seq = message.seq;
    this.changed(AT_ONCE.some((part) => message[part]));
    return true;
  }

  takeDelta(message) {
    for (const part of ["calls", "agents", "commands", "extensions"]) {
      for (const [name, value] of Object.entries(message[part] ?? {})) {
        if (value === null) delete this[part][name];
        else this[part][name] = value;
      }
    }
    if (message.calls) this.order = null;
    if (this.looked) this.takeDrawn(message);
    for (const callId of Object.keys({ ...message.calls, ...message.commands })) this.dirty.calls.add(callId);
    for (const callId of Object.keys(message.levels ?? {})) this.dirty.levels.add(callId);
    if (message.alerts) this.takeAlerts(message.alerts);
    if (message.site) {
      this.dirty.all = true;
      this.site = message.site;
    }
    if (message.missed) this.missed = message.missed;
    if (message.closed) {
      this.dirty.closed = true;
      this.closed = message.closed;
    }
  }

  /** Takes words and levels of the calls that this page draws. */
  takeDrawn({ calls = {}, lines = {}, past = {}, levels = {} }) {
    for (const [callId, call] of Object.entries(calls)) if (call === null) delete this.levels[callId];
    for (const [callId, told] of Object.entries(lines)) if (this.looked.takeLines(callId, told)) this.dirty.lines.add(callId);
    for (const [callId, told] of Object.entries(past)) this.looked.past.set(callId, told);
    for (const [callId, told] of Object.entries(levels)) {
      this.levels[callId] = readLevels(told);
      this.looked.append(callId, told);
    }
  }

  takeAlerts(alerts) {
    const calls = new Set();
    for (const [alertId, alert] of Object.entries(alerts)) {
      calls.add((alert ?? this.alerts[alertId])?.call_id);
      if (alert === null) delete this.alerts[alertId];
      else this.alerts[alertId] = alert;
    }
    for (const callId of calls) {
      this.dirty.calls.add(callId);
      this.ofCall.delete(callId);
    }
    for (const alert of Object.values(this.alerts)) {
      if (!calls.has(alert.call_id)) continue;
      if (!this.ofCall.has(alert.call_id)) this.ofCall.set(alert.call_id, []);
      this.ofCall.get(alert.call_id).push(alert);
    }
    for (const callId of calls) {
      this.ofCall.get(callId)?.sort((a, b) => isHelp(b) - isHelp(a) || rank(b.severity) - rank(a.severity) || a.raised_at.localeCompare(b.raised_at));
    }
  }
}
