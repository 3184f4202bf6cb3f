/** node:v8 (https://nodejs.org/docs/latest/api/v8.html): unenv's numbers. Workers has no V8's own API; what needs one says so when called. */
import unenv from "unenv/node/v8";
import { notImplemented } from "./internal/not-implemented.js";

export * from "unenv/node/v8";
export const deserialize = notImplemented("deserialize"), serialize = notImplemented("serialize");
export const getHeapSnapshot = notImplemented("getHeapSnapshot"), setFlagsFromString = notImplemented("setFlagsFromString");
export const writeHeapSnapshot = notImplemented("writeHeapSnapshot");
export default { ...unenv, deserialize, getHeapSnapshot, serialize, setFlagsFromString, writeHeapSnapshot };
