/**
 * What this isolate lets others call or read: functions, RpcTargets and streams by number. The host counts who
 * holds each, and says when nobody does any more.
 */
import { MapPrototypeDelete, MapPrototypeGet, MapPrototypeSet, Map_, PromisePrototypeThen, PromiseResolve, ReflectApply, SymbolDispose } from "../primordials.js";

/** @type {Map<number, any>} */
const exported = new Map_();
let last = 0;

/** @param {any} value @returns {number} its number, another one each time it is sent */
export function exportValue(value) {
  MapPrototypeSet(exported, ++last, value);
  return last;
}

/** @param {number} number @returns {any} undefined when it was released */
export const exportedValue = (number) => MapPrototypeGet(exported, number);

/** Nobody holds it: its own disposer runs, an unread stream is cancelled. @param {number} number */
export function releaseExport(number) {
  const value = MapPrototypeGet(exported, number);
  if (value === undefined) return;
  MapPrototypeDelete(exported, number);
  try {
    const end = value[SymbolDispose] ?? (typeof value.read === "function" ? value.cancel : undefined);
    if (typeof end === "function") PromisePrototypeThen(PromiseResolve(ReflectApply(end, value, [])), undefined, () => {});
  } catch {
    // Whoever disposed the stub is not to hear of a disposer that throws; there is nobody else to tell.
  }
}
