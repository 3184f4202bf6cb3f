/**
 * The files of node:fs as Workers has them (https://developers.cloudflare.com/workers/runtime-apis/nodejs/fs/), in memory by memfs:
 * /bundle with the program's text, data, JSON and WebAssembly, /tmp to write to, and /dev. What is in /tmp is gone when no
 * request is under way.
 */
import { createFsFromVolume, Volume } from "memfs/lib/index.js";
import { currentEvent, liveCount, onEnd } from "../../events.js";
import { programModules } from "../../node.js";
import { Buffer } from "../buffer.js";

const CHARACTER_DEVICE = 0o020666;
const MOST_RANDOM_BYTES = 65536;

const refuse = () => { throw Object.assign(new Error("EPERM: operation not permitted"), { code: "EPERM", errno: -1 }); };

/** Nothing is made in, or taken from, a folder. */
const keep = (link) => Object.assign(link, { createChild: refuse, deleteChild: refuse });

/** Nothing is written to a file. */
const freeze = (node) => Object.assign(node, { write: refuse, setString: refuse, setBuffer: refuse, truncate: refuse, chmod: refuse, chown: refuse });

const DEVICES = {
  null: { read: () => 0, write: (bytes, offset = 0, length = bytes.length) => length },
  zero: { read: (bytes, offset = 0, length = bytes.length) => (bytes.fill(0, offset, offset + length), length), write: (bytes, offset = 0, length = bytes.length) => length },
  full: {
    read: (bytes, offset = 0, length = bytes.length) => (bytes.fill(0, offset, offset + length), length),
    write() { throw Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC", errno: -28, syscall: "write" }); },
  },
  random: {
    read(bytes, offset = 0, length = bytes.length) {
      for (let at = offset; at < offset + length; at += MOST_RANDOM_BYTES) {
        crypto.getRandomValues(bytes.subarray(at, Math.min(at + MOST_RANDOM_BYTES, offset + length)));
      }
      return length;
    },
    write: (bytes, offset = 0, length = bytes.length) => length,
  },
};

function contentOf({ type, code, data }) {
  if (type === "text" || type === "json") return Buffer.from(code);
  return type === "data" || type === "wasm" ? Buffer.from(data, "base64") : null;
}

function build() {
  const volume = new Volume();
  for (const folder of ["/bundle", "/tmp", "/dev"]) volume.mkdirSync(folder);
  for (const module of programModules()) {
    const content = contentOf(module);
    if (content === null) continue;
    const path = `/bundle/${module.name.replace(/^(?:\.?\/)+/, "")}`;
    volume.mkdirSync(path.slice(0, path.lastIndexOf("/")), { recursive: true });
    volume.writeFileSync(path, content);
    freeze(volume.getLink(path.slice(1).split("/")).getNode());
  }
  for (const name of Object.keys(DEVICES)) {
    volume.writeFileSync(`/dev/${name}`, "");
    const node = volume.getLink(["dev", name]).getNode();
    Object.assign(node, DEVICES[name], { mode: CHARACTER_DEVICE, getBuffer: () => Buffer.alloc(0), setBuffer() {}, setString() {}, truncate() {} });
  }
  const kept = (link) => {
    keep(link);
    for (const [name, child] of link.children) if (name !== "." && name !== ".." && child.getNode().isDirectory()) kept(child);
  };
  const writable = volume.root.getChild("tmp");
  volume.root.children.delete("tmp");
  kept(volume.root);
  volume.root.children.set("tmp", writable);
  forget(volume, writable);
  return volume;
}

/** Empty /tmp when the last request that may have written there has ended. */
function forget(volume, link) {
  const { createChild } = link;
  let watched = false;
  link.createChild = (...args) => {
    const event = currentEvent();
    if (!watched && event !== null) {
      watched = true;
      const look = () => {
        const other = liveCount() === 0 ? null : currentEvent();
        if (other !== null) return onEnd(other, look);
        watched = false;
        for (const name of volume.readdirSync("/tmp")) volume.rmSync(`/tmp/${name}`, { recursive: true, force: true });
        return undefined;
      };
      onEnd(event, look);
    }
    return createChild.apply(link, args);
  };
}

/** memfs writes bytes only by a handle. */
function writeText(promises) {
  const { open } = promises;
  promises.open = async (...args) => {
    const handle = await open(...args);
    const { write } = handle;
    handle.write = (data, ...rest) => {
      if (typeof data !== "string") return write.call(handle, data, ...rest);
      const bytes = Buffer.from(data, rest[1]);
      return write.call(handle, bytes, 0, bytes.length, rest[0] ?? null);
    };
    return handle;
  };
}

export const files = createFsFromVolume(build());
writeText(files.promises);
