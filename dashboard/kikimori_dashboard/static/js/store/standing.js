// The connection that tells how a recorded call stands: erased, removed, or one's rights to it changed.

import { RIGHTS_CHANGED, SESSION_OVER } from "./session.js";

const RETRY_MS = 1000;
const SILENT_MS = 8000; // the server says something every two seconds
const CHECK_MS = 1000;

/** @typedef {{sound: string, erased: boolean, removed: string[]}} Standing */

/**
 * @typedef {object} Told
 * @property {(standing: Standing) => void} standing
 * @property {(lost: boolean) => void} lost whether the server has said nothing for so long
 * @property {() => void} rights the rights of who is signed in have changed
 * @property {() => void} over the session is over
 */

/** Follows one call until it is told to stop. */
export class StandingLink {
  /**
   * @param {string} path address of the call
   * @param {Told} told
   */
  constructor(path, told) {
    this.path = path;
    this.told = told;
    this.heard = Date.now();
    this.lost = false;
    this.ended = false;
    this.open();
    this.timer = setInterval(() => this.check(), CHECK_MS);
  }

  open() {
    if (this.ended) return;
    const socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}${this.path}/follow`);
    this.socket = socket;
    socket.addEventListener("message", ({ data }) => {
      this.heard = Date.now();
      this.check();
      this.told.standing(JSON.parse(data));
    });
    socket.addEventListener("close", ({ code }) => {
      if (this.ended || this.socket !== socket) return;
      if (code === SESSION_OVER) this.told.over();
      else if (code === RIGHTS_CHANGED) this.told.rights();
      if (!this.ended) setTimeout(() => this.open(), RETRY_MS);
    });
  }

  check() {
    const lost = Date.now() - this.heard > SILENT_MS;
    if (lost && this.socket?.readyState === WebSocket.OPEN) this.socket.close(); // it hangs; another one is opened
    if (lost === this.lost) return;
    this.lost = lost;
    this.told.lost(lost);
  }

  stop() {
    this.ended = true;
    clearInterval(this.timer);
    this.socket?.close();
  }
}
