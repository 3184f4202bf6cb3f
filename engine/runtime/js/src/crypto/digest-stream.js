/** crypto.DigestStream (https://developers.cloudflare.com/workers/runtime-apis/web-crypto/#digeststream). */
import { hostCallSync } from "../channel.js";
import { encodeUtf8 } from "../encoding/utf8.js";
import { PromiseWithResolvers, SymbolDispose, TypedArrayPrototypeGetBuffer, TypedArrayPrototypeSlice, TypeError_ } from "../primordials.js";
import { bytesOf, defineInterface, isBufferSource } from "../webidl.js";
import { load } from "../lazy.js";

const registry = new FinalizationRegistry((id) => hostCallSync("crypto", "digestDrop", [id]));

export class DigestStream extends WritableStream {
  #digest; #reject; #written = 0;
  constructor(algorithm) {
    const name = load("subtle").digestName(algorithm);
    const { promise, resolve, reject } = PromiseWithResolvers();
    promise.catch(() => {});
    const id = hostCallSync("crypto", "digestOpen", [name]).value;
    super({
      write: (chunk) => {
        const bytes = typeof chunk === "string" ? encodeUtf8(chunk) : isBufferSource(chunk) ? bytesOf(chunk) : null;
        if (bytes === null) {
          const error = new TypeError_("DigestStream is a byte stream but received an object of non-ArrayBuffer/ArrayBufferView/string type on its writable side.");
          reject(error);
          throw error;
        }
        this.#written += bytes.length;
        hostCallSync("crypto", "digestUpdate", [id], bytes);
      },
      close: () => resolve(TypedArrayPrototypeGetBuffer(TypedArrayPrototypeSlice(hostCallSync("crypto", "digestFinish", [id]).bytes))),
      abort: (reason) => reject(reason),
    });
    registry.register(this, id);
    this.#digest = promise;
    this.#reject = reject;
  }
  get digest() { return this.#digest; }
  get bytesWritten() { return BigInt(this.#written); }
  [SymbolDispose]() { this.#reject(new TypeError_("The DigestStream was disposed.")); }
}
defineInterface(DigestStream, "DigestStream");
