/**
 * Frames in shared memory: the lowest layer of the channel, long since both directions share its words.
 * engine/runtime/isolate.py has the other end and the same numbers, engine/runtime/frames.py the frame's layout:
 *
 *   u32 size of JSON and raw bytes together | u8 type, u8 flags, u16 0 | u32 id | u32 size of the JSON
 *   JSON (UTF-8) | raw bytes | padding to a multiple of 4
 *
 * `__host` is in scope only here and in main.js: user code is evaluated in the global scope.
 */
/* global __host */
import {
  ArrayPrototypePush, DateNow, ObjectDefineProperty, PromisePrototypeThen, PromiseResolve, ReflectApply, StringFromCharCode,
  StringPrototypeCharCodeAt,
  TypedArrayPrototypeGetBuffer, TypedArrayPrototypeGetByteOffset, TypedArrayPrototypeGetLength, TypedArrayPrototypeSet,
  Uint8Array_,
} from "./primordials.js";

const IN_SIZE = 1 << 18, OUT_SIZE = 1 << 18, SYNC_SIZE = 1 << 16, HEADER = 64;
const IN_LENGTH = 0, IN_TAKEN = 1, OUT_LENGTH = 2, PENDING = 3, SYNC_LENGTH = 4, SYNC_FLAGS = 5, PUMPED = 6,
  RUNNING = 7, REJECTED = 8, REJECTION = 9, REJECTION_EVENT = 10, WROTE = 11;
const SYNC_MORE = 1, SYNC_CONTINUE = 2, SYNC_LIBRARY = 4, SYNC_SCRIPT = 8;
const FRAME = 16;
const Uint16Array_ = Uint16Array;
/** A pump that has taken longer hands over what it has written. */
const HANDOVER_MS = 5;
/** Microtasks that telling the host gives way to: most answers go through fewer, and are told with all the rest. */
const HOPS = 12;

const { notify, sync, rejections, hands } = __host;
const buffer = new SharedArrayBuffer(HEADER + IN_SIZE + OUT_SIZE + SYNC_SIZE);
const words = new Int32Array(buffer, 0, HEADER / 4);
const inbound = new Uint8Array(buffer, HEADER, IN_SIZE);
const inboundWords = new Int32Array(buffer, HEADER, IN_SIZE / 4);
const outbound = new Uint8Array(buffer, HEADER + IN_SIZE, OUT_SIZE);
const outboundWords = new Int32Array(buffer, HEADER + IN_SIZE, OUT_SIZE / 4);
const syncArea = new Uint8Array(buffer, HEADER + IN_SIZE + OUT_SIZE, SYNC_SIZE);
__host.buffer = buffer;

/** Frame types. Host to isolate below 32, isolate to host from 32. */
export const FRAGMENT = 0, LOAD = 1, EVENT = 2, CHUNK = 3, CREDIT = 4, RESULT = 5, ERROR = 6, TICK = 7, CANCEL = 8,
  STOP = 9, RELEASE = 20;
export const LOADED = 32, RESPONSE = 33, OUT_CHUNK = 34, OUT_CREDIT = 35, CALL = 36, EXCEPTION = 37, TIMER = 38,
  DONE = 39, CONSOLE = 40, OUT_STOP = 41, CALL_CANCEL = 42, VALUE = 43, REPORT = 44, FAULT = 45, SOCKET = 46;

/**
 * Flags: the raw bytes are the whole body; a body follows as chunks; the stream's last frame; nothing more of
 * this event follows; the JSON is ASCII; the stream ended in an error; of an event: console lines say where they
 * were written; the body is the host's own stream whose id the JSON ends with.
 */
export const WHOLE = 1, STREAM = 2, END = 4, FINISHED = 8, ASCII = 16, BROKEN = 32, PLACES = 64, PASSED = 128;

const NO_BYTES = new Uint8Array_(0);

/** A view of a part. `subarray` would look up `constructor`, and hand the shared memory to whoever patched it. */
const view = (bytes, at, end) =>
  new Uint8Array_(TypedArrayPrototypeGetBuffer(bytes), TypedArrayPrototypeGetByteOffset(bytes) + at, end - at);

/** @type {(type: number, flags: number, id: number, json: () => any, raw: () => Uint8Array) => void} */
let receive = () => {};
/** @type {Uint8Array[]} */
let fragments = [];
let pending = 0;
let handoverAt = 0;
let pumping = false, notifying = false, hops = 0;
/** @type {(() => number) | null} */
let endTurn = null;

