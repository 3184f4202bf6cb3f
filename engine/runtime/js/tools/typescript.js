/** TypeScript and JSX to JavaScript on the same lines, with sucrase. */
import { transform } from "sucrase";
import { parse as tokenize } from "sucrase/dist/esm/parser/index.js";
import { TokenType } from "sucrase/dist/esm/parser/tokenizer/types.js";
import { Diagnostic, lineAndColumn } from "./parse.js";

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
 * @returns {string} every line at its number; throws Diagnostic
 */
export function toJavaScript(source, name) {
  const transforms = [];
  if (TYPESCRIPT.test(name)) transforms.push("typescript");
  if (JSX.test(name)) transforms.push("jsx");
  try {
    if (TYPESCRIPT.test(name)) refuseNamespaces(source, name);
    return transform(source, {
      transforms, disableESTransforms: true, production: true, filePath: name,
      ...(JSX.test(name) ? jsxOptions(source) : {}),
    }).code;
  } catch (error) {
    if (error instanceof Diagnostic) throw error;
    const match = /\((\d+):(\d+)\)\s*$/.exec(error.message);
    if (match === null) throw error;
    const reason = error.message.slice(0, match.index).replace(/^Error transforming [^:]*: /, "").trim();
    throw new Diagnostic(name, Number(match[1]), Number(match[2]), `SyntaxError: ${reason}`);
  }
}

/** sucrase drops `namespace x { … }` with all that is in it and says nothing. */
function refuseNamespaces(source, name) {
  if (!/\b(?:namespace|module)\b/.test(source)) return;
  const { tokens } = tokenize(source, JSX.test(name), true, false);
  for (let i = 0; i < tokens.length; i++) {
    const { type, start, end } = tokens[i];
    if (type === TokenType.string || type === TokenType.template || type === TokenType.jsxText) continue;
    const word = source.slice(start, end);
    if ((word !== "namespace" && word !== "module") || /\bdeclare\s+$/.test(source.slice(0, start))) continue;
    if (!/^\s+[\w$.]+\s*\{/.test(source.slice(end))) continue;
    const { line, column } = lineAndColumn(source, start);
    throw new Diagnostic(name, line, column, "TypeScript namespaces are not supported; use a module of its own.");
  }
}
