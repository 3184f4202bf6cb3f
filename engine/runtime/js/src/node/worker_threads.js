/** node:worker_threads (https://nodejs.org/docs/latest/api/worker_threads.html): unenv's. Workers has no threads; what needs one says so when called. */
export * from "unenv/node/worker_threads";
export { default } from "unenv/node/worker_threads";
