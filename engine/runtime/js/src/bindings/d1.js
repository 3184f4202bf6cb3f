/**
 * D1 databases: https://developers.cloudflare.com/d1/worker-api/
 *
 * What values may be bound, the shapes of results and the error texts follow workerd (its `d1-api.ts`). SQL runs
 * on the host (engine/bindings/d1.py).
 *
 * @typedef {import("./index.js").Call} Call
 * @typedef {{columns: string[], rows: any[][], meta: object}} Reply
 */
import { readAll } from "../fetch/body.js";
import {
  ArrayBufferIsView, ArrayBufferPrototypeSlice, ArrayIsArray, Error_, ObjectDefineProperty, StringPrototypeIndexOf,
  StringPrototypeSlice, StringPrototypeSplit, StringPrototypeStartsWith, StringPrototypeTrim, Symbol_,
  TypedArrayPrototypeGetBuffer, TypedArrayPrototypeGetByteLength, TypedArrayPrototypeGetByteOffset, TypeError_, Uint8Array_,
} from "../primordials.js";
import { bytesOf, isArrayBuffer, toUSVString } from "../webidl.js";

/** Only the runtime has it: `new env.DB.constructor()` is an illegal constructor. */
const KEY = Symbol_();
const FIRST_PRIMARY = "first-primary", FIRST_UNCONSTRAINED = "first-unconstrained";

const withCause = (message, cause) => new Error_(message, { __proto__: null, cause: new Error_(cause) });

/** The host's error as workerd throws it: `D1_ERROR: text`, caused by `text`. */
function d1Error(error) {
  const message = `${error.message}`;
  if (!StringPrototypeStartsWith(message, "D1_")) return withCause(`D1_ERROR: ${message}`, message);
  return withCause(message, StringPrototypeSlice(message, StringPrototypeIndexOf(message, ": ") + 2));
}

/** What may be bound, as JSON; blobs are lists of byte values. */
function toParameter(value) {
  switch (typeof value) {
    case "number":
      return value;
    case "string":
      return toUSVString(value);
    case "boolean":
      return value ? 1 : 0;
    case "object": {
      if (value === null) return null;
      if (ArrayIsArray(value)) {
        if (isBytes(value)) return value;
        break;
      }
      if (isArrayBuffer(value)) return listOf(new Uint8Array_(value));
      if (ArrayBufferIsView(value)) return listOf(bytesOf(value));
    }
  }
  const text = typeof value === "symbol" ? "Symbol()" : `${value}`;
  const what = `Type '${typeof value}' not supported for value '${text}'`;
  throw withCause(`D1_TYPE_ERROR: ${what}`, what);
}

function isBytes(list) {
  for (let i = 0; i < list.length; i++) {
    if (typeof list[i] !== "number" || !(list[i] >= 0 && list[i] < 256)) return false;
  }
  return true;
}

function listOf(bytes) {
  const list = [];
  const length = TypedArrayPrototypeGetByteLength(bytes);
  for (let i = 0; i < length; i++) list[i] = bytes[i];
  return list;
}

/** @param {string[]} columns @param {any[]} row @returns {object} of two columns with one name the last wins */
function toObject(columns, row) {
  const object = {};
  for (let i = 0; i < columns.length; i++) {
    if (columns[i] === "__proto__") {
      const value = { __proto__: null, value: row[i], writable: true, enumerable: true, configurable: true };
      ObjectDefineProperty(object, "__proto__", value);
    } else object[columns[i]] = row[i];
  }
  return object;
}

/** @param {Reply} reply */
function toResult({ columns, rows, meta }) {
  const results = [];
  for (let i = 0; i < rows.length; i++) results[i] = toObject(columns, rows[i]);
  return { success: true, meta, results };
}

/** One way to a database: where queries go, and the bookmark that the session has reached. */
class Route {
  /** @param {Call} call @param {string} constraint @param {boolean} follows whether it remembers bookmarks */
  constructor(call, constraint, follows) {
    this.call = call;
    this.constraint = constraint;
    this.follows = follows;
  }

  /** @returns {Promise<Reply[]>} */
  async send(operation, queries) {
    let value;
    try {
      ({ value } = await this.call(operation, [queries]).promise);
    } catch (error) {
      throw d1Error(error);
    }
    if (this.follows && !(this.bookmark() > value.bookmark)) this.constraint = value.bookmark;
    const replies = [];
    for (let i = 0; i < value.answers.length; i++) {
      const answer = value.answers[i];
      replies[i] = { columns: answer[0], rows: answer[1], meta: answer[2] };
    }
    return replies;
  }

  /** @returns {string | null} */
  bookmark() {
    const { constraint } = this;
    return constraint === FIRST_PRIMARY || constraint === FIRST_UNCONSTRAINED ? null : constraint;
  }
}

/** @type {(statement: any) => [string, any[]]} */
let queryOf;

export class D1PreparedStatement {
  /** @type {Route} */
  #route;
  /** @type {string} */
  #sql;
  /** @type {any[]} */
  #params;

