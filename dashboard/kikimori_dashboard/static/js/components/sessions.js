// The open sessions of the own account, each with a way to end it.

import { fill, h, show } from "./dom.js";
import { current, dateAndTime, t } from "../store/i18n.js";
import { load, send } from "../store/session.js";

/**
 * A browser's name for itself, as far as people know it: "Chrome, Windows".
 * @param {string} agent
 */
export function named(agent) {
  const browser = ["Edg", "Firefox", "Chrome", "Safari"].find((each) => agent.includes(`${each}/`));
  const system = ["Windows", "Android", "iPhone", "iPad", "Mac OS", "Linux"].find((each) => agent.includes(each));
  return [browser === "Edg" ? "Edge" : browser, system].filter(Boolean).join(", ") || agent;
}

export class Sessions {
  /** @param {HTMLElement} element an empty panel */
  constructor(element) {
    this.element = element;
    /** @type {{id: string, browser: string, created_at: string, used_at: string, address: string, this: boolean}[] | null} */
    this.list = null;
  }

  /** Asks which sessions are open. */
  async load() {
    const answer = await load("/api/me/sessions");
    this.list = answer.ok ? answer.sessions : null;
    this.words();
  }

  /** Draws the panel in the language of the page. */
  words() {
    const { list } = this;
    show(this.element, Boolean(list?.length));
    if (!list) return;
    fill(this.element, JSON.stringify([list, current()]), () => [
      h("h2", {}, t("account.sessions")),
      h("ul", { class: "sessions" }, ...list.map((each) => h("li", {},
        h("span", {}, named(each.browser) || t("account.unknown_browser")),
        h("small", {}, t("account.session_since", { time: dateAndTime(each.created_at), used: dateAndTime(each.used_at), address: each.address })),
        each.this ? h("strong", {}, t("account.this_session")) : h("button", { type: "button", class: "secondary", onclick: () => this.end(each.id) }, t("account.end_session"))))),
    ]);
  }

  /** @param {string} id */
  async end(id) {
    await send("/api/me/sessions/end", { id });
    await this.load();
  }
}
