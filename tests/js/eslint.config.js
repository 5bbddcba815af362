// The linter's rules for the pages' modules: ESLint's recommended ones, and some against faults that are easily made.
// To be run from the top of the repository.

import js from "@eslint/js";
import globals from "globals";

const RULES = {
  eqeqeq: ["error", "always", { null: "ignore" }],
  "no-irregular-whitespace": ["error", { skipTemplates: true }], // full-width spaces between Japanese words
  "no-shadow": "error",
  "no-throw-literal": "error",
  "no-undef": "error",
  "no-unused-vars": "error",
  "no-var": "error",
  "prefer-const": "error",
  // Names and words come from outside: text never becomes markup or code.
  "no-eval": "error",
  "no-implied-eval": "error",
  "no-new-func": "error",
  "no-script-url": "error",
  "no-restricted-properties": [
    "error",
    ...["innerHTML", "outerHTML", "insertAdjacentHTML"].map((property) => ({ property, message: "Text goes in as text: h() of components/dom.js." })),
  ],
};

const kind = (files, names) => ({ ...js.configs.recommended, files, languageOptions: { globals: names }, rules: { ...js.configs.recommended.rules, ...RULES } });

export default [
  kind(["dashboard/kikimori_dashboard/static/js/**/*.js"], globals.browser),
  kind(["dashboard/kikimori_dashboard/static/js/components/*_worklet.js"], globals.audioWorklet),
  kind(["tests/js/*.js"], globals.node),
  { linterOptions: { reportUnusedDisableDirectives: "error" } },
];
