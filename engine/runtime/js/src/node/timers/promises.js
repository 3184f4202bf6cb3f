/** node:timers/promises (https://nodejs.org/docs/latest/api/timers.html#timers-promises-api). */
import errors from "nodelib:internal/errors";
import validators from "nodelib:internal/validators";
import { clearTimeout as clear, setInterval as repeat, setTimeout as start } from "../../timers.js";

const { AbortError, codes: { ERR_ILLEGAL_CONSTRUCTOR } } = errors;
const { validateAbortSignal, validateBoolean, validateNumber, validateObject } = validators;

/** The given options, checked. */
function optionsOf(options = {}) {
  validateObject(options, "options");
  const { signal, ref } = options;
  if (signal !== undefined) validateAbortSignal(signal, "options.signal");
  if (ref !== undefined) validateBoolean(ref, "options.ref");
  return signal;
}
const aborted = (signal) => new AbortError(undefined, { cause: signal.reason });

function after(delay, value, options) {
  let signal;
  try {
    signal = optionsOf(options);
    if (delay !== undefined) validateNumber(delay, "delay");
  } catch (error) {
    return Promise.reject(error);
  }
  if (signal?.aborted) return Promise.reject(aborted(signal));
  return new Promise((resolve, reject) => {
    const stop = () => {
      clear(id);
      reject(aborted(signal));
    };
    const id = start(() => {
      signal?.removeEventListener("abort", stop);
      resolve(value);
    }, delay ?? 1);
    signal?.addEventListener("abort", stop, { once: true });
  });
}

export function setTimeout(delay, value, options) { return after(delay, value, options); }
export function setImmediate(value, options) { return after(0, value, options); }

export async function* setInterval(delay, value, options) {
  const signal = optionsOf(options);
  if (delay !== undefined) validateNumber(delay, "delay");
  if (signal?.aborted) throw aborted(signal);
  let due = 0, wake = null;
  const tell = () => {
    wake?.();
    wake = null;
  };
  const id = repeat(() => {
    due++;
    tell();
  }, delay ?? 1);
  signal?.addEventListener("abort", tell, { once: true });
  try {
    for (;;) {
      if (signal?.aborted) throw aborted(signal);
      if (due === 0) await new Promise((resolve) => { wake = resolve; });
      for (; due > 0; due--) yield value;
    }
  } finally {
    clear(id);
    signal?.removeEventListener("abort", tell);
  }
}

class Scheduler {
  constructor() { throw new ERR_ILLEGAL_CONSTRUCTOR(); }
  wait(delay, options) { return after(delay, undefined, options); }
  yield() { return after(0); }
}
export const scheduler = Object.create(Scheduler.prototype);

export default { scheduler, setImmediate, setInterval, setTimeout };
