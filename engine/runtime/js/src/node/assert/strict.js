/** node:assert/strict (https://nodejs.org/docs/latest/api/assert.html#strict-assertion-mode). */
import assert from "nodelib:assert";

const own = assert.strict;

export const {
  fail, AssertionError, ok, equal, notEqual, deepEqual, notDeepEqual, deepStrictEqual, notDeepStrictEqual,
  strictEqual, notStrictEqual, throws, rejects, doesNotThrow, doesNotReject, ifError, match, doesNotMatch, CallTracker, strict,
} = own;
export default own;
