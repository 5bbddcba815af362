// Makes the types of the messages to and from the pages of their JSON schema; `--check` only compares.
//
// The schema is made of the Python models: `python -m kikimori_dashboard.protocol`.

import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

import { compile } from "json-schema-to-typescript";

const dashboard = new URL("../../dashboard/kikimori_dashboard/", import.meta.url);
const schema = JSON.parse(await readFile(new URL("protocol/schema.json", dashboard), "utf8"));
const types = new URL("static/js/store/messages.d.ts", dashboard);

const HEAD = `// Messages between the dashboard and its pages, made of kikimori_dashboard/protocol by
// \`python -m kikimori_dashboard.protocol\` and \`npm --prefix tests/js run types\`; the checks compare.
`;

/**
 * Writes tuples as the compiler reads them: draft 2020-12 says `prefixItems`, the drafts before say `items`.
 * @param {any} part
 * @returns {any}
 */
function older(part) {
  if (Array.isArray(part)) return part.map(older);
  if (part === null || typeof part !== "object") return part;
  return Object.fromEntries(Object.entries(part).map(([name, value]) => [name === "prefixItems" ? "items" : name, older(value)]));
}

const compiled = await compile(older(schema), schema.title, {
  additionalProperties: false,
  bannerComment: HEAD,
  format: true,
  style: { printWidth: 140 },
  unreachableDefinitions: true,
});
const made = compiled.replace(/\n \*(\n \*)? This interface was referenced by .*\n \* via the `definition` .*/g, "").replace(/\/\*\*\n \*\/\n/g, "");

if (!process.argv.includes("--check")) {
  await writeFile(types, made);
  console.log(`${fileURLToPath(types)} written`);
} else if (made !== (await readFile(types, "utf8").catch(() => ""))) {
  console.error(`${fileURLToPath(types)} does not fit its schema: npm --prefix tests/js run types`);
  process.exitCode = 1;
}
