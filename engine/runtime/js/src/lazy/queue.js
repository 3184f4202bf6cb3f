/** Queues: most isolates neither send nor consume. */
export { createBatch } from "../bindings/queue-consumer.js";
export { createQueue } from "../bindings/queue.js";
