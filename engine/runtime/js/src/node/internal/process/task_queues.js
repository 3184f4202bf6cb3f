/** For Node's own files. */
export const { queueMicrotask } = globalThis;
