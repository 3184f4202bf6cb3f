/** `ctx.storage.sql` (https://developers.cloudflare.com/durable-objects/api/sqlite-storage-api/#exec). */
import {
  ArrayIsArray, ArrayPrototypePush, Error_, ObjectDefineProperty, SymbolIterator, TypeError_, TypedArrayPrototypeGetBuffer,
  TypedArrayPrototypeGetLength, TypedArrayPrototypeSet, TypedArrayPrototypeSlice, Uint8Array_,
} from "../primordials.js";
import { bytesOf, defineInterface, isBufferSource } from "../webidl.js";

let token;

/** @param {any[]} values @returns {{given: any[], bytes: Uint8Array}} blobs go beside the JSON */
function bindings(values) {
  const given = [], blobs = [];
  let size = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (value === null || typeof value === "string" || typeof value === "number") given[i] = value;
    else if (value === undefined) given[i] = null;
    else if (isBufferSource(value)) {
      const bytes = bytesOf(value);
      given[i] = { $: [size, TypedArrayPrototypeGetLength(bytes)] };
      size += TypedArrayPrototypeGetLength(bytes);
      ArrayPrototypePush(blobs, bytes);
    } else if (typeof value === "bigint") {
      throw new TypeError_("Cannot convert a BigInt value to a number");
    } else given[i] = `${value}`; // a boolean too, as in workerd
  }
  const bytes = new Uint8Array_(size);
  for (let i = 0, at = 0; i < blobs.length; at += TypedArrayPrototypeGetLength(blobs[i]), i++) TypedArrayPrototypeSet(bytes, blobs[i], at);
  return { given, bytes };
}

export class SqlStorageCursor {
  #columns; #rows; #at = 0; #read; #written;
  constructor(key, answer, bytes) {
    if (key !== token) throw new TypeError_("Illegal constructor");
    this.#columns = answer.columns;
    this.#read = answer.read;
    this.#written = answer.written;
    this.#rows = answer.rows;
    for (let i = 0; i < this.#rows.length; i++) {
      const row = this.#rows[i];
      for (let j = 0; j < row.length; j++) {
        if (typeof row[j] !== "object" || row[j] === null) continue;
        const [at, size] = row[j].$;
        row[j] = TypedArrayPrototypeGetBuffer(TypedArrayPrototypeSlice(bytes, at, at + size));
      }
    }
  }

  #object(row) {
    const out = {};
    for (let i = 0; i < this.#columns.length; i++) {
      ObjectDefineProperty(out, this.#columns[i], { __proto__: null, value: row[i], writable: true, enumerable: true, configurable: true });
    }
    return out;
  }

  get columnNames() { return [...this.#columns]; }
  get rowsRead() { return this.#read; }
  get rowsWritten() { return this.#written; }

  next() {
    if (this.#at >= this.#rows.length) return { done: true, value: undefined };
    return { done: false, value: this.#object(this.#rows[this.#at++]) };
  }

  toArray() {
    const out = [];
    while (this.#at < this.#rows.length) ArrayPrototypePush(out, this.#object(this.#rows[this.#at++]));
    return out;
  }

  one() {
    const left = this.#rows.length - this.#at;
    if (left === 0) throw new Error_("Expected exactly one result from SQL query, but got no results.");
    if (left > 1) throw new Error_("Expected exactly one result from SQL query, but got multiple results.");
    return this.#object(this.#rows[this.#at++]);
  }

  raw() {
    const iterator = {
      next: () => (this.#at < this.#rows.length ? { done: false, value: this.#rows[this.#at++] } : { done: true, value: undefined }),
      toArray: () => {
        const out = [];
        while (this.#at < this.#rows.length) ArrayPrototypePush(out, this.#rows[this.#at++]);
        return out;
      },
      [SymbolIterator]() { return iterator; },
    };
    return iterator;
  }

  [SymbolIterator]() { return this; }
}
defineInterface(SqlStorageCursor, "Cursor");

export class SqlStorage {
  #database;
  constructor(key, database, expected) {
    if (key !== expected || (token !== undefined && key !== token)) throw new TypeError_("Illegal constructor");
    token = key;
    this.#database = database;
  }

  /** @param {string} query statements; values are for the last one @returns {SqlStorageCursor} */
  exec(query, ...values) {
    if (query === undefined || ArrayIsArray(query)) throw new TypeError_("Failed to execute 'exec' on 'SqlStorage': parameter 1 is not of type 'JsString'.");
    const { given, bytes } = bindings(values);
    const answer = this.#database.sql(`${query}`, given, bytes);
    return new SqlStorageCursor(token, answer.value, answer.bytes);
  }

  get databaseSize() { return this.#database.call("size", []).value; }
}
defineInterface(SqlStorage, "SqlStorage");
