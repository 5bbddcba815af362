// A small window with the operator's call that stays on top of the other programs, where the browser can; else a small popup.

import { h, setText, show } from "./dom.js";
import { followIn } from "./held_press.js";
import { t } from "../store/i18n.js";

const SIZE = { width: 320, height: 160 };

export class SmallWindow {
  /**
   * @param {HTMLElement} button opens it
   * @param {HTMLElement} place where the moved element stands otherwise
   * @param {HTMLElement} moved what the window shows
   * @param {{onKey: (event: KeyboardEvent) => void, tick: () => void, address: () => string}} page
   */
  constructor(button, place, moved, page) {
    this.button = button;
    this.place = place;
    this.moved = moved;
    this.page = page;
    /** @type {Window | null} */
    this.window = null;
    this.elsewhere = h("p", { class: "elsewhere", role: "status" });
    button.addEventListener("click", () => this.toggle());
  }

  words() {
    setText(this.button, t(this.window ? "operator.small.back" : "operator.small.open"));
    setText(this.elsewhere, t("operator.small.elsewhere"));
    // A small window offers no smaller one.
    show(this.button, window.name !== "kikimori-small");
  }

  async toggle() {
    if (this.window) {
      this.window.close();
      return;
    }
    const onTop = /** @type {any} */ (window).documentPictureInPicture;
    try {
      if (!onTop) throw new TypeError("no Document Picture-in-Picture");
      this.fillWindow(await onTop.requestWindow(SIZE));
    } catch {
      open(this.page.address(), "kikimori-small", `popup,width=${SIZE.width},height=${SIZE.height}`);
    }
  }

  /**
   * Moves the call into a window that the browser keeps on top, and back when that closes.
   * @param {Window} opened
   */
  fillWindow(opened) {
    this.window = opened;
    const { document: inside } = opened;
    Object.assign(inside.documentElement.dataset, document.documentElement.dataset);
    inside.documentElement.lang = document.documentElement.lang;
    inside.title = document.title;
    for (const link of document.querySelectorAll("link[rel=stylesheet]")) inside.head.append(link.cloneNode());
    inside.body.className = document.body.className;
    inside.body.append(this.moved);
    this.place.append(this.elsewhere);
    opened.addEventListener("keydown", this.page.onKey);
    followIn(inside);
    // The page behind may be hidden, and then its timers hardly run.
    opened.setInterval(this.page.tick, 500);
    opened.addEventListener("pagehide", () => {
      this.window = null;
      this.elsewhere.remove();
      this.place.append(this.moved);
      this.words();
    });
    this.words();
  }
}
