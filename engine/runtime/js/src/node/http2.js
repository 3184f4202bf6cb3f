/** node:http2 (https://nodejs.org/docs/latest/api/http2.html): unenv's. Workers has no HTTP/2 API; what needs one says so when called. */
export * from "unenv/node/http2";
export { default } from "unenv/node/http2";
