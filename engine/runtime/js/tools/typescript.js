/** TypeScript and JSX to JavaScript on the same lines, with sucrase. */
import { transform } from "sucrase";
import { parse as tokenize } from "sucrase/dist/esm/parser/index.js";
import { TokenType } from "sucrase/dist/esm/parser/tokenizer/types.js";
import { Diagnostic, explain, lineAndColumn, positionOf } from "./parse.js";

const TYPESCRIPT = /\.(?:ts|mts|cts|tsx)$/;
const JSX = /\.(?:tsx|jsx)$/;

/** What a comment at the top says about JSX (https://www.typescriptlang.org/docs/handbook/jsx.html). */
function jsxOptions(source) {
  const pragma = (name) => new RegExp(`@${name}\\s+([\\w$./@-]+)`).exec(source)?.[1];
  const importSource = pragma("jsxImportSource");
  if (importSource !== undefined) return { jsxRuntime: "automatic", jsxImportSource: importSource };
  return { jsxPragma: pragma("jsx") ?? "React.createElement", jsxFragmentPragma: pragma("jsxFrag") ?? "React.Fragment" };
}

/** @param {string} name @returns {boolean} whether a file of this name is more than JavaScript */
export const needsTypeScript = (name) => TYPESCRIPT.test(name) || JSX.test(name);

/**
 * @param {string} source
 * @param {string} name its suffix says what it may contain
 * @param {string} kind the module's type
 * @returns {string} every line at its number; throws Diagnostic
 */
export function toJavaScript(source, name, kind) {
  const transforms = [];
  if (TYPESCRIPT.test(name)) transforms.push("typescript");
  if (JSX.test(name)) transforms.push("jsx");
  try {
    if (TYPESCRIPT.test(name)) refuseWhatChanges(source, name, kind);
    return transform(source, {
      transforms, disableESTransforms: true, production: true, filePath: name,
      ...(JSX.test(name) ? jsxOptions(source) : {}),
    }).code;
  } catch (error) {
    if (error instanceof Diagnostic) throw error;
    const match = /\((\d+):(\d+)\)\s*$/.exec(error.message);
    if (match === null) throw error;
    const [line, column] = [Number(match[1]), Number(match[2])];
    const reason = error.message.slice(0, match.index).replace(/^Error transforming [^:]*: /, "").trim();
    throw new Diagnostic(name, line, column, `SyntaxError: ${explain(source, positionOf(source, line, column), reason)}`);
  }
}

/** sucrase drops `namespace x { … }` with all that is in it, and makes CommonJS of two statements, and says nothing. */
function refuseWhatChanges(source, name, kind) {
  const module = kind === "esm" && /\brequire\b|\bexport\s*=/.test(source);
  if (!module && !/\b(?:namespace|module)\b/.test(source)) return;
  const { tokens } = tokenize(source, JSX.test(name), true, false);
  for (let i = 0; i < tokens.length; i++) {
    const { type, start, end } = tokens[i];
    if (type === TokenType.string || type === TokenType.template || type === TokenType.jsxText) continue;
    const word = source.slice(start, end);
    const problem = word === "namespace" || word === "module" ? namespaceProblem(source, start, end) : module ? commonJsProblem(tokens, i) : null;
    if (problem === null) continue;
    const { line, column } = lineAndColumn(source, start);
    throw new Diagnostic(name, line, column, problem);
  }
}

function namespaceProblem(source, start, end) {
  if (/\bdeclare\s+$/.test(source.slice(0, start)) || !/^\s+[\w$.]+\s*\{/.test(source.slice(end))) return null;
  return "TypeScript namespaces are not supported; use a module of its own.";
}

/** What stands for CommonJS in a module that is none. */
function commonJsProblem(tokens, i) {
  const types = tokens.slice(i, i + 5).map((token) => token.type);
  if (types[0] === TokenType._export && types[1] === TokenType.eq) {
    return "`export =` is not supported in an ES module; write `export default` instead.";
  }
  const called = types[0] === TokenType._import && types[1] === TokenType.name && types[2] === TokenType.eq &&
    types[3] === TokenType.name && types[4] === TokenType.parenL;
  return called ? "`import x = require()` is not supported in an ES module; write `import x from` instead." : null;
}
