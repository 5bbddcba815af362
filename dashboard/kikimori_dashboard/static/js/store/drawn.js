// Tells the dashboard which alerts stand on this supervisor's page, so that the agent knows that somebody can see them.

const MOST = 500; // alerts in a message

export class Drawn {
  /** @param {import("./picture.js").Picture} picture */
  constructor(picture) {
    this.picture = picture;
    /** @type {WebSocket | null} the connection on which `told` was said */
    this.socket = null;
    /** @type {Map<string, number>} alert → revision */
    this.told = new Map();
    document.addEventListener("visibilitychange", () => this.report());
  }

  /** To be called in a frame in which the picture was drawn. A page in the background shows nothing to anybody. */
  report() {
    if (document.visibilityState === "visible") this.send();
  }

  send() {
    const { socket, alerts, closed, missed } = this.picture;
    if (socket === null || socket.readyState !== WebSocket.OPEN) return;
    if (socket !== this.socket) {
      this.socket = socket;
      this.told.clear();
    }
    const shown = new Map([...Object.values(alerts), ...closed, ...missed.alerts].map((alert) => [alert.alert_id, alert.revision]));
    for (const id of this.told.keys()) if (!shown.has(id)) this.told.delete(id);
    const news = [...shown].filter(([id, revision]) => this.told.get(id) !== revision);
    for (let at = 0; at < news.length; at += MOST) {
      socket.send(JSON.stringify({ type: "drawn", alerts: Object.fromEntries(news.slice(at, at + MOST)) }));
    }
    for (const [id, revision] of news) this.told.set(id, revision);
  }
}
