/**
 * One body on its way through lol-html.
 *
 * @typedef {import("../streams.js").ByteSource} ByteSource
 * @typedef {object} Registration what on() or onDocument() was given
 * @property {string | null} selector null: the document's
 * @property {any} object the handlers' `this`
 * @property {{name: string, run: Function}[]} found
 */
import { encodeUtf8 } from "../encoding/utf8.js";
import {
  ArrayPrototypeConcat, ArrayPrototypePush, PromisePrototypeThen, PromiseResolve, ReflectApply, TypedArrayPrototypeGetBuffer,
  TypedArrayPrototypeGetByteOffset, TypedArrayPrototypeGetLength, TypedArrayPrototypeSet, Uint8Array_, WeakMapPrototypeGet,
  WeakMapPrototypeSet, WeakMap_,
} from "../primordials.js";
import { Comment, Doctype, DocumentEnd, Element, EndTag, Text } from "./content.js";
import { giveBack, takeInstance } from "./instance.js";

/** Bytes given to lol-html at a time, so that one large chunk does not become one large result. */
const PIECE = 1 << 16;
const CLASSES = { __proto__: null, element: Element, comments: Comment, text: Text, doctype: Doctype, end: DocumentEnd };

const length = TypedArrayPrototypeGetLength;

/** @implements {ByteSource} */
export class Rewriting {
  #source; #decoder; #instance = null; #rewriter = null; #registrations;
  /** Bytes of the original not yet given to lol-html. */
  #rest = null; #at = 0;
  /** What lol-html has put out since the last read. */
  #pieces = [];
  #size = 0;
  #ended = false; #busy = false;
  /** What a handler threw. @type {{error: any} | null} */
  #failed = null;
  /** Which handlers an end tag has, by the function lol-html calls. @type {WeakMap<Function, Function[]>} */
  #endHandlers = new WeakMap_();

  /** @param {ByteSource} source @param {Registration[]} registrations @param {TextDecoder | null} decoder */
  constructor(source, registrations, decoder) {
    this.#source = source;
    this.#registrations = registrations;
    this.#decoder = decoder;
    this.read = () => this.#read();
    this.cancel = (reason) => this.#cancel(reason);
  }

  async #read() {
    this.#busy = true;
    try {
      if (this.#rewriter === null && !this.#ended) this.#start();
      while (this.#size === 0 && !this.#ended) await this.#step();
      return this.#take();
    } catch (error) {
      this.#ended = true;
      this.#rewriter = this.#instance = null;
      await PromisePrototypeThen(PromiseResolve(this.#source.cancel(error)), undefined, () => {});
      throw error;
    } finally {
      this.#busy = false;
    }
  }

  async #cancel(reason) {
    this.#pieces = [];
    this.#size = 0;
    if (this.#ended) return;
    this.#ended = true;
    if (!this.#busy && this.#rewriter !== null) this.#release();
    this.#rewriter = this.#instance = null;
    await this.#source.cancel(reason);
  }

  #start() {
    this.#instance = takeInstance();
    this.#rewriter = new this.#instance.HTMLRewriter((chunk) => {
      if (length(chunk) === 0) return;
      ArrayPrototypePush(this.#pieces, chunk);
      this.#size += length(chunk);
    });
    for (let i = 0; i < this.#registrations.length; i++) {
      const { selector, object, found } = this.#registrations[i];
      const handlers = { __proto__: null };
      for (let j = 0; j < found.length; j++) {
        const { name, run } = found[j];
        handlers[name] = (raw) => this.#handle(raw, CLASSES[name], [run], object);
      }
      if (selector === null) this.#rewriter.onDocument(handlers);
      else this.#rewriter.on(selector, handlers);
    }
  }

  /** Give lol-html one more piece, or the end. */
  async #step() {
    if (this.#rest === null) {
      const chunk = await this.#source.read();
      if (this.#ended) return;
      if (chunk === null) {
        await this.#finish();
        return;
      }
      this.#rest = this.#decoder === null ? chunk : encodeUtf8(this.#decoder.decode(chunk, { stream: true }));
      this.#at = 0;
    }
    const end = this.#at + PIECE < length(this.#rest) ? this.#at + PIECE : length(this.#rest);
    const piece = new Uint8Array_(
      TypedArrayPrototypeGetBuffer(this.#rest), TypedArrayPrototypeGetByteOffset(this.#rest) + this.#at, end - this.#at,
    );
    if (end === length(this.#rest)) this.#rest = null;
    else this.#at = end;
    await this.#rewriter.write(piece);
    if (this.#failed !== null) throw this.#failed.error;
  }

  async #finish() {
    if (this.#decoder !== null) {
      const last = encodeUtf8(this.#decoder.decode());
      if (length(last) > 0) await this.#rewriter.write(last);
    }
    await this.#rewriter.end();
    if (this.#failed !== null) throw this.#failed.error;
    if (!this.#ended) this.#release();
    this.#ended = true;
  }

  #release() {
    this.#rewriter.free();
    giveBack(this.#instance);
    this.#rewriter = this.#instance = null;
  }

  /** @returns {Uint8Array | null} what has come out, as one chunk; null at the end */
  #take() {
    if (this.#size === 0) return null;
    const all = new Uint8Array_(this.#size);
    for (let i = 0, at = 0; i < this.#pieces.length; i++) {
      TypedArrayPrototypeSet(all, this.#pieces[i], at);
      at += length(this.#pieces[i]);
    }
    this.#pieces = [];
    this.#size = 0;
    return all;
  }

  /**
   * Call handlers on what lol-html has found. Nothing is thrown into WebAssembly: an error waits in `#failed`.
   * @returns {Promise<void> | undefined} a promise makes lol-html wait; it never rejects
   */
  #handle(raw, Class, handlers, self) {
    if (this.#failed !== null || (this.#ended && this.#rewriter === null)) return undefined;
    /** @type {import("./content.js").Scope} */
    const scope = { __proto__: null, alive: true, later: null, onEndTag: (element, handler) => this.#onEndTag(element, handler) };
    const content = new Class(raw, scope);
    const failed = (error) => {
      scope.alive = false;
      this.#failed ??= { error };
    };
    try {
      for (let i = 0; i < handlers.length; i++) {
        const result = ReflectApply(handlers[i], self, [content]);
        if (scope.later !== null || (typeof result === "object" && result !== null && typeof result.then === "function")) {
          return PromisePrototypeThen(this.#wait(result, handlers, i + 1, self, content, scope), () => { scope.alive = false; }, failed);
        }
      }
      scope.alive = false;
    } catch (error) {
      failed(error);
    }
    return undefined;
  }

  /** The rest of `#handle` once a handler has to be waited for. */
  async #wait(result, handlers, from, self, content, scope) {
    await result;
    for (let i = from; i < handlers.length; i++) await ReflectApply(handlers[i], self, [content]);
    for (let i = 0; scope.later !== null && i < scope.later.length; i++) await scope.later[i]();
  }

  /** lol-html keeps one handler of an end tag: when another one takes its place, it has to call both. */
  #onEndTag(raw, handler) {
    const instance = this.#instance;
    let handlers = [handler];
    const run = (tag) => this.#handle(tag, EndTag, handlers, undefined);
    instance.takeDropped();
    raw.onEndTag(run);
    const replaced = instance.takeDropped();
    const before = typeof replaced === "function" ? WeakMapPrototypeGet(this.#endHandlers, replaced) : undefined;
    if (before !== undefined) handlers = ArrayPrototypeConcat(before, handlers);
    WeakMapPrototypeSet(this.#endHandlers, run, handlers);
  }
}
