/** The R2 binding: most isolates have none. */
export { createR2Bucket } from "../bindings/r2.js";
