/** Durable Objects: see ../durable/. */
export { callHandler, deliver, evict, retire, socketEvent } from "../durable/object.js";
export { deserialize, serialize } from "../durable/values.js";
