// Checks the types of the pages' modules; a module that stands in `unchecked.json` may still have faults.
//
// That list only shrinks: a new module is checked from its first line, and one without faults leaves the list.

import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const here = fileURLToPath(new URL(".", import.meta.url));
const modules = resolve(here, "../../dashboard/kikimori_dashboard/static/js");
const unchecked = new Set(JSON.parse(readFileSync(resolve(here, "unchecked.json"), "utf8")));

const compiler = resolve(here, "node_modules/typescript/bin/tsc");
const { status, stdout, stderr, error } = spawnSync(process.execPath, [compiler, "--project", here, "--pretty", "false"], { cwd: here, encoding: "utf8", maxBuffer: 1 << 26 });
if (error) throw error;

/** @type {Set<string>} */
const faulty = new Set();
/** @type {string[]} */
const told = [];
let tell = true; // whether the fault that a line belongs to is of a module that is checked
for (const line of stdout.split("\n").filter(Boolean)) {
  const path = /^(\S.*)\(\d+,\d+\): /.exec(line)?.[1];
  if (path) {
    const name = relative(modules, resolve(here, path));
    faulty.add(name);
    tell = !unchecked.has(name);
  } else if (!line.startsWith(" ")) {
    tell = true;
  }
  if (tell) told.push(line);
}
for (const name of unchecked) if (!faulty.has(name)) told.push(`unchecked.json: ${name} has no faults any more: take it out`);

if (status !== 0 && faulty.size === 0) told.push(stderr || `the compiler ended with ${status}`);
if (told.length) {
  console.error(told.join("\n"));
  process.exitCode = 1;
}
