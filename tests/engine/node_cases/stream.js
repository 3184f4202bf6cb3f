import { Readable, Writable, Transform, Duplex, PassThrough, pipeline, finished, addAbortSignal, compose } from "node:stream";
import promises from "node:stream/promises";
import * as consumers from "node:stream/consumers";
import { Buffer } from "node:buffer";

export async function answer() {
  const log = [];
  const upper = () => new Transform({ transform(chunk, encoding, done) { done(null, chunk.toString().toUpperCase()); } });
  const collect = async (stream) => { const list = []; for await (const one of stream) list.push(Buffer.isBuffer(one) ? one.toString() : one); return list; };
  const sink = (list) => new Writable({ write(chunk, encoding, done) { list.push(chunk.toString()); done(); }, final(done) { list.push("final"); done(); } });
  const piped = [];
  await promises.pipeline(Readable.from(["a", "b"]), upper(), sink(piped));
  const failed = await promises.pipeline(Readable.from(["a"]), new Transform({ transform(c, e, done) { done(new Error("bad")); } }), sink([])).catch((error) => error.message);
  const generated = [];
  await promises.pipeline(async function* () { yield "x"; yield "y"; }, async function* (source) { for await (const one of source) yield `${one}!`; }, sink(generated));
  const events = await new Promise((resolve) => {
    const seen = [];
    const stream = new Readable({ read() {} });
    for (const name of ["data", "end", "close", "readable"]) if (name !== "readable") stream.on(name, (value) => { seen.push(value === undefined ? name : `${name}:${value}`); if (name === "close") resolve(seen); });
    stream.push("1"); stream.push("2"); stream.push(null);
  });
  const small = new Writable({ highWaterMark: 3, write(chunk, encoding, done) { setTimeout(done, 1); } });
  const pressure = [small.write("ab"), small.write("cd"), small.writableLength, small.writableNeedDrain];
  await new Promise((resolve) => small.once("drain", resolve));
  const afterEnd = await new Promise((resolve) => { const w = sink([]); w.end(); w.on("error", (error) => resolve(error.code)); w.write("x"); });
  const premature = await new Promise((resolve) => { const r = new Readable({ read() {} }); finished(r, (error) => resolve(error.code)); r.destroy(); });
  const object = await collect(Readable.from([1, 2, 3, 4]).filter((n) => n % 2 === 0).map(async (n) => n * 10));
  const web = Readable.toWeb(Readable.from(["w1", "w2"]));
  const fromWeb = Readable.fromWeb(new ReadableStream({ start(c) { c.enqueue("f1"); c.enqueue("f2"); c.close(); } }), { objectMode: true });
  const pass = new PassThrough();
  pass.write("p1"); pass.end("p2");
  const controller = new AbortController();
  const abortable = addAbortSignal(controller.signal, new Readable({ read() {} }));
  const aborted = new Promise((resolve) => abortable.on("error", (error) => resolve([error.name, error.code])));
  controller.abort();
  const read = new Readable({ read() { this.push("abcdef"); this.push(null); } });
  read.setEncoding("utf8");
  await new Promise((resolve) => read.once("readable", resolve));
  const parts = [read.read(2), read.read(3), read.read()];
  const duplex = new Duplex({ read() { this.push("d"); this.push(null); }, write(c, e, done) { log.push(`w:${c}`); done(); } });
  duplex.end("in");
  return {
    piped, failed, generated, events, pressure, afterEnd, premature, object, parts, log,
    webText: await (async () => { let text = ""; for await (const one of web) text += one; return text; })(),
    fromWeb: await collect(fromWeb), pass: (await collect(pass)).join(""), aborted: await aborted, duplex: await collect(duplex),
    consumers: [await consumers.text(Readable.from(["a", "b"])), await consumers.json(Readable.from(["{\"a\":", "1}"])), (await consumers.buffer(Readable.from([Buffer.from("z")]))).toString(), (await consumers.arrayBuffer(Readable.from([Buffer.from("zz")]))).byteLength],
    operators: [await Readable.from([1, 2, 3]).reduce((a, b) => a + b), await Readable.from([1, 2]).toArray(), await Readable.from([5, 6]).some((n) => n > 5), await collect(Readable.from([1, 2, 3]).take(2)), await collect(Readable.from([1, 2]).flatMap((n) => [n, n]))],
    composed: await collect(compose(upper(), new PassThrough()).end("mix")),
    state: [pass.destroyed, pass.writableFinished, Readable.from([]).readableObjectMode, new Writable().writableHighWaterMark === new Readable().readableHighWaterMark],
  };
}
