import util, { inspect, promisify, format, parseArgs, styleText, isDeepStrictEqual, types, callbackify, inherits, deprecate, stripVTControlCharacters, parseEnv, MIMEType, toUSVString, getSystemErrorName } from "node:util";

const fails = (run) => { try { run(); return "no error"; } catch (error) { return [error.name, error.code, error.message]; } };

class Point {
  constructor() { this.x = 1; this.secret = 2; }
  [inspect.custom](depth, options) { return `Point<${this.x},${options.depth}>`; }
}

export async function answer() {
  const circular = { name: "c" };
  circular.self = circular;
  const nodeStyle = (value, done) => setTimeout(() => (value > 0 ? done(null, value * 2) : done(new Error("negative"))), 1);
  const doubled = promisify(nodeStyle);
  function Parent() {}
  Parent.prototype.hi = () => "hi";
  function Child() {}
  inherits(Child, Parent);
  return {
    inspect: [
      inspect({ a: 1, b: "two", c: [1, 2, { d: null }], e: undefined, f: Symbol("s"), g: 10n }), inspect(new Map([["k", { v: [1] }]])), inspect(new Set([1, "x"])),
      inspect(circular), inspect([1, , 3]), inspect("it's"), inspect({ deep: { deeper: { deepest: { gone: 1 } } } }), inspect(new Point()), inspect([new Date(0), /x/g]),
      inspect(function named() {}), inspect(class A extends Map {}), inspect(-0), inspect({ a: { b: 1 } }, { compact: false }), inspect(Object.create(null)), inspect("a".repeat(5), { colors: true }),
      inspect({ long: "x".repeat(80), other: "y".repeat(20) }), inspect(new Uint8Array(3)), inspect(Array.from({ length: 120 }, (_, i) => i), { maxArrayLength: 3 }),
    ],
    format: [format("%s %d %i %f %j %o %O %%", "a", 1.5, 2.9, "3.1", { x: 1 }, [1], { y: 2 }), format("a", "b", { c: 1 }), format("%s", null, undefined), format(1, 2), format("%s", Symbol("q")), format("%c-", "css")],
    promisify: [await doubled(4), await doubled(-1).catch((error) => error.message)],
    callbackify: await new Promise((resolve) => callbackify(async (value) => value + 1)(4, (error, value) => resolve([error, value]))),
    falsy: await new Promise((resolve) => callbackify(() => Promise.reject(null))((error) => resolve([error.code, error.reason]))),
    inherits: [new Child().hi(), Child.super_ === Parent],
    deep: [
      isDeepStrictEqual({ a: [1, new Map([[{ k: 1 }, 2]])] }, { a: [1, new Map([[{ k: 1 }, 2]])] }), isDeepStrictEqual([1], ["1"]), isDeepStrictEqual(NaN, NaN), isDeepStrictEqual(0, -0),
      isDeepStrictEqual(new Set([{ a: 1 }]), new Set([{ a: 1 }])), isDeepStrictEqual(new Error("a"), new Error("b")), isDeepStrictEqual(new Date(1), new Date(1)), isDeepStrictEqual(Buffer.from("a"), Buffer.from("a")),
    ],
    parseArgs: [
      parseArgs({ args: ["-f", "--bar", "b", "pos"], options: { foo: { type: "boolean", short: "f" }, bar: { type: "string" } }, allowPositionals: true }),
      fails(() => parseArgs({ args: ["--nope"], options: {} })), parseArgs({ args: ["--a=1", "--a=2"], options: { a: { type: "string", multiple: true } } }).values,
    ],
    style: [styleText("red", "x", { validateStream: false }), styleText(["bold", "underline"], "y", { validateStream: false }), stripVTControlCharacters("\u001b[31mz\u001b[39m")],
    types: [types.isDate(new Date()), types.isRegExp(/a/), types.isPromise(Promise.resolve()), types.isAsyncFunction(async () => {}), types.isGeneratorFunction(function* () {}), types.isTypedArray(new Uint8Array()), types.isMap(new Set()), types.isBoxedPrimitive(Object(1)), types.isNativeError(new TypeError()), types.isArgumentsObject((function () { return arguments; })()), types.isUint8Array(Buffer.alloc(1)), types.isAnyArrayBuffer(new ArrayBuffer(1))],
    env: parseEnv("A=1\nB='two words'\n# no\nC=\"x\\ny\"\nexport D=4"),
    mime: [new MIMEType("text/html; charset=utf-8").essence, new MIMEType("text/html; charset=utf-8").params.get("charset"), `${new MIMEType("a/b;c=d")}`],
    text: [toUSVString("a\ud800"), getSystemErrorName(-2), util.isArray([])],
    deprecated: deprecate((a) => a + 1, "old", "DEP_X")(1),
    errors: [fails(() => promisify(1)), fails(() => inherits(1, 2)), fails(() => styleText("nope", "x"))],
  };
}
