/** node:readline/promises (https://nodejs.org/docs/latest/api/readline.html): unenv's. Workers has no terminal; what needs one says so when called. */
export * from "unenv/node/readline/promises";
export { default } from "unenv/node/readline/promises";
