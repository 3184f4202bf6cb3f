/** zlib's numbers, from unenv. */
export * from "unenv/node/internal/zlib/constants";
