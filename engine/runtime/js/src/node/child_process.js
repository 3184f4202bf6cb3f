/** node:child_process (https://nodejs.org/docs/latest/api/child_process.html): unenv's. Workers has no processes; what needs one says so when called. */
export * from "unenv/node/child_process";
export { default } from "unenv/node/child_process";
