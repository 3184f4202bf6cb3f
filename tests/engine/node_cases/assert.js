import assert, { AssertionError } from "node:assert";
import strict from "node:assert/strict";

const fails = (run) => { try { run(); return "no error"; } catch (error) { return [error.name, error.code, error.message, error.generatedMessage ?? null]; } };

export async function answer() {
  return {
    equal: [fails(() => assert.strictEqual(1, 2)), fails(() => assert.equal(1, "1")), fails(() => assert.notStrictEqual(1, 1)), fails(() => assert.strictEqual("a\nb", "a\nc"))],
    deep: [fails(() => assert.deepStrictEqual({ a: 1, b: [1, 2] }, { a: 1, b: [1, 3] })), fails(() => assert.deepEqual({ a: 1 }, { a: "1" })), fails(() => assert.deepStrictEqual([1, 2, 3], [1, 2, 3])), fails(() => assert.deepStrictEqual(new Map([[1, 2]]), new Map([[1, 3]])))],
    throws: [
      fails(() => assert.throws(() => { throw new TypeError("x"); }, TypeError)), fails(() => assert.throws(() => {})), fails(() => assert.throws(() => { throw new Error("wrong"); }, /right/)),
      fails(() => assert.throws(() => { throw new Error("a"); }, { message: "a", name: "Error" })), fails(() => assert.doesNotThrow(() => { throw new Error("z"); })),
    ],
    rejects: [await assert.rejects(Promise.reject(new Error("r")), /r/) ?? "ok", await assert.rejects(Promise.resolve(1)).catch((error) => error.message)],
    match: [fails(() => assert.match("abc", /x/)), fails(() => assert.doesNotMatch("abc", /b/))],
    message: [fails(() => assert(false, "mine")), fails(() => assert.ok(0, new TypeError("own"))), fails(() => assert.fail("f")), fails(() => assert.ifError(new Error("i"))), fails(() => assert.ifError(null))],
    strict: [fails(() => strict.equal(1, "1")), strict.strict === strict],
    missing: fails(() => assert.equal(1)),
    error: (() => { const error = new AssertionError({ actual: 1, expected: 2, operator: "strictEqual" }); return [error.message, error.actual, error.expected, error instanceof Error]; })(),
  };
}
