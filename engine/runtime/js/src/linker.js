/**
 * Instantiates and evaluates a Program (tools/program.js) in this isolate. A module is a generator
 * function: its first step hoists functions and gives the getters of its exports, its second evaluates.
 *
 * @typedef {object} Record
 * @property {string} name
 * @property {any} module
 * @property {Record[]} deps
 * @property {Record<string, () => any>} own getters of own exports
 * @property {object} namespace
 * @property {Generator | AsyncGenerator | null} generator
 * @property {Promise<any> | null} first the first step of an async generator
 * @property {"new" | "linked" | "evaluated"} state
 * @property {{error: any} | null} failed
 * @property {Promise<void> | undefined} pending of a module that awaits, or depends on one that does
 */
import { builtinNamespace } from "./builtins.js";
import {
  ArrayPrototypeConcat, ArrayPrototypeIncludes, ArrayPrototypePush, ArrayPrototypeSort, Error_, JSONParse, MapPrototypeGet,
  MapPrototypeSet, Map_, ObjectAssign, ObjectCreate, ObjectDefineProperty, ObjectIsFrozen, ObjectKeys, ObjectPreventExtensions,
  PromiseAll, PromisePrototypeThen, PromiseResolve, ReflectApply, SymbolToStringTag, TypedArrayPrototypeGetBuffer,
  Uint8ArrayFromBase64, evaluateScript,
} from "./primordials.js";
import { enableNode, pushContextFunctions } from "./node.js";
import { evaluateModule } from "./ring.js";
import { createResolver } from "./resolve.js";
import { WasmModule } from "./wasm.js";

/**
 * @param {{main: string, format: "modules" | "service-worker", modules: any[]}} program
 * @returns {{namespace: object | null, ready: Promise<void> | undefined}} namespace: the main module's, null
 *   in service-worker format; ready: undefined when everything has been evaluated. Throws what the script throws
 */
export function linkProgram(program) {
  const main = program.modules.find((module) => module.name === program.main);
  const linker = new Linker(program.modules);
  if (program.node !== undefined) enableNode(program.node, (specifier, importer) => linker.require(specifier, importer), program.modules);
  if (program.format === "service-worker") {
    run(main);
    return { namespace: null, ready: undefined };
  }
  const record = linker.load(main.name);
  linker.instantiate();
  const ready = linker.evaluate(record);
  return { namespace: record.namespace, ready };
}

/** Evaluate a module's code so that stack frames name its file. Without code the host has it, compiled perhaps. */
const run = ({ name, code }) => (code === undefined ? evaluateModule(name) : evaluateScript(`${code}\n//# sourceURL=${encodeURI(name)}`));

class Linker {
  #modules; #resolve; #records = new Map_(); #fresh = [];

