/** node:perf_hooks (https://nodejs.org/docs/latest/api/perf_hooks.html): unenv's; there is no event loop to measure. */
import unenv from "unenv/node/perf_hooks";
import { notImplemented } from "./internal/not-implemented.js";

export * from "unenv/node/perf_hooks";
export const createHistogram = notImplemented("createHistogram"), monitorEventLoopDelay = notImplemented("monitorEventLoopDelay");
export const eventLoopUtilization = () => ({ idle: 0, active: 0, utilization: 0 });
export const timerify = (run) => run;
export default { ...unenv, createHistogram, eventLoopUtilization, monitorEventLoopDelay, timerify };
