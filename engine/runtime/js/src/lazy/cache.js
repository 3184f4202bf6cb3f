/** The Cache API. */
export { Cache, CacheStorage, caches } from "../cache.js";
