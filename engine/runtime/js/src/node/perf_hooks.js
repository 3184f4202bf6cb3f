/** node:perf_hooks (https://nodejs.org/docs/latest/api/perf_hooks.html), from unenv. */
export * from "unenv/node/perf_hooks";
export { default } from "unenv/node/perf_hooks";
