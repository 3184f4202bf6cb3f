/** A secret of a secrets store: https://developers.cloudflare.com/secrets-store/integrations/workers/ */
import { Symbol_, TypeError_ } from "../primordials.js";
import { defineInterface } from "../webidl.js";

const KEY = Symbol_();

export class SecretsStoreSecret {
  /** @type {import("./index.js").Call} */
  #call;

  /** @param {symbol} key @param {import("./index.js").Call} call */
  constructor(key, call) {
    if (key !== KEY) throw new TypeError_("Illegal constructor");
    this.#call = call;
  }

  /** @returns {Promise<string>} rejects when there is no such secret any more */
  async get() {
    return (await this.#call("get", []).promise).value;
  }
}
defineInterface(SecretsStoreSecret, "SecretsStoreSecret");

/** @param {import("./index.js").Spec} spec @param {import("./index.js").Call} call */
export const createSecret = (spec, call) => new SecretsStoreSecret(KEY, call);
