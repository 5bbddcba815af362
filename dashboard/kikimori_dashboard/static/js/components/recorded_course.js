// The course of a recorded call as a list: alerts, commands and who pressed, hold, transfer, recording, end.

import { clock, current, find, t, title, word } from "../store/i18n.js";
import { wordedInLine } from "../store/press.js";
import { courseOf } from "../store/recorded.js";
import { fill, h, setText } from "./dom.js";
import { look, shape } from "./severity.js";
import { corrections } from "./why.js";

export class RecordedCourse {
  /** @param {(seconds: number) => void} seek */
  constructor(seek) {
    this.seek = seek;
    this.title = h("h2");
    this.list = h("ol", { class: "course-list" });
    this.element = h("section", { class: "part", dataset: { part: "course" } }, this.title, this.list);
  }

  /** @param {import("../store/recorded.js").RecordedCall} recorded */
  update(recorded) {
    setText(this.title, t("panel.course"));
    fill(this.list, `${recorded.call.uid} ${recorded.events.length} ${recorded.alerts.length} ${Object.keys(recorded.removed)} ${current()}`, () =>
      courseOf(recorded).map((entry) => h("li", { dataset: { kind: entry.kind } },
        h("button", { type: "button", class: "time", title: t("recorded.go_to", { time: clock(entry.at) }), onclick: () => this.seek(entry.at) }, clock(entry.at)),
        h("span", {}, ...entryParts(entry)))));
  }
}

/**
 * @param {import("../store/recorded.js").CourseEntry} entry
 * @returns {(string | HTMLElement)[]}
 */
function entryParts({ kind, about }) {
  switch (kind) {
    case "begin":
      return [t("story.begin")];
    case "end":
      return [t("recorded.ended", { why: endText(about) })];
    case "alert":
      return alertParts(about);
    case "command":
      return [commandText(about.body)];
    case "recording":
      return [recordingText(about.body)];
    default:
      return [find(`story.${about.body.status}`) ?? word("status", about.body.status), ...(about.body.held_by_key ? [` ${t("recorded.held_by_key")}`] : [])];
  }
}

/** @param {{alert: import("../store/recorded.js").RecordedAlert, life: import("../store/recorded.js").LifeEntry, before: import("../store/recorded.js").LifeEntry | null}} about */
function alertParts({ alert, life, before }) {
  const sign = h("span", { class: "shape", dataset: { severity: look(life.severity) }, "aria-hidden": "true" }, shape(life.severity));
  if (life.state === "closed") return [t("story.closed", { title: title(alert.title), because: life.closed_because ? word("closed", life.closed_because) : "" })];
  if (before === null) return [sign, ` ${title(alert.title)}`];
  const became = life.severity === before.severity && life.corrected?.length ? title(alert.title) : t("recorded.became", { title: title(alert.title), severity: word("severity", life.severity) });
  return [sign, ` ${[became, ...corrections(life)].join(" ")}`];
}

/** @param {Record<string, any>} body */
function commandText({ command = {}, issued_by: by, result = {} }) {
  const action = find(`action.${command.action}`) ?? String(command.action ?? "");
  const aimed = command.target ? `${action} ${t("action.to", { target: command.target })}` : action;
  const why = command.reason ? (find(`because.${command.reason}`) ?? command.reason) : "";
  const about = [why, command.ending ? decidedText(command.ending) : ""].filter(Boolean).join(t("ending.words_after"));
  const said = t("story.press", { name: by || command.issued_by || t("audit.nobody"), action: about ? t("call.beside", { name: aimed, beside: about }) : aimed });
  if (!result.outcome || result.outcome === "done") return said;
  return `${said} → ${wordedInLine({ action: command.action, ...result, outcome: result.outcome })}`;
}

/**
 * Who decided that a call is ended.
 * @param {Record<string, any>} ending
 */
const decidedText = (ending) => [ending.words, t("ending.decided", { first: ending.proposed_by, second: ending.agreed_by, n: ending.warnings })].filter(Boolean).join(t("ending.words_after"));

/** @param {Record<string, any>} body */
const recordingText = ({ state, by }) => [word("recorded.recording", state), by ? t("recorded.by", { name: by }) : ""].filter(Boolean).join(" ");

const CUT = ["hung_up", "hangup"]; // reasons that say only that the line was cut: how it came to that says more

/**
 * How a call ended, in words: what people made of it, and why where that is more than a line that was cut.
 * @param {{end_reason?: string | null, outcome?: string | null}} call
 */
export function endText({ end_reason: reason, outcome }) {
  const why = reason ? find(`recorded.end.${reason}`) ?? t("ui.unknown", { value: reason }) : "—";
  if (!outcome) return why;
  const how = find(`caller.outcomes.${outcome}`) ?? t("ui.unknown", { value: outcome });
  return !reason || CUT.includes(reason) ? how : t("call.beside", { name: how, beside: why });
}
