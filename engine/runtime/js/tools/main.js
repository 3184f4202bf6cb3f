/** The tools isolate's entry: `tools.compile(json)`, called by engine/runtime/compile.py. */
import { compileProgram } from "./program.js";

globalThis.tools = {
  /**
   * @param {string} input JSON of {modules, main, date, flags}
   * @returns {string} JSON of {program} or {diagnostics}
   */
  compile(input) {
    const { program, diagnostics } = compileProgram(JSON.parse(input));
    if (diagnostics === undefined) return JSON.stringify({ program });
    return JSON.stringify({
      diagnostics: diagnostics.map(({ file, line, column, message }) => ({ file, line, column, message })),
    });
  },
};
