/** `nodejs_compat` (https://developers.cloudflare.com/workers/runtime-apis/nodejs/): which programs get Node's modules. */
import { nodeNames } from "svc:node-names";

/** From these dates on nodejs_compat means more (https://developers.cloudflare.com/workers/configuration/compatibility-flags/). */
const V2_SINCE = "2024-09-23";
const ENVIRONMENT_SINCE = "2025-04-01";
const SERVER_SINCE = "2025-09-01";
const FILES_SINCE = "2025-09-15";
const PREFIX = "node:";

/** Modules that Node has under their prefixed name only. */
const PREFIXED = ["sea", "sqlite", "test", "test/reporters"];

/**
 * @param {string} date the compatibility date, "2025-01-31"
 * @param {string[]} flags
 * @returns {{level: 1 | 2, env: boolean, server: boolean, files: boolean, als: boolean} | null} level 2: bare names and the globals Buffer and process;
 *   env: process.env has the variables; server: node:http has servers; files: node:fs has files; als: only node:async_hooks
 */
export function nodeCompatibility(date, flags) {
  const has = (name) => flags.includes(name);
  if (!has("nodejs_compat") && !has("nodejs_compat_v2")) return has("nodejs_als") ? { level: 1, env: false, server: false, files: false, als: true } : null;
  const v2 = has("nodejs_compat_v2") || (date >= V2_SINCE && !has("no_nodejs_compat_v2"));
  const env = has("nodejs_compat_populate_process_env") ||
    (date >= ENVIRONMENT_SINCE && !has("nodejs_compat_do_not_populate_process_env"));
  const server = has("enable_nodejs_http_server_modules") || (date >= SERVER_SINCE && !has("disable_nodejs_http_server_modules"));
  const files = has("enable_nodejs_fs_module") || (date >= FILES_SINCE && !has("disable_nodejs_fs_module"));
  return { level: v2 ? 2 : 1, env, server, files, als: false };
}

const idOf = (specifier) => (specifier.startsWith(PREFIX) ? specifier.slice(PREFIX.length) : specifier);

const offered = (id, node) => Object.hasOwn(nodeNames, id) && (!node.als || id === "async_hooks");

/**
 * What an import finds: "node:…" is Node's; a bare name is the script's own module first, then Node's.
 * @param {string} specifier
 * @param {ReturnType<typeof nodeCompatibility>} node
 * @param {(specifier: string) => string | null} resolve among the script's modules
 * @returns {string | null} a module's name
 */
export function builtinNamed(specifier, node, resolve) {
  const id = idOf(specifier);
  if (specifier !== id) return node !== null && offered(id, node) ? specifier : resolve(specifier);
  return resolve(specifier) ?? (node?.level === 2 && offered(id, node) && !PREFIXED.includes(id) ? PREFIX + id : null);
}

/** @param {string} target @returns {string[] | undefined} the exports of one of Node's modules */
export const nodeNamesOf = (target) =>
  target.startsWith(PREFIX) && Object.hasOwn(nodeNames, idOf(target)) ? nodeNames[idOf(target)] : undefined;

/**
 * What to do when an import of a module of Node's found nothing.
 * @param {string} specifier
 * @param {ReturnType<typeof nodeCompatibility>} node
 * @returns {string | undefined}
 */
export function nodeHint(specifier, node) {
  const id = idOf(specifier);
  if (!Object.hasOwn(nodeNames, id)) return undefined;
  if (node === null || node.als) {
    const only = id === "async_hooks" ? ' (or "nodejs_als")' : "";
    return ` It is one of Node.js's: add the compatibility flag "nodejs_compat"${only} to use it.`;
  }
  return ` Write "${PREFIX}${id}", or set the compatibility date to ${V2_SINCE} or later.`;
}

/** Whether a module may use AsyncLocalStorage, so that `await` has to keep its context. @param {{type: string, text?: string}} source */
export const importsAsyncHooks = ({ type, text }) => (type === "esm" || type === "commonjs") && /\basync_hooks\b/.test(text);

/** Whether a module may use withEnv() of cloudflare:workers, whose effect `await` has to keep too. @param {{type: string, text?: string}} source */
export const usesWithEnv = ({ type, text }) => (type === "esm" || type === "commonjs") && /\bwithE(?:nv|xports)\b|\bwithEnvAndExports\b/.test(text);
