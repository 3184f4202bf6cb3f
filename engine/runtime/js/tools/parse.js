/** Parsing, with errors as a person wants to read them. */
import { Parser } from "acorn";

/** A place in a user's file that does not compile; line and column from 1. */
export class Diagnostic extends Error {
  /** @param {string} file @param {number} line @param {number} column @param {string} message */
  constructor(file, line, column, message) {
    super(message);
    this.file = file;
    this.line = line;
    this.column = column;
  }
}

/** @param {string} source @param {number} position @returns {{line: number, column: number}} from 1 */
export function lineAndColumn(source, position) {
  const before = source.slice(0, position).split(/\r\n|[\n\r\u2028\u2029]/);
  return { line: before.length, column: before.at(-1).length + 1 };
}

/** The reverse of lineAndColumn. @param {string} source @param {number} line @param {number} column @returns {number} */
export function positionOf(source, line, column) {
  const breaks = /\r\n|[\n\r\u2028\u2029]/g;
  for (let i = 1; i < line; i++) breaks.exec(source);
  return (line === 1 ? 0 : breaks.lastIndex) + column - 1;
}

/** What is really the matter where a parser only says "Unexpected token". @param {string} source @param {number} position @param {string} message */
export function explain(source, position, message) {
  const rest = source.slice(position);
  const before = source.slice(Math.max(0, position - 200), position);
  if (rest.startsWith("@")) return "Decorators are not supported; call the function instead.";
  if (/\baccessor\s+$/.test(before)) return "Auto-accessors (accessor) are not supported; write a getter and a setter.";
  if (/\bimport\s+[\w$]+\s*$/.test(before) && rest.startsWith("=")) {
    return "`import x = require()` is not supported; write `import x from` instead.";
  }
  if (/\bexport\s+$/.test(before) && /^as\s+namespace\b/.test(rest)) return "`export as namespace` is for declaration files.";
  if (/\bexport\s*$/.test(before) && rest.startsWith("=")) return "`export =` is not supported; write `export default` instead.";
  return message;
}

/**
 * @param {string} source
 * @param {string} file for the error
 * @param {"module" | "commonjs" | "script"} kind
 * @returns {any} the ESTree program; throws Diagnostic
 */
export function parse(source, file, kind) {
  try {
    return Parser.parse(source, {
      ecmaVersion: "latest",
      sourceType: kind === "module" ? "module" : "script",
      allowReturnOutsideFunction: kind === "commonjs",
      allowHashBang: true,
      preserveParens: true,
    });
  } catch (error) {
    if (error.pos === undefined) throw error;
    const { line, column } = lineAndColumn(source, error.pos);
    const message = error.message.replace(/ \(\d+:\d+\)$/, "");
    throw new Diagnostic(file, line, column, `SyntaxError: ${explain(source, error.pos, message)}`);
  }
}