/** Set who takes the inbound frames. */
export function onFrame(handler) {
  receive = handler;
}

/** Say for which event JavaScript works, by its number. @param {number} id */
export function setRunning(id) {
  words[RUNNING] = id;
}

/** How many rejections wait to be taken. */
export const rejected = () => words[REJECTED];

/** Have the host listen for rejections, or put the next one into its array. @returns {number} what it is, 0 for none */
export function nextRejection() {
  rejections();
  return words[REJECTION];
}

/** What the host has handed over, once. @param {number} index */
export function takeHanded(index) {
  const value = hands[index];
  hands[index] = undefined;
  return value;
}

/**
 * The value of a lazy library's script, evaluated by the host, which may have it compiled already.
 * @param {string} name
 * @returns {any} undefined when it cannot
 */
export const evaluateLibrary = (name) => (hands === undefined ? undefined : evaluateByName(name, SYNC_LIBRARY));

/** The value of the script of a module of the program's, which the host has kept. @param {string} name */
export const evaluateModule = (name) => evaluateByName(name, SYNC_SCRIPT);

function evaluateByName(name, kind) {
  callSync(writeText(syncArea, 0, name), kind);
  return takeHanded(0);
}

/** The event that was running at the time. */
export const rejectionEvent = () => words[REJECTION_EVENT];

/** Count what the isolate waits for from outside: the host sees by it that a handler hangs. @param {number} by */
export function addPending(by) {
  pending += by;
  words[PENDING] = pending;
}

// The frame now being received: read by takeJson and takeBytes.
let source = inbound, jsonAt = 0, jsonSize = 0, rawAt = 0, rawSize = 0, ascii = false;

/** The received frame's JSON, as text. */
export const takeText = () => (ascii ? asciiText(source, jsonAt, jsonSize) : utf8Text(source, jsonAt, jsonSize));

/** A copy of the received frame's raw bytes, on memory of its own. */
export function takeBytes() {
  if (rawSize === 0) return NO_BYTES;
  const bytes = new Uint8Array_(rawSize);
  TypedArrayPrototypeSet(bytes, view(source, rawAt, rawAt + rawSize));
  return bytes;
}

function open(bytes, at, type, flags, id, json, raw) {
  if (type === FRAGMENT) {
    const part = new Uint8Array_(raw);
    TypedArrayPrototypeSet(part, view(bytes, at, at + raw));
    ArrayPrototypePush(fragments, part);
    if (flags & END) assemble();
    return;
  }
  source = bytes;
  jsonAt = at;
  jsonSize = json;
  rawAt = at + json;
  rawSize = raw;
  ascii = (flags & ASCII) !== 0;
  receive(type, flags, id);
}

/** Put a frame together that was larger than the area. */
function assemble() {
  const parts = fragments;
  fragments = [];
  let size = 0;
  for (let i = 0; i < parts.length; i++) size += TypedArrayPrototypeGetLength(parts[i]);
  const whole = new Uint8Array_(size);
  for (let i = 0, at = 0; i < parts.length; at += TypedArrayPrototypeGetLength(parts[i]), i++) {
    TypedArrayPrototypeSet(whole, parts[i], at);
  }
  const word = (at) => (whole[at] | (whole[at + 1] << 8) | (whole[at + 2] << 16) | (whole[at + 3] << 24)) >>> 0;
  const json = word(12);
  open(whole, FRAME, whole[4], whole[5], word(8), json, word(0) - json);
}

/**
 * Receive every frame of the batch. The host calls it; microtasks run after it, and then the host is told, so
 * that what the microtasks send goes with it.
 */
function pump() {
  const end = words[IN_LENGTH];
  pumping = true;
  handoverAt = DateNow() + HANDOVER_MS;
  for (let at = 0; at < end; ) {
    const word = at >> 2;
    const size = inboundWords[word], kind = inboundWords[word + 1], json = inboundWords[word + 3];
    const next = at + FRAME + ((size + 3) & ~3);
    words[IN_TAKEN] = next;
    try {
      open(inbound, at + FRAME, kind & 255, (kind >> 8) & 255, inboundWords[word + 2], json, size - json);
    } catch (error) {
      post(FAULT, 0, 0, quote(faultText(error)), null);
    }
    at = next;
  }
  words[PUMPED]++;
  pumping = false;
  notifySoon();
}
__host.pump = pump;

