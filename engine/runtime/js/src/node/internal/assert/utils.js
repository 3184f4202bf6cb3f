/** For Node's own assert: its message quotes the source of the call, which a worker cannot read. */
import AssertionError from "nodelib:internal/assert/assertion_error";

/**
 * @param {Function} callee whose frame and those above it the stack leaves out
 * @param {number} count how many arguments were given
 * @param {any} value
 * @param {string | Error} [message]
 */
export function innerOk(callee, count, value, message) {
  if (value) return;
  if (message instanceof Error) throw message;
  let text = message;
  let generated = false;
  if (count === 0) {
    generated = true;
    text = "No value argument passed to `assert.ok()`";
  } else if (message == null) {
    generated = true;
    text = "The expression evaluated to a falsy value";
  }
  const error = new AssertionError({ actual: value, expected: true, message: text, operator: "==", stackStartFn: callee });
  error.generatedMessage = generated;
  throw error;
}
