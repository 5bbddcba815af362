// Who is signed in, and the way out, in the bar of a page.

import { t } from "../store/i18n.js";
import { signOut } from "../store/session.js";
import { h, setText } from "./dom.js";

/** Name and way out for the bar of a page; `words()` again after a change of the language. */
export class WhoBar {
  /** @param {HTMLElement} element the place in the bar */
  constructor(element) {
    this.account = h("a", { class: "quiet who", href: "/account" });
    this.out = h("button", { class: "quiet", type: "button", onclick: () => signOut() });
    element.append(this.account, this.out);
  }

  /** @param {import("../store/session.js").SignedIn} person */
  show(person) {
    if (person.kiosk_id !== null) this.account.removeAttribute("href");
    this.out.hidden = person.kiosk_id !== null;
    setText(this.account, person.name);
  }

  words() {
    setText(this.out, t("account.sign_out"));
    this.account.title = t("account.title");
  }
}
