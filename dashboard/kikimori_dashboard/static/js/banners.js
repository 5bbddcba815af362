// What is wrong with the watching itself: connection, broker, agents, recognition.

import { fill, h } from "./dom.js";
import { find, t, timeOfDay } from "./i18n.js";

/** The banners of a picture, worst first: [{mood, text, detail, remedy}] */
export function banners(picture) {
  const found = [];
  if (!picture.linked) {
    found.push({
      mood: picture.known ? "bad" : "wait",
      text: picture.known ? t("link.lost", { time: timeOfDay(picture.heardAt) }) : t("link.connecting"),
    });
    return found;
  }
  if (!picture.site.broker_connected) {
    found.push({ mood: "bad", text: t("link.broker") });
    return found;
  }
  const agents = Object.values(picture.agents).sort((a, b) => a.agent_id.localeCompare(b.agent_id));
  if (!agents.length) found.push({ mood: "warn", text: t("banner.no_agent") });
  for (const agent of agents.filter((each) => !each.online)) {
    found.push({ mood: "bad", text: t("banner.agent_offline", { agent: agent.agent_id, time: timeOfDay(agent.at) }) });
  }
  found.push(...problems(agents.filter((each) => each.online)));
  return found;
}

function problems(agents) {
  const found = [];
  const several = agents.length > 1;
  for (const agent of agents) {
    const name = several ? `${agent.agent_id}: ` : "";
    if (agent.speech !== "on") {
      const first = agent.problems[0];
      const what = first?.code === "speech_failing" ? "failing" : agent.speech;
      found.push({ mood: "warn", text: name + t(`banner.speech_${what}`), remedy: first?.remedy });
    }
    for (const problem of agent.speech === "on" ? agent.problems : agent.problems.slice(1)) {
      found.push({ mood: "warn", text: name + (find(`banner.${problem.code}`) || problem.detail || problem.code), remedy: problem.remedy });
    }
  }
  return found;
}

export function showBanners(element, found) {
  fill(element, JSON.stringify(found), () =>
    found.map((each) =>
      h("p", { class: `banner ${each.mood}` },
        h("span", {}, each.text),
        each.remedy ? h("span", { class: "remedy" }, `${t("banner.remedy")} `, h("code", {}, each.remedy)) : null)));
}
