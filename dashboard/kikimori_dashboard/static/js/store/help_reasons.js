// Reasons that an operator may add to a call for help: data of the server, asked for once.

import { current } from "./i18n.js";
import { load } from "./session.js";

/** @type {{id: string, ja: string, en: string}[]} */
let reasons = [];

/** Asks for them; a page that cannot goes on without. */
export async function loadReasons() {
  if (reasons.length) return;
  const answer = await load("/api/help-reasons");
  if (answer.ok) reasons = answer.reasons;
}

/** [{id, text}] in the order of their buttons, in the language of the page. */
export const helpReasons = () => reasons.map((each) => ({ id: each.id, text: current() === "ja" ? each.ja : each.en }));

/** Part of the key of what is drawn with `reasonText`: it is drawn anew once the reasons are there, and in the other language. */
export const reasonsKey = () => [reasons.length, current()];

/**
 * The reason in the language of the page; an id that is not known here as it is.
 * @param {string} id
 */
export const reasonText = (id) => helpReasons().find((each) => each.id === id)?.text ?? id;
