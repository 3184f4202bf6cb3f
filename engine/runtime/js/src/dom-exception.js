/** DOMException (https://webidl.spec.whatwg.org/#idl-DOMException). */
import {
  Error_, NumberIsFinite, ObjectDefineProperty, ObjectSetPrototypeOf, RangeError_, ReflectConstruct, TypeError_,
} from "./primordials.js";
import { defineInterface, isObject, toDictionary } from "./webidl.js";

const CODES = {
  __proto__: null,
  IndexSizeError: 1, HierarchyRequestError: 3, WrongDocumentError: 4, InvalidCharacterError: 5,
  NoModificationAllowedError: 7, NotFoundError: 8, NotSupportedError: 9, InUseAttributeError: 10, InvalidStateError: 11,
  SyntaxError: 12, InvalidModificationError: 13, NamespaceError: 14, InvalidAccessError: 15, TypeMismatchError: 17,
  SecurityError: 18, NetworkError: 19, AbortError: 20, URLMismatchError: 21, QuotaExceededError: 22, TimeoutError: 23,
  InvalidNodeTypeError: 24, DataCloneError: 25,
};
const CONSTANTS = {
  __proto__: null,
  INDEX_SIZE_ERR: 1, DOMSTRING_SIZE_ERR: 2, HIERARCHY_REQUEST_ERR: 3, WRONG_DOCUMENT_ERR: 4, INVALID_CHARACTER_ERR: 5,
  NO_DATA_ALLOWED_ERR: 6, NO_MODIFICATION_ALLOWED_ERR: 7, NOT_FOUND_ERR: 8, NOT_SUPPORTED_ERR: 9, INUSE_ATTRIBUTE_ERR: 10,
  INVALID_STATE_ERR: 11, SYNTAX_ERR: 12, INVALID_MODIFICATION_ERR: 13, NAMESPACE_ERR: 14, INVALID_ACCESS_ERR: 15,
  VALIDATION_ERR: 16, TYPE_MISMATCH_ERR: 17, SECURITY_ERR: 18, NETWORK_ERR: 19, ABORT_ERR: 20, URL_MISMATCH_ERR: 21,
  QUOTA_EXCEEDED_ERR: 22, TIMEOUT_ERR: 23, INVALID_NODE_TYPE_ERR: 24, DATA_CLONE_ERR: 25,
};

/** Puts the private fields on an object that something else has made. */
class Returned {
  constructor(object) { return object; }
}
class Data extends Returned {
  #name; #message;
  constructor(object, name, message) { super(object); this.#name = name; this.#message = message; }
  static name(object) { return object.#name; }
  static message(object) { return object.#message; }
  static is(object) { return isObject(object) && #name in object; }
}
const { name: nameOf, message: messageOf, is } = Data;

export class DOMException {
  constructor(message = "", options = "Error") {
    // A real Error object, so that it has a stack and Error.isError() holds.
    const error = ReflectConstruct(Error_, [], new.target);
    if (isObject(options)) {
      const name = options.name;
      new Data(error, name === undefined ? "Error" : `${name}`, `${message}`);
      if ("cause" in options) {
        ObjectDefineProperty(error, "cause", { __proto__: null, value: options.cause, writable: true, configurable: true });
      }
    } else {
      new Data(error, `${options}`, `${message}`);
    }
    return error;
  }
  get name() { return nameOf(this); }
  get message() { return messageOf(this); }
  get code() { return CODES[nameOf(this)] ?? 0; }
}
defineInterface(DOMException, "DOMException", CONSTANTS);
ObjectSetPrototypeOf(DOMException.prototype, Error_.prototype);

let isQuotaExceeded_;

/** What a limit refused (https://webidl.spec.whatwg.org/#quotaexceedederror). */
export class QuotaExceededError extends DOMException {
  #quota = null; #requested = null;
  constructor(message = "", options = undefined) {
    super(message, "QuotaExceededError");
    const { quota, requested } = toDictionary(options, "QuotaExceededErrorOptions");
    if (quota !== undefined) this.#quota = toAmount(quota, "quota");
    if (requested !== undefined) this.#requested = toAmount(requested, "requested");
    if (this.#quota !== null && this.#requested !== null && this.#requested < this.#quota) {
      throw new RangeError_("QuotaExceededError: what was requested is less than the quota.");
    }
  }
  static { isQuotaExceeded_ = (value) => isObject(value) && #quota in value; }
  get quota() { return this.#quota; }
  get requested() { return this.#requested; }
}
ObjectDefineProperty(QuotaExceededError, "length", { __proto__: null, value: 0, configurable: true });
defineInterface(QuotaExceededError, "QuotaExceededError");

function toAmount(value, name) {
  const number = +value;
  if (!NumberIsFinite(number)) throw new TypeError_(`QuotaExceededError: ${name} is not a finite number.`);
  if (number < 0) throw new RangeError_(`QuotaExceededError: ${name} is negative.`);
  return number;
}

/** @param {any} value @returns {boolean} */
export const isDOMException = is;
/** @param {any} value @returns {boolean} */
export const isQuotaExceeded = (value) => isQuotaExceeded_(value);
