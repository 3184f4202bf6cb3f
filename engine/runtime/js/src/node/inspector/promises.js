/** node:inspector/promises (https://nodejs.org/docs/latest/api/inspector.html): unenv's. Workers has no inspector; what needs one says so when called. */
export * from "unenv/node/inspector/promises";
export { default } from "unenv/node/inspector/promises";
