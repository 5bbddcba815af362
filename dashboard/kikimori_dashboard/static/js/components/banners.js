// What is wrong with the watching itself: connection, broker, agents, recognition.

import { fill, h } from "./dom.js";
import { current, dateAndTime, find, t, timeOfDay, word } from "../store/i18n.js";

/**
 * @typedef {{mood: string, text: string, detail?: string, remedy?: string, blind?: boolean}} Banner `blind`: no button works meanwhile
 * @typedef {import("../store/picture.js").Picture} Picture
 * @typedef {import("../store/messages.d.ts").ProblemView} Problem
 */

/**
 * The banners of a picture, worst first.
 * @param {Picture} picture
 */
export function banners(picture) {
  /** @type {Banner[]} */
  const found = [];
  if (!picture.linked) {
    found.push({
      blind: true,
      mood: picture.known ? "bad" : "wait",
      text: picture.known ? t("link.lost", { time: timeOfDay(picture.heardAt) }) : t("link.connecting"),
    });
    return found;
  }
  if (!picture.site.broker_connected) {
    const { code = "" } = picture.site.broker_problem ?? {};
    const { detail, remedy } = inOurWords(picture.site.broker_problem);
    found.push({ blind: true, mood: "bad", text: find(`banner.${code}`) ?? t("link.broker"), detail, remedy });
    return found;
  }
  for (const { name, added, at } of picture.site.own_roles ?? []) {
    found.push({ mood: "warn", text: t("banner.own_role", { name, roles: added.map((each) => word("people.role", each)).join(t("account.and")), time: dateAndTime(at) }) });
  }
  found.push(...certificateBanners(picture.site.certificate ?? []));
  const newer = picture.site.newer ?? [];
  if (newer.length) found.push({ mood: "bad", text: t("banner.newer", { agents: newer.filter(Boolean).join(", ") }) });
  for (const [agent, ahead] of Object.entries(picture.site.clocks ?? {})) found.push({ mood: "warn", text: t(ahead > 0 ? "clock.ahead" : "clock.behind", { agent, seconds: Math.abs(ahead) }) });
  for (const [agent, { standing, fingerprint, key }] of Object.entries(picture.site.signatures ?? {})) {
    const remedy = standing === "unknown_key" ? `kikimori keys trust --dashboard --name ${agent} -- ${key}` : "";
    found.push({ mood: standing === "refused" ? "bad" : "warn", text: t(`signature.${standing}`, { agent, fingerprint }), remedy });
  }
  if (picture.site.reading) found.push({ mood: "warn", text: t("left_out.reading") });
  if (picture.site.incomplete) found.push({ mood: "warn", text: t("left_out.incomplete") });
  for (const [part, n] of Object.entries(picture.site.left_out ?? {})) found.push({ mood: "bad", text: t(`left_out.${part}`, { n }) });
  const missed = picture.missed.alerts.length + picture.missed.more;
  if (missed && !location.pathname.startsWith("/operator")) found.push({ mood: "warn", text: t("missed.banner", { n: missed }) });
  const agents = Object.values(picture.agents).sort((a, b) => a.agent_id.localeCompare(b.agent_id));
  if (!agents.length) found.push({ mood: "warn", text: t("banner.no_agent") });
  for (const agent of agents.filter((each) => !each.online)) {
    found.push({ mood: "bad", text: t("banner.agent_offline", { agent: agent.agent_id, time: timeOfDay(agent.at) }), remedy: "systemctl status kikimori-agent" });
  }
  for (const agent of agents.filter((each) => each.online && each.unconfirmed)) found.push({ mood: "warn", text: t("banner.agent_unconfirmed", { agent: agent.agent_id }) });
  found.push(...problems(agents.filter((each) => each.online)));
  return found;
}

