/** structuredClone: see ../structured-clone/clone.js. */
export { structuredClone } from "../structured-clone/clone.js";
