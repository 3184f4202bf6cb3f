/**
 * `ctx.storage` (https://developers.cloudflare.com/durable-objects/api/sqlite-storage-api/).
 *
 * Every operation is done before its method returns, so nothing can come between; the promises of the
 * asynchronous methods only give way to other code of the same event. What a stretch of code without `await`
 * has written is committed together, before anything of it is told to the host.
 */
import { hostCall, hostCallSync } from "../channel.js";
import {
  ArrayIsArray, ArrayPrototypePush, DateNow, DatePrototypeGetTime, Error_, MapPrototypeSet, Map_, NumberIsFinite, NumberIsInteger,
  ArrayPrototypeShift, ObjectKeys, PromisePrototypeThen, PromiseReject, PromiseResolve, RangeError_, ReflectApply, TypeError_,
  TypedArrayPrototypeGetLength, TypedArrayPrototypeSet, Uint8Array_,
} from "../primordials.js";
import { utf8Length } from "../encoding/utf8.js";
import { notifySoon, onTurnEnd } from "../ring.js";
import { defineInterface, isObject } from "../webidl.js";
import { SqlStorage } from "./sql.js";
import { deserialize, part, serialize } from "./values.js";

const MAX_KEYS = 128, MAX_KEY_BYTES = 2048, MAX_VALUE_BYTES = 2 * 1024 * 1024;
const KEY = {};
const isDate = (value) => { try { DatePrototypeGetTime(value); return true; } catch { return false; } };

function checkKey(key) {
  const bytes = key.length * 3 <= MAX_KEY_BYTES ? 0 : utf8Length(key);
  if (bytes > MAX_KEY_BYTES) throw new RangeError_(`Keys cannot be larger than ${MAX_KEY_BYTES} bytes.`);
  return key;
}

function checkKeys(keys) {
  if (keys.length > MAX_KEYS) throw new RangeError_(`Maximum number of keys is ${MAX_KEYS}.`);
  const out = [];
  for (let i = 0; i < keys.length; i++) out[i] = checkKey(`${keys[i]}`);
  return out;
}

/** @type {Database[]} those that have written since the host was told last */
const written = [];

/** The host commits one storage as it is told, on its own thread; only of several objects at once it is asked. */
onTurnEnd(() => {
  let last = 0;
  while (written.length > 0) {
    if (last !== 0) hostCallSync("storage", "commit", [last]);
    last = ArrayPrototypeShift(written).endTurn();
  }
  return last;
});

/** The object's database: what all parts of `ctx.storage` call. */
export class Database {
  #handle; #committing = false;
  /** Set while a transaction of several turns is open: what may not begin then. */
  broken = null;

  constructor(handle) {
    this.#handle = handle;
  }

