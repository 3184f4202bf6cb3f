/**
 * Email workers: `EmailMessage` of cloudflare:email, and the message that an `email` handler gets
 * (https://developers.cloudflare.com/email-routing/email-workers/runtime-api/). What the handler decided goes back to the host
 * as one value when what it gave to waitUntil has ended.
 */
import { createHeaders, headerFields, isHeadersObject } from "./fetch/headers.js";
import { ArrayPrototypePush, Error_, PromisePrototypeThen, Promise_, TypeError_, globalThis_ } from "./primordials.js";
import { streamFromSource } from "./streams.js";
import { defineInterface, requireArguments } from "./webidl.js";

const TOKEN = {};
let rawOf;

/** The bytes of a message in base64. @param {any} raw a string, bytes, or a stream of them */
const encoded = (raw) => PromisePrototypeThen(new globalThis_.Response(raw).bytes(), (bytes) => bytes.toBase64());

export class EmailMessage {
  #from; #to; #raw;
  constructor(from, to, raw) {
    requireArguments(arguments.length, 3, "Failed to construct 'EmailMessage'");
    this.#from = `${from}`;
    this.#to = `${to}`;
    this.#raw = raw;
  }
  static { rawOf = (message) => message.#raw; }
  get from() { return this.#from; }
  get to() { return this.#to; }
}
defineInterface(EmailMessage, "EmailMessage");

/** @typedef {{rejected: string | null, forwarded: {to: string, headers: [string, string][]}[], replies: {from: string, to: string, raw: string}[]}} Verdict */

export class ForwardableEmailMessage {
  #from; #to; #headers; #raw; #rawSize; #verdict;
  constructor(token, { from, to, headers, size }, body, verdict) {
    if (token !== TOKEN) throw new TypeError_("Illegal constructor");
    this.#from = from;
    this.#to = to;
    this.#headers = createHeaders(headers, true);
    this.#raw = streamFromSource(body);
    this.#rawSize = size;
    this.#verdict = verdict;
  }
  get from() { return this.#from; }
  get to() { return this.#to; }
  get headers() { return this.#headers; }
  get raw() { return this.#raw; }
  get rawSize() { return this.#rawSize; }
  setReject(reason) { this.#verdict.rejected = `${reason}`; }
  async forward(to, headers = undefined) {
    requireArguments(arguments.length, 1, "Failed to execute 'forward' on 'ForwardableEmailMessage'");
    if (headers !== undefined && !isHeadersObject(headers)) {
      throw new TypeError_("Failed to execute 'forward' on 'ForwardableEmailMessage': parameter 2 is not of type 'Headers'.");
    }
    const fields = headers === undefined ? [] : headerFields(headers);
    for (let i = 0; i < fields.length; i++) if (fields[i][0][0] !== "x") throw new Error_(`only headers that begin with X- can be added: ${fields[i][0]}`);
    ArrayPrototypePush(this.#verdict.forwarded, { to: `${to}`, headers: fields });
    return { messageId: `${this.#verdict.forwarded.length}@forwarded` };
  }
  async reply(message) {
    const { from, to } = message;
    ArrayPrototypePush(this.#verdict.replies, { from, to, raw: await encoded(rawOf(message)) });
    return { messageId: `${this.#verdict.replies.length}@replied` };
  }
}
defineInterface(ForwardableEmailMessage, "ForwardableEmailMessage");

/**
 * @param {{from: string, to: string, headers: [string, string][], size: number}} payload
 * @param {import("./streams.js").ByteSource} body the message as it came
 * @returns {{message: ForwardableEmailMessage, verdict: Verdict}}
 */
export function createEmail(payload, body) {
  const verdict = { rejected: null, forwarded: [], replies: [] };
  return { message: new ForwardableEmailMessage(TOKEN, payload, body, verdict), verdict };
}
