/** node:worker_threads (https://nodejs.org/docs/latest/api/worker_threads.html): unenv's; Workers has no threads to start. */
import unenv from "unenv/node/worker_threads";
import { notImplementedError } from "./internal/not-implemented.js";

export * from "unenv/node/worker_threads";
export class Worker {
  constructor() { throw notImplementedError("Worker"); }
}
export class BroadcastChannel {
  constructor() { throw notImplementedError("BroadcastChannel"); }
}
export default { ...unenv, BroadcastChannel, Worker };
