// Whether the operator's call is being watched, as far as this page can tell, and what it says where it is not.

import { h } from "./dom.js";
import { t, timeOfDay } from "../store/i18n.js";

/**
 * @typedef {import("../store/picture.js").Picture} Picture
 * @typedef {import("../store/picture.js").Call} Call
 * @typedef {{mood: string, text: string}} Banner
 */

/**
 * "yes", "no" or "unknown". Without a call of one's own: whether the next one would be watched.
 * While the dashboard or its feed is away the agents may listen as before: that is not known here.
 * @param {Picture} picture
 * @param {Call | null} call
 */
export function watched(picture, call) {
  if (!picture.linked || !picture.site.broker_connected) return "unknown";
  if (call) return call.stale || call.judging_failed ? "no" : call.unconfirmed ? "unknown" : "yes";
  const agents = Object.values(picture.agents);
  if (!agents.some((each) => each.online)) return "no";
  return agents.every((each) => each.online && !each.unconfirmed) ? "yes" : "unknown";
}

/**
 * Whether the keys of the telephone may call for help where this page cannot, or is not sure: the agent is there, as far as
 * is known, and the way from it to the dashboard too.
 * @param {Picture} picture
 * @param {Call | null} call
 */
export const reachedByKeys = (picture, call) =>
  call !== null && Boolean(call.help_keys) && !call.stale && (!picture.linked || picture.site.broker_connected);

/**
 * The one banner of the page; null where nothing is wrong.
 * @param {Picture} picture
 * @param {Call | null} call
 * @returns {Banner | null}
 */
export function watchBanner(picture, call) {
  if (!picture.known) return { mood: "wait", text: t("link.connecting") };
  const state = watched(picture, call);
  if (state === "yes") return newer(picture);
  if (state === "no") return { mood: "bad", text: t("operator.alone") };
  return { mood: "warn", text: `${cause(picture)} ${t("operator.unknown")}` };
}

/**
 * @param {Picture} picture
 * @returns {Banner | null}
 */
function newer(picture) {
  const agents = picture.site.newer ?? [];
  return agents.length ? { mood: "bad", text: t("banner.newer", { agents: agents.filter(Boolean).join(", ") }) } : null;
}

/** @param {Picture} picture */
function cause(picture) {
  if (!picture.linked) return t("link.lost", { time: timeOfDay(picture.heardAt) });
  if (!picture.site.broker_connected) return t("link.broker");
  return t(Object.values(picture.agents).some((each) => !each.online) ? "operator.some_away" : "operator.some_unconfirmed");
}

/** @param {Banner} banner */
export const bannerElement = (banner) => h("p", { class: `banner ${banner.mood}` }, h("span", {}, banner.text));
