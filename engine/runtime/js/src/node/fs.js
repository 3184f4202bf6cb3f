/** node:fs (https://nodejs.org/docs/latest/api/fs.html): unenv's. Workers has no file system; what needs one says so when called. */
export * from "unenv/node/fs";
export { default } from "unenv/node/fs";
