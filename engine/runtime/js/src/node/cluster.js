/** node:cluster (https://nodejs.org/docs/latest/api/cluster.html): unenv's. Workers has no processes of its own; what needs one says so when called. */
export * from "unenv/node/cluster";
export { default } from "unenv/node/cluster";
