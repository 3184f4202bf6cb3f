/** The D1 binding: most isolates have none. */
export { createD1Database } from "../bindings/d1.js";
