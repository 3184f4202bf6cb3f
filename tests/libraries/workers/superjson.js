import superjson from "superjson";
import { library } from "./check.js";

class Money { constructor(cents) { this.cents = cents; } }
superjson.registerClass(Money);

export default library(async ({ equal }) => {
  const value = { at: new Date(1), set: new Set([1n]), map: new Map([["a", undefined]]), regexp: /x/g, url: new URL("http://a.example/b"), nan: NaN, error: new TypeError("t"), money: new Money(5) };
  value.self = value.set;
  const back = superjson.parse(superjson.stringify(value));
  equal([back.at.getTime(), back.set.has(1n), back.map.has("a"), back.regexp.flags, back.url.pathname, Number.isNaN(back.nan), back.error.message, back.self === back.set, back.money instanceof Money], [1, true, true, "g", "/b", true, "t", true, true]);
  equal(superjson.serialize({ a: new Date(0), b: undefined }), { json: { a: "1970-01-01T00:00:00.000Z", b: null }, meta: { values: { a: ["Date"], b: ["undefined"] }, v: 1 } });
});
