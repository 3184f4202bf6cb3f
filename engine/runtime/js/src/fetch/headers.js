/** Headers (https://fetch.spec.whatwg.org/#headers-class), with Workers' getAll("set-cookie"). */
import {
  ArrayPrototypePush, ArrayPrototypeSort, ArrayPrototypeSplice, FunctionPrototypeCall, ReflectGetOwnPropertyDescriptor,
  ReflectOwnKeys, RegExpPrototypeExec, StringPrototypeSlice, StringPrototypeToLowerCase, SymbolIterator, TypeError_,
} from "../primordials.js";
import { defineInterface, isObject, pairIterator, requireArguments, toByteString, toSequence } from "../webidl.js";

/**
 * Header fields in order of arrival; names are in lower case once `clean`.
 * @typedef {object} HeaderList
 * @property {[string, string][]} fields
 * @property {boolean} clean whether the names are known to be in lower case
 * @property {boolean} immutable
 * @property {[string, string][] | null} sorted the iteration order, until the next change
 */

const NAME = /^[!#$%&'*+\-.^_`|~\w]+$/;
const VALUE = /^[^\0\r\n]*$/;
const UPPER = /[A-Z]/;
const TOKEN = {};
let listOf, isHeaders;

/** @param {any} value @returns {string} a field name in lower case */
function toName(value) {
  const name = toByteString(value, "Header name");
  if (RegExpPrototypeExec(NAME, name) === null) throw new TypeError_(`Invalid header name: ${name}`);
  return RegExpPrototypeExec(UPPER, name) === null ? name : StringPrototypeToLowerCase(name);
}

const isSpace = (unit) => unit === " " || unit === "\t" || unit === "\r" || unit === "\n";

/** @param {any} value @returns {string} a field value without surrounding whitespace */
export function normalizeValue(value) {
  const text = toByteString(value, "Header value");
  let start = 0, end = text.length;
  while (start < end && isSpace(text[start])) start++;
  while (end > start && isSpace(text[end - 1])) end--;
  const trimmed = end - start === text.length ? text : StringPrototypeSlice(text, start, end);
  if (RegExpPrototypeExec(VALUE, trimmed) === null) throw new TypeError_(`Invalid header value: ${trimmed}`);
  return trimmed;
}

/** Names as the host gave them become lower case when first looked at. @param {HeaderList} list */
function clean(list) {
  if (list.clean) return list.fields;
  const { fields } = list;
  for (let i = 0; i < fields.length; i++) fields[i] = [StringPrototypeToLowerCase(fields[i][0]), fields[i][1]];
  list.clean = true;
  return fields;
}

function get(list, name) {
  const fields = clean(list);
  let value = null;
  for (let i = 0; i < fields.length; i++) {
    if (fields[i][0] === name) value = value === null ? fields[i][1] : `${value}, ${fields[i][1]}`;
  }
  return value;
}

function getEach(list, name) {
  const fields = clean(list);
  const values = [];
  for (let i = 0; i < fields.length; i++) if (fields[i][0] === name) ArrayPrototypePush(values, fields[i][1]);
  return values;
}

function remove(list, name) {
  const fields = clean(list);
  for (let i = fields.length - 1; i >= 0; i--) if (fields[i][0] === name) ArrayPrototypeSplice(fields, i, 1);
  list.sorted = null;
}

/** The first field of the name gets the value, others go. */
function set(list, name, value) {
  const fields = clean(list);
  let first = -1;
  for (let i = fields.length - 1; i >= 0; i--) {
    if (fields[i][0] !== name) continue;
    if (first >= 0) ArrayPrototypeSplice(fields, first, 1);
    first = i;
  }
  if (first < 0) ArrayPrototypePush(fields, [name, value]);
  else fields[first] = [name, value];
  list.sorted = null;
}

/** Fields sorted and combined: what iteration shows. @param {HeaderList} list */
function sortAndCombine(list) {
  if (list.sorted !== null) return list.sorted;
  const fields = clean(list);
  const seen = { __proto__: null };
  const result = [];
  for (let i = 0; i < fields.length; i++) {
    const name = fields[i][0];
    if (name === "set-cookie") ArrayPrototypePush(result, [name, fields[i][1]]);
    else if (seen[name] === undefined) ArrayPrototypePush(result, seen[name] = [name, fields[i][1]]);
    else seen[name][1] = `${seen[name][1]}, ${fields[i][1]}`;
  }
  ArrayPrototypeSort(result, (a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0));
  return (list.sorted = result);
}

const iterate = pairIterator("Headers", (headers, index) => sortAndCombine(listOf(headers))[index]);

/** A change of headers that may not change throws. @param {HeaderList} list */
function requireMutable(list) {
  if (list.immutable) throw new TypeError_("Can't modify immutable headers.");
}

function fill(list, init) {
  if (!isObject(init)) throw new TypeError_("Headers: init is neither a sequence nor a record.");
  if (isHeaders(init) && init[SymbolIterator] === Headers.prototype[SymbolIterator]) {
    const { fields } = cleaned(listOf(init));
    for (let i = 0; i < fields.length; i++) ArrayPrototypePush(list.fields, [fields[i][0], fields[i][1]]);
    return;
  }
  const method = init[SymbolIterator];
  if (method !== undefined && method !== null) {
    const pairs = toSequence(init);
    for (let i = 0; i < pairs.length; i++) {
      const pair = isObject(pairs[i]) ? toSequence(pairs[i]) : null;
      if (pair?.length !== 2) throw new TypeError_("Headers: each item of the sequence must be a [name, value] pair.");
      ArrayPrototypePush(list.fields, [toName(pair[0]), normalizeValue(pair[1])]);
    }
    return;
  }
  const keys = ReflectOwnKeys(init);
  for (let i = 0; i < keys.length; i++) {
    const descriptor = ReflectGetOwnPropertyDescriptor(init, keys[i]);
    if (descriptor === undefined || !descriptor.enumerable) continue;
    if (typeof keys[i] === "symbol") throw new TypeError_("Headers: a name is a symbol.");
    const name = toByteString(keys[i], "Header name");
    ArrayPrototypePush(list.fields, [toName(name), normalizeValue(init[keys[i]])]);
  }
}
const cleaned = (list) => { clean(list); return list; };

/** @returns {HeaderList} */
const newList = (fields, isClean, immutable) => ({ fields, clean: isClean, immutable, sorted: null });

export class Headers {
  #list;
  constructor(init = undefined, token = undefined) {
    if (token === TOKEN) {
      this.#list = init;
      return;
    }
    this.#list = newList([], true, false);
    if (init !== undefined) fill(this.#list, init);
  }
  static {
    listOf = (headers) => headers.#list;
    isHeaders = (value) => #list in value;
  }
  append(name, value) {
    requireArguments(arguments.length, 2, "Headers.append");
    const list = this.#list;
    const field = [toName(name), normalizeValue(value)];
    requireMutable(list);
    clean(list);
    ArrayPrototypePush(list.fields, field);
    list.sorted = null;
  }
  delete(name) {
    requireArguments(arguments.length, 1, "Headers.delete");
    const list = this.#list;
    const key = toName(name);
    requireMutable(list);
    remove(list, key);
  }
  get(name) {
    requireArguments(arguments.length, 1, "Headers.get");
    return get(this.#list, toName(name));
  }
  /** Workers' own, from before getSetCookie: only for Set-Cookie. */
  getAll(name) {
    requireArguments(arguments.length, 1, "Headers.getAll");
    const list = this.#list;
    if (toName(name) !== "set-cookie") throw new TypeError_('getAll() can only be used with the header name "Set-Cookie".');
    return getEach(list, "set-cookie");
  }
  getSetCookie() { return getEach(this.#list, "set-cookie"); }
  has(name) {
    requireArguments(arguments.length, 1, "Headers.has");
    return get(this.#list, toName(name)) !== null;
  }
  set(name, value) {
    requireArguments(arguments.length, 2, "Headers.set");
    const list = this.#list;
    const key = toName(name);
    const text = normalizeValue(value);
    requireMutable(list);
    set(list, key, text);
  }
  entries() { return iterate(this, (this.#list, "entry")); }
  forEach(callback, thisArg = undefined) {
    const list = this.#list;
    requireArguments(arguments.length, 1, "Headers.forEach");
    if (typeof callback !== "function") throw new TypeError_("Headers.forEach: the callback is not a function.");
    for (let i = 0; i < sortAndCombine(list).length; i++) {
      const pair = list.sorted[i];
      FunctionPrototypeCall(callback, thisArg, pair[1], pair[0], this);
    }
  }
  keys() { return iterate(this, (this.#list, "key")); }
  values() { return iterate(this, (this.#list, "value")); }
}
Object.defineProperty(Headers.prototype, SymbolIterator, {
  __proto__: null, value: Headers.prototype.entries, writable: true, configurable: true,
});
Object.defineProperty(Headers, "length", { __proto__: null, value: 0, configurable: true });
defineInterface(Headers, "Headers");

/**
 * Headers from the host: names and values are already valid, and nothing is looked at until asked.
 * @param {[string, string][]} fields kept, not copied
 * @param {boolean} immutable
 * @returns {Headers}
 */
export const createHeaders = (fields, immutable) => new Headers(newList(fields, false, immutable), TOKEN);

/** @param {Headers} headers @returns {Headers} a mutable copy */
export function copyHeaders(headers) {
  const fields = clean(listOf(headers));
  const copy = [];
  for (let i = 0; i < fields.length; i++) ArrayPrototypePush(copy, [fields[i][0], fields[i][1]]);
  return new Headers(newList(copy, true, false), TOKEN);
}

/** @param {Headers} headers @returns {[string, string][]} the fields themselves: not to be changed */
export const headerFields = (headers) => clean(listOf(headers));

/** @param {Headers} headers @param {string} name in lower case @returns {string | null} */
export const getHeader = (headers, name) => get(listOf(headers), name);

/** Set a field if it is absent, whatever the guard. @param {Headers} headers @param {string} name in lower case @param {string} value */
export function setDefaultHeader(headers, name, value) {
  const list = listOf(headers);
  if (get(list, name) !== null) return;
  ArrayPrototypePush(list.fields, [name, value]);
  list.sorted = null;
}

/** @param {Headers} headers @returns {Headers} the same, which now throws when changed */
export function freezeHeaders(headers) {
  listOf(headers).immutable = true;
  return headers;
}

/** @param {any} value @returns {boolean} */
export const isHeadersObject = (value) => isObject(value) && isHeaders(value);
