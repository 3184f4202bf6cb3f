/** node:wasi (https://nodejs.org/docs/latest/api/wasi.html): unenv's. Workers has no WASI; what needs one says so when called. */
export * from "unenv/node/wasi";
export { default } from "unenv/node/wasi";
