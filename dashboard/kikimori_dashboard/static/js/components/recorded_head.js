// The head of a recorded call: when, who, caller, length, worst alert, end, and whether there is sound.

import { clock, current, dateAndTime, find, t, word } from "../store/i18n.js";
import { doneIn } from "../store/recorded.js";
import { fill, h } from "./dom.js";
import { endText } from "./recorded_course.js";
import { look, shape } from "./severity.js";

/**
 * @param {HTMLElement} element
 * @param {import("../store/recorded.js").RecordedCall} recorded
 */
export function showHead(element, recorded) {
  const { call } = recorded;
  const said = soundText(recorded);
  const done = doneIn(recorded);
  fill(element, JSON.stringify([call, said, done, current()]), () => [
    fact("when", t("recorded.when"), dateAndTime(call.started_at)),
    fact("caller", t("role.customer"), callerText(call), call.caller_key && call.erased_at === null ? h("a", { href: `/callers/${call.caller_key}` }, t("caller.all")) : null),
    fact("operator", t("role.operator"), operatorText(call)),
    call.queue ? fact("queue", t("recorded.queue"), call.queue) : null,
    fact("length", t("recorded.length"), clock(call.heard_s)),
    h("div", { class: "fact worst" }, h("span", { class: "name" }, t("recorded.worst")), worstPart(call.worst)),
    fact("end", t("recorded.end_title"), endText(call)),
    call.erased_at === null ? fact("done", t("recorded.done_title"), doneText(done)) : null,
    fact("sound", t("recorded.sound_title"), said),
  ]);
}

/**
 * @param {string} kind
 * @param {string} name
 * @param {...(Node | string | null)} value
 */
const fact = (kind, name, ...value) => h("div", { class: `fact ${kind}` }, h("span", { class: "name" }, name), h("span", { class: "value" }, ...value));

/** @param {string | null} severity */
const worstPart = (severity) => (severity === null
  ? h("span", { class: "value" }, t("recorded.no_alerts"))
  : h("span", { class: "value" }, h("span", { class: "shape", dataset: { severity: look(severity) }, "aria-hidden": "true" }, shape(severity)), ` ${word("severity", severity)}`));

/** @param {import("../store/recorded.js").CallHead} call */
function callerText(call) {
  if (call.erased_at !== null) return t("recorded.erased_caller");
  return [call.caller_name, call.caller_number].filter(Boolean).join("　") || t("call.unknown_caller");
}

/** @param {import("../store/recorded.js").CallHead} call */
function operatorText(call) {
  const name = call.person_name ?? call.operator_name;
  const extension = call.operator_number ? t("call.extension", { number: call.operator_number }) : "";
  const operator = name && extension ? t("call.beside", { name, beside: extension }) : name || extension;
  return [operator || t("call.unknown_operator"), call.team].filter(Boolean).join("　");
}

/**
 * What people did in the call, each with how often and by whom.
 * @param {ReturnType<typeof doneIn>} done
 */
function doneText(done) {
  if (!done.length) return t("recorded.done_nothing");
  return done.map(({ action, n, by }) => {
    const times = t("recorded.done_times", { action: find(`recorded.done.${action}`) ?? find(`action.${action}`) ?? action, n });
    return by.length ? t("call.beside", { name: times, beside: by.join(t("recorded.done_and")) }) : times;
  }).join(t("recorded.done_and"));
}

/**
 * Whether the sound can be heard, else why not, in words.
 * @param {import("../store/recorded.js").RecordedCall} recorded
 */
function soundText(recorded) {
  const { call, sound, removed, may } = recorded;
  if (call.erased_at !== null) return t("recorded.sound.erased", { time: dateAndTime(call.erased_at) });
  if (sound === "erased" && removed.sound) return t("recorded.sound.removed", { time: dateAndTime(removed.sound) });
  if (sound !== "kept") return t(`recorded.sound.${sound}`);
  if (!may.play) return t("recorded.sound.no_right");
  return call.sound_lost_s >= 1 ? t("recorded.sound.lost", { n: Math.round(call.sound_lost_s) }) : t("recorded.sound.kept");
}

/**
 * Why there are no words, in words.
 * @param {import("../store/recorded.js").RecordedCall} recorded
 */
export function noWordsText(recorded) {
  const { call, sound, removed } = recorded;
  if (call.erased_at !== null) return t("recorded.words_erased");
  if (removed.words) return t("recorded.words_removed", { time: dateAndTime(removed.words) });
  if (sound === "excluded" || sound === "stopped") return t(`recorded.words_${sound}`);
  return t("recorded.no_words");
}
