/** node:repl (https://nodejs.org/docs/latest/api/repl.html): unenv's. Workers has no terminal; what needs one says so when called. */
export * from "unenv/node/repl";
export { default } from "unenv/node/repl";
