/** node:tls (https://nodejs.org/docs/latest/api/tls.html): unenv's. Workers has no TLS sockets in Node's API; what needs one says so when called. */
export * from "unenv/node/tls";
export { default } from "unenv/node/tls";