/** @param {import("../store/picture.js").Agent[]} agents */
function problems(agents) {
  /** @type {Banner[]} */
  const found = [];
  const several = agents.length > 1;
  for (const agent of agents) {
    const name = several ? `${agent.agent_id}: ` : "";
    const ofSpeech = agent.problems.find((each) => each.code.includes("speech"));
    if (agent.speech !== "on") {
      const what = ofSpeech?.code === "speech_failing" ? "failing" : agent.speech;
      found.push({ mood: "warn", text: name + word("banner", `speech_${what}`), remedy: inOurWords(ofSpeech).remedy });
    }
    const said = new Set();
    for (const problem of agent.problems.filter((each) => agent.speech === "on" || each !== ofSpeech)) {
      // For the supervisor what it means, once; for whoever mends it what the program found.
      const means = meaning(problem);
      const first = !said.has(means);
      said.add(means);
      const { detail = problem.code, remedy } = inOurWords(problem);
      found.push({ mood: moodOf(problem.severity), text: name + (first && means ? means : detail), detail: first && means ? detail : "", remedy });
    }
  }
  return found.sort((a, b) => Number(b.mood === "bad") - Number(a.mood === "bad"));
}

/**
 * Banners of the problems of the pages' own certificate, and of what else runs beside them: for everybody what it means, for
 * whoever mends it the rest.
 * @type {(found: Problem[]) => Banner[]}
 */
export const certificateBanners = (found) => found.map((problem) => {
  const { detail = problem.code, remedy } = inOurWords(problem);
  return { mood: moodOf(problem.severity), text: meaning(problem) ?? t("banner.certificate"), detail, remedy };
});

/**
 * The colour of a problem's line: red where calls are not watched or pages are kept away, else amber.
 * @param {string} severity
 */
const moodOf = (severity) => (severity === "critical" ? "bad" : "warn");

/**
 * Detail and remedy of a problem in the language of the page; empty without one.
 * @type {(problem: Problem | null | undefined) => {detail?: string, remedy?: string}}
 */
const inOurWords = (problem) => problem?.words?.[current()] ?? {};

/** @param {Problem} problem */
const meaning = ({ code, cause }) => {
  const known = (cause && find(`banner.${code}_${cause}`)) || find(`banner.${code}`);
  if (known) return known;
  if (/^(pbx|held)_/.test(code)) return t("banner.control");
  if (/^(journal|records?|recording)_/.test(code)) return t("banner.recording");
  return /^(asterisk|audiosocket|chan_websocket|freeswitch|line_in|mirror|siprec)/.test(code) ? t("banner.hearing") : null;
};

/**
 * Shows what `banners` found. `still`: nothing below may move now. Then what is over leaves its place empty, and what is
 * new waits, unless nothing can be pressed anyway. True when the page below may have moved.
 * @param {HTMLElement} element
 * @param {Banner[]} found
 */
export function showBanners(element, found, still = false) {
  const key = JSON.stringify(found);
  const children = /** @type {HTMLElement[]} */ ([...element.children]);
  if (still && !found.some((each) => each.blind)) {
    for (const shown of children) shown.style.visibility = found.some((each) => text(each) === shown.dataset.says) ? "" : "hidden";
    return false;
  }
  for (const shown of children) shown.style.visibility = "";
  return fill(element, key, () => found.map(drawn));
}

/**
 * In a low window a banner is one line; its button shows the rest.
 * @param {Banner} each
 */
function drawn(each) {
  const more = Boolean(each.detail || each.remedy);
  const banner = h("p", { class: `banner ${each.mood}`, dataset: { says: text(each) } },
    h("span", { class: "said" }, each.text),
    more ? h("button", { type: "button", class: "unfold", "aria-expanded": "false", "aria-label": t("banner.more") }, "▾") : null,
    each.detail ? h("span", { class: "detail" }, each.detail) : null,
    each.remedy ? h("span", { class: "remedy" }, `${t("banner.remedy")} `, h("code", {}, each.remedy)) : null);
  const button = banner.querySelector("button");
  button?.addEventListener("click", () => {
    const open = banner.dataset.open !== "yes";
    banner.dataset.open = open ? "yes" : "no";
    button.setAttribute("aria-expanded", String(open));
  });
  return banner;
}

/** @param {Banner} each */
const text = (each) => `${each.text}${each.detail ?? ""}${each.remedy ? `${t("banner.remedy")} ${each.remedy}` : ""}`;
