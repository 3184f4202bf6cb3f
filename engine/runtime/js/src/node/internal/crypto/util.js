/** For Node's own files: where Node's CryptoKey keeps its KeyObject. Ours keeps none. */
export const kKeyObject = Symbol("kKeyObject");