  constructor(modules) {
    this.#modules = new Map_();
    for (let i = 0; i < modules.length; i++) MapPrototypeSet(this.#modules, modules[i].name, modules[i]);
    this.#resolve = createResolver(modules.map((module) => module.name));
  }

  /** The record of a module or a builtin, with all it depends on. @param {string} name @returns {Record} */
  load(name) {
    const known = MapPrototypeGet(this.#records, name);
    if (known !== undefined) return known;
    const module = MapPrototypeGet(this.#modules, name) ?? null;
    const record = {
      name, module, deps: [], own: ObjectCreate(null), namespace: ObjectCreate(null), generator: null, first: null,
      state: "new", failed: null, pending: undefined,
    };
    MapPrototypeSet(this.#records, name, record);
    ArrayPrototypePush(this.#fresh, record);
    if (module !== null) for (let i = 0; i < module.deps.length; i++) ArrayPrototypePush(record.deps, this.load(module.deps[i]));
    return record;
  }

  /** The first step of every record loaded since the last time, then their namespaces. */
  instantiate() {
    const fresh = this.#fresh;
    this.#fresh = [];
    for (let i = 0; i < fresh.length; i++) this.#prepare(fresh[i]);
    for (let i = 0; i < fresh.length; i++) this.#fillNamespace(fresh[i]);
  }

  #prepare(record) {
    const { name, module } = record;
    if (module === null) {
      const namespace = builtinNamespace(name);
      const keys = ObjectKeys(namespace);
      for (let i = 0; i < keys.length; i++) record.own[keys[i]] = () => namespace[keys[i]];
      record.own.default ??= () => namespace;
      record.state = "evaluated";
      return;
    }
    switch (module.type) {
      case "esm": {
        const meta = ObjectAssign(ObjectCreate(null), { url: `file:///${encodeURI(name)}`, main: false });
        const publish = (getters) => { ObjectAssign(record.own, getters); };
        const imports = [publish, meta, (specifier) => this.#import(specifier, name)];
        if (module.tracked) pushContextFunctions(imports);
        for (let i = 0; i < record.deps.length; i++) ArrayPrototypePush(imports, record.deps[i].namespace);
        record.generator = ReflectApply(run(module), undefined, imports);
        const step = record.generator.next();
        record.first = module.tla ? step : null;
        break;
      }
      case "commonjs": {
        const cjs = { exports: {} };
        record.cjs = cjs;
        record.own.default = () => cjs.exports;
        break;
      }
      default: {
        const value = staticValue(module);
        record.own.default = () => value;
        record.state = "evaluated";
      }
    }
  }

  /** Names of a module as its namespace has them. */
  #names(record, seen = []) {
    if (ArrayPrototypeIncludes(seen, record)) return [];
    ArrayPrototypePush(seen, record);
    let names = ObjectKeys(record.own);
    const stars = record.module?.stars ?? [];
    for (let i = 0; i < stars.length; i++) {
      const others = this.#names(record.deps[stars[i]], seen);
      names = ArrayPrototypeConcat(names, others.filter((name) => name !== "default" && !ArrayPrototypeIncludes(names, name)));
    }
    return names;
  }

  /** @returns {{record: Record, name: string, get: () => any} | null} null: not there, or ambiguous */
  #resolveExport(record, name, seen = []) {
    if (ArrayPrototypeIncludes(seen, record)) return null;
    if (name in record.own) return { record, name, get: record.own[name] };
    if (name === "default" || record.module === null) return null;
    const path = ArrayPrototypeConcat(seen, [record]);
    let found = null;
    for (let i = 0; i < record.module.stars.length; i++) {
      const other = this.#resolveExport(record.deps[record.module.stars[i]], name, path);
      if (other === null) continue;
      // The same binding by two ways is one binding: compare what it is, where it was declared.
      if (found !== null && (found.record !== other.record || found.name !== other.name)) return null;
      found = other;
    }
    return found;
  }

  #fillNamespace(record) {
    const { namespace } = record;
    if (record.module?.type === "commonjs") return this.#fillCommonJs(record);
    const names = ArrayPrototypeSort(this.#names(record));
    for (let i = 0; i < names.length; i++) {
      const found = this.#resolveExport(record, names[i]);
      if (found !== null) ObjectDefineProperty(namespace, names[i], { __proto__: null, enumerable: true, get: found.get });
    }
    seal(namespace);
    return undefined;
  }

  /** What a CommonJS module exports is known when it has run; its namespace gets the names then. */
  #fillCommonJs(record) {
    ObjectDefineProperty(record.namespace, "default", { __proto__: null, enumerable: true, get: record.own.default });
  }

  /**
   * Evaluate a module after all it depends on.
   * @param {Record} record
   * @returns {Promise<void> | undefined} undefined when it is done already
   */
  evaluate(record) {
    if (record.failed !== null) throw record.failed.error;
    if (record.state === "evaluated") return record.pending;
    record.state = "evaluated";
    const waits = [];
    try {
      for (let i = 0; i < record.deps.length; i++) {
        const pending = this.evaluate(record.deps[i]);
        if (pending !== undefined && !ArrayPrototypeIncludes(waits, pending)) ArrayPrototypePush(waits, pending);
      }
      if (waits.length === 0 && !record.module.tla) {
        this.#body(record);
        return undefined;
      }
    } catch (error) {
      record.failed = { error };
      throw error;
    }
    const { first } = record;
    record.pending = PromisePrototypeThen(
      PromisePrototypeThen(waits.length === 0 ? PromiseResolve(first) : PromisePrototypeThen(PromiseAll(waits), () => first), () => this.#body(record)),
      () => { record.pending = undefined; },
      (error) => { record.failed = { error }; throw error; },
    );
    return record.pending;
  }

  /** The second step. */
  #body(record) {
    if (record.module.type === "esm") return record.generator.next();
    const { cjs, name, namespace } = record;
    const require = (specifier) => this.require(`${specifier}`, name);
    const given = [cjs, cjs.exports, require, (s) => this.#import(s, name), name, ""];
    if (record.module.tracked) pushContextFunctions(given);
    ReflectApply(run(record.module), cjs.exports, given);
    const exports = cjs.exports;
    const keys = exports !== null && (typeof exports === "object" || typeof exports === "function") ? ObjectKeys(exports) : [];
    for (let i = 0; i < keys.length; i++) {
      if (keys[i] === "default") continue;
      ObjectDefineProperty(namespace, keys[i], { __proto__: null, enumerable: true, get: () => exports[keys[i]] });
    }
    seal(namespace);
    return undefined;
  }

  #find(specifier, importer) {
    const name = this.#resolve(specifier, importer);
    if (name !== null) return this.load(name);
    if (builtinNamespace(specifier) !== undefined) return this.load(specifier);
    throw new Error_(`No such module "${specifier}" imported from "${importer}".`);
  }

  /** What a CommonJS module's require() gives. @param {string} specifier @param {string} importer @returns {any} */
  require(specifier, importer) {
    const record = this.#find(specifier, importer);
    this.instantiate();
    if (record.module?.type === "commonjs") {
      // A cycle gets the exports as far as they are.
      if (record.state === "new") this.evaluate(record);
      return record.cjs.exports;
    }
    if (this.evaluate(record) !== undefined) {
      throw new Error_(`Cannot require() "${specifier}": the module, or one it imports, uses top-level await.`);
    }
    return record.module?.type === "esm" ? record.namespace : record.namespace.default;
  }

  async #import(specifier, importer) {
    const record = this.#find(`${specifier}`, importer);
    this.instantiate();
    await this.evaluate(record);
    return record.namespace;
  }
}

function seal(namespace) {
  if (ObjectIsFrozen(namespace)) return;
  ObjectDefineProperty(namespace, SymbolToStringTag, { __proto__: null, value: "Module" });
  ObjectPreventExtensions(namespace);
}

/** The value of a module that is not code. */
function staticValue(module) {
  switch (module.type) {
    case "json": return JSONParse(module.code);
    case "data": return TypedArrayPrototypeGetBuffer(Uint8ArrayFromBase64(module.data));
    case "wasm": return new WasmModule(Uint8ArrayFromBase64(module.data));
    default: return module.code;
  }
}
