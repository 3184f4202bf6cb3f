/** Bindings that few workers have, and that are small. */
export { createDataset } from "../bindings/analytics-engine.js";
export { createHyperdrive } from "../bindings/hyperdrive.js";
export { createRatelimit } from "../bindings/ratelimit.js";
export { createSecret } from "../bindings/secrets-store.js";
