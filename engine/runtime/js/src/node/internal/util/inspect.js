/** Node's inspect and format, from node-inspect-extracted (Node's own code); most programs never need it. */
import { load } from "../../../lazy.js";

const inspector = () => load("inspect").allOfInspect();

export function inspect(value, options) { return inspector().inspect(...arguments); }
inspect.custom = Symbol.for("nodejs.util.inspect.custom");
for (const name of ["colors", "styles", "defaultOptions", "replDefaults"]) {
  Object.defineProperty(inspect, name, {
    __proto__: null, enumerable: true, configurable: true, get: () => inspector().inspect[name], set: (value) => { inspector().inspect[name] = value; },
  });
}
export const format = (...args) => inspector().format(...args);
export const formatWithOptions = (...args) => inspector().formatWithOptions(...args);
export const getStringWidth = (...args) => inspector().getStringWidth(...args);
export const identicalSequenceRange = (a, b) => inspector().identicalSequenceRange(a, b);
export const stripVTControlCharacters = (text) => inspector().stripVTControlCharacters(text);
