/** node:os (https://nodejs.org/docs/latest/api/os.html), from unenv. */
export * from "unenv/node/os";
export { default } from "unenv/node/os";
