/** node:readline (https://nodejs.org/docs/latest/api/readline.html): unenv's. Workers has no terminal; what needs one says so when called. */
export * from "unenv/node/readline";
export { default } from "unenv/node/readline";
