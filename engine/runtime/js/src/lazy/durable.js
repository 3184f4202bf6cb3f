/** Durable Objects: see ../durable/. */
export { callHandler, deliver, evict } from "../durable/object.js";