  call(operation, args, bytes = null) {
    if (this.broken !== null) throw this.broken;
    return hostCallSync("storage", operation, [this.#handle, ...args], bytes);
  }

  write(operation, args, bytes = null) {
    try {
      return this.call(operation, args, bytes);
    } finally {
      this.commitSoon(); // what failed may have opened the turn's transaction: the output gate waits for its end
    }
  }

  /** Run SQL. Only the host knows whether it writes: its answer says whether the turn has a transaction. */
  sql(query, values, bytes) {
    let writes = true;
    try {
      const answer = this.call("sql", [query, values], bytes);
      writes = answer.value.open;
      return answer;
    } finally {
      if (writes) this.commitSoon();
    }
  }

  /** After the code that runs now, and before anything that it waits for. */
  commitSoon() {
    if (this.#committing) return;
    this.#committing = true;
    ArrayPrototypePush(written, this);
    notifySoon();
  }

  /** @returns {number} whose writes are to be committed; 0 when the object was given up */
  endTurn() {
    this.#committing = false;
    return this.broken === null ? this.#handle : 0;
  }

  /** Ask about all that was written before this. */
  settled(operation, args) {
    this.call("commit", []);
    return this.call(operation, args).value;
  }

  sync() {
    return PromisePrototypeThen(hostCall("durable", "sync", [this.#handle]), () => undefined);
  }

  get(keys) {
    const { value: sizes, bytes } = this.call("get", [keys]);
    const found = [];
    for (let i = 0, at = 0; i < sizes.length; i++) {
      if (sizes[i] === null) { found[i] = undefined; continue; }
      found[i] = { value: deserialize(part(bytes, at, sizes[i])) };
      at += sizes[i];
    }
    return found;
  }

  put(entries) {
    const heads = [], parts = [];
    let size = 0;
    for (let i = 0; i < entries.length; i++) {
      const bytes = serialize(entries[i][1]);
      const length = TypedArrayPrototypeGetLength(bytes);
      if (length > MAX_VALUE_BYTES) throw new RangeError_(`Values cannot be larger than ${MAX_VALUE_BYTES} bytes.`);
      heads[i] = [checkKey(entries[i][0]), length];
      parts[i] = bytes;
      size += length;
    }
    const whole = new Uint8Array_(size);
    for (let i = 0, at = 0; i < parts.length; at += heads[i][1], i++) TypedArrayPrototypeSet(whole, parts[i], at);
    this.write("put", [heads], whole);
  }

  delete(keys) {
    return this.write("delete", [keys]).value;
  }

  /** @returns {[string, any][]} */
  list(options) {
    const { start, startAfter, end, prefix, reverse, limit } = options ?? {};
    const text = (value) => (value === undefined || value === null ? null : `${value}`);
    if (start !== undefined && startAfter !== undefined) throw new TypeError_("list() cannot be called with both start and startAfter values.");
    if (limit !== undefined && limit !== null && !(+limit > 0)) throw new TypeError_("List limit must be positive.");
    const { value: heads, bytes } = this.call("list", [{
      start: text(start), startAfter: text(startAfter), end: text(end), prefix: text(prefix), reverse: reverse === true,
      limit: limit === undefined || limit === null ? null : +limit,
    }]);
    const found = [];
    for (let i = 0, at = 0; i < heads.length; at += heads[i][1], i++) {
      found[i] = [heads[i][0], deserialize(part(bytes, at, heads[i][1]))];
    }
    return found;
  }

  /** Run `callback` so that all it writes is kept, or nothing. */
  transactionSync(callback) {
    this.write("savepoint", []);
    let result;
    try {
      result = callback();
    } catch (error) {
      this.write("release", [false]);
      throw error;
    }
    this.write("release", [true]);
    return result;
  }
}

/** `storage.kv`. */
export class SyncKvStorage {
  #database;
  constructor(key, database) {
    if (key !== KEY) throw new TypeError_("Illegal constructor");
    this.#database = database;
  }
  get(key) { return this.#database.get([checkKey(`${key}`)])[0]?.value; }
  put(key, value) { this.#database.put([[`${key}`, value]]); }
  delete(key) { return this.#database.delete([checkKey(`${key}`)]) > 0; }
  list(options) { return this.#database.list(options)[Symbol.iterator](); }
}
defineInterface(SyncKvStorage, "SyncKvStorage");

const asynchronous = (work) => {
  try { return PromiseResolve(work()); } catch (error) { return PromiseReject(error); }
};

/** Methods that the storage and a transaction have in common. */
class Operations {
  #database;
  constructor(key, database) {
    if (key !== KEY) throw new TypeError_("Illegal constructor");
    this.#database = database;
  }

  get(key, options) {
    return asynchronous(() => {
      if (!ArrayIsArray(key)) return this.#database.get([checkKey(`${key}`)])[0]?.value;
      const keys = checkKeys(key), found = this.#database.get(keys), result = new Map_();
      const order = [];
      for (let i = 0; i < keys.length; i++) if (found[i] !== undefined) ArrayPrototypePush(order, [keys[i], found[i].value]);
      order.sort((a, b) => (a[0] < b[0] ? -1 : 1));
      for (let i = 0; i < order.length; i++) MapPrototypeSet(result, order[i][0], order[i][1]);
      return result;
    });
  }

  put(key, value, options) {
    return asynchronous(() => {
      if (!isObject(key)) {
        if (value === undefined) throw new TypeError_("put() called with undefined value.");
        this.#database.put([[`${key}`, value]]);
        return undefined;
      }
      const keys = checkKeys(ObjectKeys(key)), entries = [];
      for (let i = 0; i < keys.length; i++) if (key[keys[i]] !== undefined) ArrayPrototypePush(entries, [keys[i], key[keys[i]]]);
      this.#database.put(entries);
      return undefined;
    });
  }

  delete(key, options) {
    return asynchronous(() => (ArrayIsArray(key) ? this.#database.delete(checkKeys(key)) : this.#database.delete([checkKey(`${key}`)]) > 0));
  }

  list(options) {
    return asynchronous(() => {
      const result = new Map_(), found = this.#database.list(options);
      for (let i = 0; i < found.length; i++) MapPrototypeSet(result, found[i][0], found[i][1]);
      return result;
    });
  }

  getAlarm(options) { return asynchronous(() => this.#database.call("getAlarm", []).value); }

  setAlarm(at, options) {
    return asynchronous(() => {
      const time = isDate(at) ? DatePrototypeGetTime(at) : +at;
      if (!NumberIsFinite(time) || time <= 0) throw new TypeError_("setAlarm() cannot be called with an alarm time <= 0");
      this.#database.write("setAlarm", [NumberIsInteger(time) ? time : Math.trunc(time)]);
      return undefined;
    });
  }

  deleteAlarm(options) {
    return asynchronous(() => { this.#database.write("setAlarm", [null]); });
  }
}

export class DurableObjectTransaction extends Operations {
  #rolledBack = false;
  rollback() { this.#rolledBack = true; }
  deleteAll() { throw new Error_("Cannot call deleteAll() within a transaction"); }
  static rolledBack(transaction) { return transaction.#rolledBack; }
}
const wasRolledBack = DurableObjectTransaction.rolledBack;
delete DurableObjectTransaction.rolledBack;
defineInterface(DurableObjectTransaction, "DurableObjectTransaction");

export class DurableObjectStorage extends Operations {
  #database; #exclusively; #kv; #sql;
  constructor(key, database, exclusively) {
    super(key, database);
    this.#database = database;
    this.#exclusively = exclusively;
    this.#kv = new SyncKvStorage(KEY, database);
    this.#sql = new SqlStorage(KEY, database, KEY);
  }

  get sql() { return this.#sql; }
  get kv() { return this.#kv; }

  /** Nothing else is delivered to the object while `closure` runs. */
  transaction(closure) {
    const database = this.#database;
    return this.#exclusively(async () => {
      database.write("savepoint", []);
      const transaction = new DurableObjectTransaction(KEY, database);
      let result;
      try {
        result = await ReflectApply(closure, undefined, [transaction]);
      } catch (error) {
        database.write("release", [false]);
        throw error;
      }
      database.write("release", [!wasRolledBack(transaction)]);
      return result;
    });
  }

  /** Bookmarks: points that the object can be brought back to (engine/durable/bookmarks.py). */
  getCurrentBookmark() { return asynchronous(() => this.#database.settled("bookmark", [])); }
  getBookmarkForTime(timestamp) {
    return asynchronous(() => {
      const time = isDate(timestamp) ? DatePrototypeGetTime(timestamp) : +timestamp;
      if (!NumberIsFinite(time)) throw new TypeError_("getBookmarkForTime() needs a time: milliseconds since 1970, or a Date.");
      if (time > DateNow()) throw new Error_("getBookmarkForTime() cannot be called with a time in the future.");
      return this.#database.settled("bookmark", [time]);
    });
  }
  onNextSessionRestoreBookmark(bookmark) { return asynchronous(() => this.#database.settled("restore", [`${bookmark}`])); }

  transactionSync(callback) { return this.#database.transactionSync(callback); }
  deleteAll(options) { return asynchronous(() => { this.#database.write("deleteAll", []); }); }
  sync() { return this.#database.sync(); }
}
defineInterface(DurableObjectStorage, "DurableObjectStorage");

/** @param {Database} database @param {(work: () => Promise<any>) => Promise<any>} exclusively */
export const makeStorage = (database, exclusively) => new DurableObjectStorage(KEY, database, exclusively);
