/** node:domain (https://nodejs.org/docs/latest/api/domain.html): unenv's. Workers has no domains; what needs one says so when called. */
export * from "unenv/node/domain";
export { default } from "unenv/node/domain";
