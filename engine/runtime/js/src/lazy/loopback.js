/** ctx.exports, and what withEnv() changes: see ../loopback.js. */
export { createExports, override, withOverride } from "../loopback.js";
