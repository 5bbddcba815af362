// The picture of the site in this browser: a snapshot and changes by WebSocket; comes back by itself.

const SILENCE_MS = 12_000; // the server says something every five seconds
const FIRST_RETRY_MS = 300;
const LAST_RETRY_MS = 5_000;
const NONE_MISSED = { alerts: [], more: 0, dropped: 0 };

export class Picture {
  constructor(changed) {
    this.changed = changed;
    this.linked = false; // what is shown is current as far as this browser can know
    this.known = false; // a snapshot has been seen
    this.heardAt = null; // the server's time of the last message
    this.offset = 0; // server's clock − ours, ms
    this.clear();
    this.retry = FIRST_RETRY_MS;
  }

  clear() {
    Object.assign(this, { seq: null, site: null, calls: {}, levels: {}, alerts: {}, agents: {}, commands: {}, extensions: {}, closed: [], closedMore: 0, missed: NONE_MISSED });
  }

  now() {
    return Date.now() + this.offset;
  }

  alertsOf(callId) {
    const ranks = { critical: 2, warning: 1, notice: 0 };
    const rank = (alert) => ranks[alert.severity] ?? ranks.warning;
    return Object.values(this.alerts)
      .filter((alert) => alert.call_id === callId)
      .sort((a, b) => rank(b) - rank(a) || a.raised_at.localeCompare(b.raised_at));
  }

  connect() {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = new WebSocket(`${scheme}://${location.host}/live${location.pathname === "/" ? "?page=supervisor" : ""}`);
    let silence = null;
    const listen = () => {
      clearTimeout(silence);
      silence = setTimeout(() => socket.close(), SILENCE_MS);
    };
    let over = false;
    const lost = () => {
      if (over) return;
      over = true;
      clearTimeout(silence);
      this.linked = false;
      this.changed();
      setTimeout(() => this.connect(), this.retry);
      this.retry = Math.min(this.retry * 2, LAST_RETRY_MS);
    };
    listen();
    socket.onmessage = (event) => {
      listen();
      if (!this.take(JSON.parse(event.data))) socket.close();
    };
    socket.onclose = lost;
    socket.onerror = () => socket.close();
    // A sleeping machine wakes up with a socket that looks open and is not.
    socket.onopen = () => listen();
  }

  /** False when a change was missed and a snapshot is needed. */
  take(message) {
    this.offset = Date.parse(message.now) - Date.now();
    this.heardAt = message.now;
    if (message.type === "snapshot") {
      this.clear();
      for (const part of ["site", "calls", "levels", "alerts", "agents", "commands", "extensions", "closed"]) this[part] = message[part];
      this.missed = message.missed ?? NONE_MISSED;
      this.known = true;
      this.linked = true;
      this.retry = FIRST_RETRY_MS;
    } else if (message.type === "delta") {
      if (message.from !== this.seq) return false;
      for (const part of ["calls", "levels", "alerts", "agents", "commands", "extensions"]) {
        for (const [name, value] of Object.entries(message[part] ?? {})) {
          if (value === null) delete this[part][name];
          else this[part][name] = value;
        }
      }
      if (message.site) this.site = message.site;
      if (message.closed) this.closed = message.closed;
      if (message.missed) this.missed = message.missed;
    } else {
      return true;
    }
    if (message.closed) this.closedMore = message.closed_more ?? 0;
    this.seq = message.seq;
    this.changed();
    return true;
  }
}
