/** The Cache API (https://developers.cloudflare.com/workers/runtime-apis/cache/); the host keeps the entries. */
import { startCall } from "./channel.js";
import { encodeUtf8 } from "./encoding/utf8.js";
import { readRequestHead } from "./fetch/request.js";
import { createIncomingResponse, isResponse, readResponse, readResponseHead } from "./fetch/response.js";
import {
  ArrayPrototypePush, Error_, PromisePrototypeThen, PromiseReject, PromiseResolve, StringPrototypeIncludes, StringPrototypeToLowerCase,
  TypeError_,
} from "./primordials.js";
import { defineInterface, toDictionary, toUSVString } from "./webidl.js";

const TOKEN = {};

/** @returns {Promise<{value: any, body: any}>} what the host answers (engine/bindings/cache.py) */
const ask = (operation, args, body = null) => startCall("cache", operation, args, body).promise;

const unimplemented = (name, of = "Cache") => {
  throw new Error_(`Failed to execute '${name}' on '${of}': the method is not implemented.`);
};

/** As workerd counts arguments. */
const need = (given, name, position, type, of = "Cache") => {
  if (given < position) throw new TypeError_(`Failed to execute '${name}' on '${of}': parameter ${position} is not of type '${type}'.`);
};

/** Whether a request can be in a cache: only GET is. @param {string} method @param {any} options CacheQueryOptions */
const isKept = (method, options) => method === "GET" || !!toDictionary(options, "CacheQueryOptions").ignoreMethod;

export class Cache {
  #name;
  constructor(token, name) {
    if (token !== TOKEN) throw new TypeError_("Illegal constructor");
    this.#name = name;
  }

  match(request, options = undefined) {
    try {
      need(arguments.length, "match", 1, "Request or string");
      const name = this.#name;
      const { method, url, headers } = readRequestHead(request);
      if (!isKept(method, options)) return PromiseResolve(undefined);
      return PromisePrototypeThen(ask("match", [name, url, conditions(headers)]), ({ value, body }) =>
        value === null ? undefined : createIncomingResponse(value, body));
    } catch (error) {
      return PromiseReject(error);
    }
  }

  put(request, response) {
    try {
      need(arguments.length, "put", 1, "Request or string");
      const name = this.#name;
      if (!isResponse(response)) throw new TypeError_("Failed to execute 'put' on 'Cache': parameter 2 is not of type 'Response'.");
      const head = readResponseHead(response);
      if (head.type === "error") throw new TypeError_("Cache is unable to store an error response");
      const { method, url } = readRequestHead(request);
      if (method !== "GET") throw new TypeError_("Cannot cache response to non-GET request.");
      if (head.status === 206) throw new TypeError_("Cannot cache response to a range request (206 Partial Content).");
      if (head.vary !== null && StringPrototypeIncludes(head.vary, "*")) {
        throw new TypeError_("Cannot cache response with 'Vary: *' header.");
      }
      if (head.webSocket !== null) throw new TypeError_("Cannot cache WebSocket upgrade response.");
      if (head.status === 304) return PromiseResolve(undefined); // as workerd: it says nothing to another request
      const { status, statusText, headers, body, encodeBody } = readResponse(response);
      const content = typeof body === "string" ? encodeUtf8(body) : body;
      const sent = ask("put", [name, url, status, statusText, headers, encodeBody === "manual"], content);
      return PromisePrototypeThen(sent, () => undefined);
    } catch (error) {
      return PromiseReject(error);
    }
  }

  delete(request, options = undefined) {
    try {
      need(arguments.length, "delete", 1, "Request or string");
      const name = this.#name;
      const { method, url } = readRequestHead(request);
      if (!isKept(method, options)) return PromiseResolve(false);
      return PromisePrototypeThen(ask("delete", [name, url]), ({ value }) => value);
    } catch (error) {
      return PromiseReject(error);
    }
  }

  add() { unimplemented("add"); }
  addAll() { unimplemented("addAll"); }
  keys() { unimplemented("keys"); }
  matchAll() { unimplemented("matchAll"); }
}
defineInterface(Cache, "Cache");

/** The fields of a request that a match looks at. */
function conditions(headers) {
  const found = [];
  for (let i = 0; i < headers.length; i++) {
    const name = StringPrototypeToLowerCase(headers[i][0]);
    if (name === "range" || name === "if-range" || name === "if-none-match" || name === "if-modified-since") {
      ArrayPrototypePush(found, [name, headers[i][1]]);
    }
  }
  return found;
}

export class CacheStorage {
  #default = new Cache(TOKEN, "");
  constructor(token) { if (token !== TOKEN) throw new TypeError_("Illegal constructor"); }
  get default() { return this.#default; }
  open(name) {
    try {
      need(arguments.length, "open", 1, "string", "CacheStorage");
      return (this.#default, PromiseResolve(new Cache(TOKEN, `/${toUSVString(name)}`)));
    } catch (error) {
      return PromiseReject(error);
    }
  }

  has() { unimplemented("has", "CacheStorage"); }
  delete() { unimplemented("delete", "CacheStorage"); }
  keys() { unimplemented("keys", "CacheStorage"); }
  match() { unimplemented("match", "CacheStorage"); }
}
defineInterface(CacheStorage, "CacheStorage");

export const caches = new CacheStorage(TOKEN);
