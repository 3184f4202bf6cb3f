/** node:assert (https://nodejs.org/docs/latest/api/assert.html): Node's own. */
import own from "nodelib:assert";

export const {
  fail, AssertionError, ok, equal, notEqual, deepEqual, notDeepEqual, deepStrictEqual, notDeepStrictEqual,
  strictEqual, notStrictEqual, throws, rejects, doesNotThrow, doesNotReject, ifError, match, doesNotMatch, CallTracker, strict,
} = own;
export default own;
