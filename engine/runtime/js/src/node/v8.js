/** node:v8 (https://nodejs.org/docs/latest/api/v8.html): unenv's. Workers has no V8's own API; what needs one says so when called. */
export * from "unenv/node/v8";
export { default } from "unenv/node/v8";
