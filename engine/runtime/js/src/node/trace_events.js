/** node:trace_events (https://nodejs.org/docs/latest/api/trace_events.html): unenv's. Workers has no tracing; what needs one says so when called. */
export * from "unenv/node/trace_events";
export { default } from "unenv/node/trace_events";
