/** node:dgram (https://nodejs.org/docs/latest/api/dgram.html): unenv's. Workers has no UDP sockets; what needs one says so when called. */
export * from "unenv/node/dgram";
export { default } from "unenv/node/dgram";
