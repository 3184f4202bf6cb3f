/**
 * What Workers' byte streams have beyond the standard: `readAtLeast`, and `atLeast` for who answers it
 * (https://developers.cloudflare.com/workers/runtime-apis/streams/readablestreambyobreader/).
 */
import { ReadableStreamBYOBReader, ReadableStreamBYOBRequest } from "web-streams-polyfill";
import {
  Number_, ObjectDefineProperty, ObjectGetOwnPropertyDescriptor, PromisePrototypeThen, PromiseReject, TypeError_, uncurryThis,
} from "../primordials.js";

const read = uncurryThis(ReadableStreamBYOBReader.prototype.read);
const viewOf = uncurryThis(ObjectGetOwnPropertyDescriptor(ReadableStreamBYOBRequest.prototype, "view").get);

const members = {
  /**
   * @param {number} minElements how many the answer has at least, unless the stream ends before
   * @param {ArrayBufferView} view
   */
  readAtLeast(minElements, view) {
    const least = Number_(minElements);
    if (!(least >= 1)) return PromiseReject(new TypeError_(`Requested invalid minimum number of bytes to read (${least}).`));
    const size = view?.length ?? view?.byteLength;
    if (least > size) return PromiseReject(new TypeError_(`Minimum bytes to read (${least}) exceeds size of buffer (${size}).`));
    // The end comes with the next read, never together with the last bytes.
    return PromisePrototypeThen(read(this, view, { __proto__: null, min: least }), ({ value, done }) =>
      ({ value, done: done && !(value?.byteLength > 0) }));
  },
};
ObjectDefineProperty(ReadableStreamBYOBReader.prototype, "readAtLeast", {
  __proto__: null, value: members.readAtLeast, writable: true, enumerable: true, configurable: true,
});

/** How many bytes the pending read still needs; the library keeps the standard's slots under these names. */
const request = {
  get atLeast() {
    if (viewOf(this) === null) return null;
    const pending = this._associatedReadableByteStreamController?._pendingPullIntos.peek();
    return pending === undefined ? null : pending.minimumFill - pending.bytesFilled;
  },
};
ObjectDefineProperty(ReadableStreamBYOBRequest.prototype, "atLeast", {
  __proto__: null, get: ObjectGetOwnPropertyDescriptor(request, "atLeast").get, enumerable: true, configurable: true,
});
