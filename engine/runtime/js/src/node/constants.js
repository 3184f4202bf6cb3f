/** node:constants (https://nodejs.org/docs/latest/api/os.html), from unenv. */
export * from "unenv/node/constants";
export { default } from "unenv/node/constants";
