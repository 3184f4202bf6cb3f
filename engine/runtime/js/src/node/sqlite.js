/** node:sqlite (https://nodejs.org/docs/latest/api/sqlite.html): unenv's. Workers has no SQLite files; what needs one says so when called. */
export * from "unenv/node/sqlite";
export { default } from "unenv/node/sqlite";
