// What the checks have in common: running them one after the other, and results that JSON can compare.

const tag = (kind, value) => (value === undefined ? { "": kind } : { "": kind, value });
const hex = (bytes) => [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");

/** A value with its kind still visible: `undefined`, bytes, Maps, class names and own properties. */
export const plain = (value, depth = 0) => {
  if (value === null || typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "number") return Number.isFinite(value) && !Object.is(value, -0) ? value : tag("number", Object.is(value, -0) ? "-0" : `${value}`);
  if (value === undefined) return tag("undefined");
  if (typeof value === "bigint" || typeof value === "symbol") return tag(typeof value, String(value));
  if (typeof value === "function") return tag("function");
  if (depth > 6) return tag("deep");
  const inside = (each) => plain(each, depth + 1);
  if (Array.isArray(value)) return value.map(inside);
  if (value instanceof ArrayBuffer) return tag("ArrayBuffer", hex(new Uint8Array(value)));
  if (ArrayBuffer.isView(value)) return tag(value.constructor.name, hex(new Uint8Array(value.buffer, value.byteOffset, value.byteLength)));
  if (value instanceof Date) return tag("Date", value.getTime());
  if (value instanceof RegExp) return tag("RegExp", `${value}`);
  if (value instanceof Map) return tag("Map", [...value].map(inside));
  if (value instanceof Set) return tag("Set", [...value].map(inside));
  if (value instanceof Error) return tag("error", told(value));
  if (value instanceof Headers) return tag("Headers", [...value]);
  const fields = Object.fromEntries(Object.keys(value).sort().map((key) => [key, inside(value[key])]));
  const name = Object.getPrototypeOf(value) === null ? "null" : value.constructor?.name;
  return name === "Object" ? fields : tag(name, fields);
};

/** An exception as the user sees it. */
export const told = (error) => (error instanceof Error || error?.name ? `${error.name}: ${error.message}` : `thrown ${JSON.stringify(plain(error))}`);

/** What `run` gives or throws. */
export const attempt = async (run) => {
  try {
    return plain(await run());
  } catch (error) {
    return { error: told(error) };
  }
};

const LIMIT = 30_000; // machines stand still at times

/** The result of one check: what it gives in time. */
export const result = async (run, ...context) => {
  let timer;
  const late = new Promise((_, reject) => (timer = setTimeout(reject, LIMIT, new Error("no answer"))));
  try {
    return await attempt(() => Promise.race([run(...context), late]));
  } finally {
    clearTimeout(timer);
  }
};

/** Ask until there is an answer, for what happens in its own time. */
export const until = async (ask, seconds = 20) => {
  for (const end = Date.now() + seconds * 1000; Date.now() < end; await scheduler.wait(20)) {
    const found = await ask();
    if (found !== undefined && found !== null && found !== false) return found;
  }
  throw new Error("it did not happen");
};

export const stream = (...parts) => new Response(new Blob(parts)).body;
export const text = (value) => new Response(value).text();
export const bytes = (...values) => new Uint8Array(values);