  static {
    queryOf = (statement) => [statement.#sql, statement.#params];
  }

  /** @param {symbol} key @param {Route} route @param {string} sql @param {any[]} params */
  constructor(key, route, sql, params) {
    if (key !== KEY) throw new TypeError_("Illegal constructor");
    this.#route = route;
    this.#sql = sql;
    this.#params = params;
  }

  /** The statement with values for its parameters, in order. */
  bind(...values) {
    const params = [];
    for (let i = 0; i < values.length; i++) params[i] = toParameter(values[i]);
    return new D1PreparedStatement(KEY, this.#route, this.#sql, params);
  }

  /** The first row, or one column of it; null without rows. */
  async first(column) {
    const { columns, rows } = (await this.#send("first"))[0];
    if (rows.length === 0) return null;
    const row = toObject(columns, rows[0]);
    if (column === undefined) return row;
    if (row[column] === undefined) {
      throw withCause(`D1_COLUMN_NOTFOUND: Column not found (${column})`, "Column not found");
    }
    return row[column];
  }

  /** `{success, meta, results}`. */
  async run() {
    return toResult((await this.#send("run"))[0]);
  }

  /** `{success, meta, results}`. */
  async all() {
    return toResult((await this.#send("all"))[0]);
  }

  /** The rows as arrays; with `{columnNames: true}` the names are the first. */
  async raw(options) {
    const { columns, rows } = (await this.#send("raw"))[0];
    if (!options?.columnNames) return rows;
    const named = [columns];
    for (let i = 0; i < rows.length; i++) named[i + 1] = rows[i];
    return named;
  }

  #send(operation) {
    return this.#route.send(operation, [[this.#sql, this.#params]]);
  }
}

/** @param {Route} route @param {D1PreparedStatement[]} statements */
async function batch(route, statements) {
  const queries = [];
  for (let i = 0; i < statements.length; i++) {
    if (!(statements[i] instanceof D1PreparedStatement)) throw new TypeError_("batch() takes an array of prepared statements.");
    queries[i] = queryOf(statements[i]);
  }
  const replies = await route.send("batch", queries);
  const results = [];
  for (let i = 0; i < replies.length; i++) results[i] = toResult(replies[i]);
  return results;
}

export class D1DatabaseSession {
  /** @type {Route} */
  #route;

  /** @param {symbol} key @param {Route} route */
  constructor(key, route) {
    if (key !== KEY) throw new TypeError_("Illegal constructor");
    this.#route = route;
  }

  /** @param {string} sql */
  prepare(sql) {
    return new D1PreparedStatement(KEY, this.#route, toUSVString(sql), []);
  }

  /** All statements in one transaction. */
  async batch(statements) {
    return batch(this.#route, statements);
  }

  /** How far this session has come; null before its first query. */
  getBookmark() {
    return this.#route.bookmark();
  }
}

export class D1Database {
  /** @type {Call} */
  #call;
  /** @type {Route} */
  #route;

  /** @param {symbol} key @param {Call} call */
  constructor(key, call) {
    if (key !== KEY) throw new TypeError_("Illegal constructor");
    this.#call = call;
    this.#route = new Route(call, FIRST_PRIMARY, false);
  }

  /** @param {string} sql */
  prepare(sql) {
    return new D1PreparedStatement(KEY, this.#route, toUSVString(sql), []);
  }

  /** All statements in one transaction. */
  async batch(statements) {
    return batch(this.#route, statements);
  }

  /** Each line is a query. @returns {Promise<{count: number, duration: number}>} */
  async exec(query) {
    const lines = StringPrototypeSplit(StringPrototypeTrim(toUSVString(query)), "\n");
    const queries = [];
    for (let i = 0; i < lines.length; i++) queries[i] = [lines[i], []];
    const replies = await this.#route.send("exec", queries);
    let duration = 0;
    for (let i = 0; i < replies.length; i++) duration += replies[i].meta.duration;
    return { count: replies.length, duration };
  }

  /** @param {string} [constraint] "first-primary", "first-unconstrained" or a bookmark */
  withSession(constraint) {
    const given = constraint === undefined || constraint === null ? "" : StringPrototypeTrim(`${constraint}`);
    return new D1DatabaseSession(KEY, new Route(this.#call, given === "" ? FIRST_UNCONSTRAINED : given, true));
  }

  /** The database as a SQLite file. @returns {Promise<ArrayBuffer>} */
  async dump() {
    let body;
    try {
      ({ body } = await this.#call("dump", []).promise);
    } catch (error) {
      throw d1Error(error);
    }
    const bytes = body instanceof Uint8Array_ ? body : await readAll(body);
    const buffer = TypedArrayPrototypeGetBuffer(bytes), start = TypedArrayPrototypeGetByteOffset(bytes);
    return ArrayBufferPrototypeSlice(buffer, start, start + TypedArrayPrototypeGetByteLength(bytes));
  }
}

// Plain classes in workerd, without what Web IDL gives an interface; the bundle would shorten their names.
const named = (Class, name) => ObjectDefineProperty(Class, "name", { __proto__: null, value: name, configurable: true });
named(D1PreparedStatement, "D1PreparedStatement");
named(D1DatabaseSession, "D1DatabaseSession");
named(D1Database, "D1Database");

/** @param {import("./index.js").Spec} spec @param {Call} call */
export const createD1Database = (spec, call) => new D1Database(KEY, call);
