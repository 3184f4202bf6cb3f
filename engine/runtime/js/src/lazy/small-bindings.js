/** Bindings that few workers have, and that are small. */
export { createHyperdrive } from "../bindings/hyperdrive.js";
export { createRatelimit } from "../bindings/ratelimit.js";
