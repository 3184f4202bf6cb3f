/** The stubs of this isolate: which proxy stands for which handle of the host. */
import { isObject } from "../webidl.js";
import { WeakMapPrototypeGet, WeakMapPrototypeSet, WeakMap_ } from "../primordials.js";

/** @type {WeakMap<object, {handle: number}>} */
const stubs = new WeakMap_();

/** @param {object} stub @param {{handle: number}} state */
export const keepHandle = (stub, state) => WeakMapPrototypeSet(stubs, stub, state);

/** @param {any} value @returns {number | undefined} the host's handle, when it is a stub */
export const handleOf = (value) => (isObject(value) ? WeakMapPrototypeGet(stubs, value)?.handle : undefined);
