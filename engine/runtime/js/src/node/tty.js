/** node:tty (https://nodejs.org/docs/latest/api/tty.html): unenv's. Workers has no terminal; what needs one says so when called. */
export * from "unenv/node/tty";
export { default } from "unenv/node/tty";