function faultText(error) {
  try {
    return `${error.stack}`;
  } catch {
    return "an error without a stack";
  }
}

/** JSON text of a string. String.prototype.toJSON is not looked up for primitives. */
export const quote = JSON.stringify;

/**
 * Send a frame.
 * @param {number} type
 * @param {number} flags
 * @param {number} id
 * @param {string} json JSON text, "" for none
 * @param {Uint8Array|string|null} raw a string is sent as UTF-8
 */
export function post(type, flags, id, json, raw) {
  const rawMost = raw === null ? 0 : typeof raw === "string" ? raw.length * 3 : TypedArrayPrototypeGetLength(raw);
  const most = FRAME + json.length * 3 + rawMost + 3;
  let at = words[OUT_LENGTH];
  if (most > OUT_SIZE - at) {
    if (at !== 0) notify();
    at = 0;
    if (most > OUT_SIZE) {
      postInParts(most, type, flags, id, json, raw);
      return;
    }
  }
  const jsonEnd = writeText(outbound, at + FRAME, json);
  const end = writeRaw(outbound, jsonEnd, raw);
  const word = at >> 2;
  outboundWords[word] = end - at - FRAME;
  outboundWords[word + 1] = type | (flags << 8);
  outboundWords[word + 2] = id;
  outboundWords[word + 3] = jsonEnd - at - FRAME;
  words[OUT_LENGTH] = (end + 3) & ~3;
  if (DateNow() > handoverAt) {
    notify();
    handoverAt = DateNow() + HANDOVER_MS;
  } else if (!pumping) notifySoon();
}

/** Tell the host after the microtasks that are queued now, and some of those that they queue. */
export function notifySoon() {
  if (notifying) return;
  notifying = true;
  hops = 0;
  PromisePrototypeThen(PromiseResolve(), tellHost);
}

function tellHost() {
  if (++hops < HOPS) {
    PromisePrototypeThen(PromiseResolve(), tellHost);
    return;
  }
  notifying = false;
  if (endTurn !== null) words[WROTE] = endTurn();
  notify();
}

/**
 * Set what is asked whenever the host is told with no code on the stack: the storage whose writes are to be
 * committed first, 0 for none (durable/storage.js).
 */
export function onTurnEnd(ask) {
  endTurn = ask;
}

function postInParts(most, type, flags, id, json, raw) {
  const whole = new Uint8Array_(most);
  const jsonEnd = writeText(whole, FRAME, json);
  const end = writeRaw(whole, jsonEnd, raw);
  writeWord(whole, 0, end - FRAME);
  writeWord(whole, 4, type | (flags << 8));
  writeWord(whole, 8, id);
  writeWord(whole, 12, jsonEnd - FRAME);
  const step = OUT_SIZE - FRAME - 4; // post leaves room for padding
  for (let at = 0; at < end; at += step) {
    const last = at + step >= end;
    post(FRAGMENT, last ? END : 0, 0, "", view(whole, at, last ? end : at + step));
  }
}

function writeWord(bytes, at, value) {
  bytes[at] = value;
  bytes[at + 1] = value >> 8;
  bytes[at + 2] = value >> 16;
  bytes[at + 3] = value >> 24;
}

function writeRaw(bytes, at, raw) {
  if (raw === null) return at;
  if (typeof raw === "string") return writeText(bytes, at, raw);
  TypedArrayPrototypeSet(bytes, raw, at);
  return at + TypedArrayPrototypeGetLength(raw);
}

/** Write UTF-8; a lone surrogate becomes U+FFFD. @returns {number} where it ends */
function writeText(bytes, at, text) {
  const length = text.length;
  for (let i = 0; i < length; i++) {
    let code = StringPrototypeCharCodeAt(text, i);
    if (code < 0x80) bytes[at++] = code;
    else if (code < 0x800) {
      bytes[at++] = 0xc0 | (code >> 6);
      bytes[at++] = 0x80 | (code & 63);
    } else {
      if (code >= 0xd800 && code < 0xe000) {
        const low = i + 1 < length ? StringPrototypeCharCodeAt(text, i + 1) : 0;
        if (code < 0xdc00 && low >= 0xdc00 && low < 0xe000) {
          i++;
          code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
          bytes[at++] = 0xf0 | (code >> 18);
          bytes[at++] = 0x80 | ((code >> 12) & 63);
          bytes[at++] = 0x80 | ((code >> 6) & 63);
          bytes[at++] = 0x80 | (code & 63);
          continue;
        }
        code = 0xfffd;
      }
      bytes[at++] = 0xe0 | (code >> 12);
      bytes[at++] = 0x80 | ((code >> 6) & 63);
      bytes[at++] = 0x80 | (code & 63);
    }
  }
  return at;
}

