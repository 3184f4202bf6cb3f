/** What Workers leaves out of Node throws when it is called, as Workers does it. */

/** @param {string} name "process.kill" @returns {Error} */
export const notImplementedError = (name) => Object.assign(new Error(`The ${name} method is not implemented`), { code: "ERR_METHOD_NOT_IMPLEMENTED" });

/** @param {string} name @returns {(...args: any[]) => never} */
export const notImplemented = (name) => Object.assign(() => { throw notImplementedError(name); }, { __unenv__: true });