/** Code units that `asciiText` takes in one call: less than the stack holds as arguments. */
const STRETCH = 4096;

/** Text of code units below 256, or of any when `units` is a Uint16Array. Eight at a time: 3 times faster than one. */
export function asciiText(units, at, size) {
  const end = at + size;
  let text = "";
  // A long text goes through no interpreted loop: 6 times faster in an isolate where nothing is compiled yet.
  for (; end - at >= STRETCH; at += STRETCH) {
    const part = new (units.BYTES_PER_ELEMENT === 2 ? Uint16Array_ : Uint8Array_)(
      TypedArrayPrototypeGetBuffer(units), TypedArrayPrototypeGetByteOffset(units) + at * units.BYTES_PER_ELEMENT, STRETCH,
    );
    // Of its own: else a patched getter of the prototype would be handed the shared memory.
    ObjectDefineProperty(part, "length", { __proto__: null, value: STRETCH });
    text += ReflectApply(StringFromCharCode, undefined, part);
  }
  for (; at + 8 <= end; at += 8) {
    text += StringFromCharCode(
      units[at], units[at + 1], units[at + 2], units[at + 3], units[at + 4], units[at + 5], units[at + 6], units[at + 7],
    );
  }
  for (; at < end; at++) text += StringFromCharCode(units[at]);
  return text;
}

/** Decode UTF-8 that the host has made, hence valid. */
function utf8Text(bytes, at, size) {
  const units = new Uint16Array_(size);
  const end = at + size;
  let n = 0;
  while (at < end) {
    const a = bytes[at++];
    if (a < 0x80) units[n++] = a;
    else if (a < 0xe0) units[n++] = ((a & 31) << 6) | (bytes[at++] & 63);
    else if (a < 0xf0) {
      units[n++] = ((a & 15) << 12) | ((bytes[at] & 63) << 6) | (bytes[at + 1] & 63);
      at += 2;
    } else {
      const code =
        (((a & 7) << 18) | ((bytes[at] & 63) << 12) | ((bytes[at + 1] & 63) << 6) | (bytes[at + 2] & 63)) - 0x10000;
      at += 3;
      units[n++] = 0xd800 + (code >> 10);
      units[n++] = 0xdc00 + (code & 1023);
    }
  }
  return asciiText(units, 0, n);
}

/**
 * A synchronous exchange of bytes with the host, in as many parts as the area needs.
 * @param {string} json
 * @param {Uint8Array|null} raw
 * @returns {{text: string, bytes: Uint8Array}}
 */
export function exchange(json, raw) {
  const whole = new Uint8Array_(4 + json.length * 3 + (raw === null ? 0 : TypedArrayPrototypeGetLength(raw)));
  const jsonEnd = writeText(whole, 4, json);
  writeWord(whole, 0, jsonEnd - 4);
  const end = writeRaw(whole, jsonEnd, raw);
  let at = 0;
  for (; end - at > SYNC_SIZE; at += SYNC_SIZE) {
    TypedArrayPrototypeSet(syncArea, view(whole, at, at + SYNC_SIZE));
    callSync(SYNC_SIZE, SYNC_MORE);
  }
  TypedArrayPrototypeSet(syncArea, view(whole, at, end));
  callSync(end - at, 0);
  return takeAnswer();
}

function callSync(length, flags) {
  words[SYNC_LENGTH] = length;
  words[SYNC_FLAGS] = flags;
  sync();
}

function takeAnswer() {
  let length = words[SYNC_LENGTH];
  const answer = new Uint8Array_(length + words[SYNC_FLAGS]);
  for (let at = 0; ; ) {
    TypedArrayPrototypeSet(answer, view(syncArea, 0, length), at);
    at += length;
    if (words[SYNC_FLAGS] === 0) break;
    callSync(0, SYNC_CONTINUE);
    length = words[SYNC_LENGTH];
  }
  const json = answer[0] | (answer[1] << 8) | (answer[2] << 16) | (answer[3] << 24);
  return { text: utf8Text(answer, 4, json), bytes: view(answer, 4 + json, TypedArrayPrototypeGetLength(answer)) };
}
