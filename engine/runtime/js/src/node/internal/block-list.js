/** net.BlockList and net.SocketAddress (https://nodejs.org/docs/latest/api/net.html): addresses as numbers. */
import errors from "nodelib:internal/errors";
import { isIPv4, isIPv6 } from "./ip.js";

const { ERR_INVALID_ARG_VALUE, ERR_OUT_OF_RANGE } = errors.codes;
const MAPPED = 0xffffn << 32n;

const v4 = (text) => text.split(".").reduce((sum, part) => (sum << 8n) | BigInt(part), 0n);

/** @param {string} text an IPv6 address @returns {bigint} */
function v6(text) {
  let [plain] = text.split("%");
  const dotted = /[^:]+\.[^:]+$/.exec(plain)?.[0];
  if (dotted !== undefined) {
    const low = v4(dotted);
    plain = `${plain.slice(0, -dotted.length)}${(low >> 16n).toString(16)}:${(low & 0xffffn).toString(16)}`;
  }
  const [head, tail] = plain.split("::");
  const before = head ? head.split(":") : [];
  const after = tail ? tail.split(":") : [];
  const groups = [...before, ...new Array(Math.max(0, 8 - before.length - after.length)).fill("0"), ...after];
  return groups.reduce((sum, group) => (sum << 16n) | BigInt(`0x${group}`), 0n);
}

/** An address as 128 bits, IPv4 as it is mapped into IPv6. */
const number = (address) => (address.family === "ipv4" ? MAPPED | v4(address.address) : v6(address.address));

export class SocketAddress {
  #options;
  constructor({ family = "ipv4", address = family === "ipv6" ? "::" : "127.0.0.1", port = 0, flowlabel = 0 } = {}) {
    family = `${family}`.toLowerCase();
    if (family !== "ipv4" && family !== "ipv6") throw new ERR_INVALID_ARG_VALUE("options.family", family);
    if (!(family === "ipv4" ? isIPv4 : isIPv6)(address)) throw new ERR_INVALID_ARG_VALUE("options.address", address);
    if (!(port >= 0 && port < 65536)) throw new ERR_OUT_OF_RANGE("options.port", ">= 0 and < 65536", port);
    this.#options = { address, family, port: +port, flowlabel };
  }
  get address() { return this.#options.address; }
  get family() { return this.#options.family; }
  get port() { return this.#options.port; }
  get flowlabel() { return this.#options.flowlabel; }
  toJSON() { return { ...this.#options }; }
  /** @param {string} text "1.2.3.4:80", "[::1]:80" @returns {SocketAddress | undefined} */
  static parse(text) {
    const found = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d+))?$/.exec(text);
    const address = found?.[1] ?? found?.[2] ?? "";
    const family = isIPv4(address) ? "ipv4" : "ipv6";
    if (found === null || !(isIPv4(address) || isIPv6(address))) return undefined;
    return new SocketAddress({ address, family, port: +(found[3] ?? 0) });
  }
  static isSocketAddress(value) { return typeof value === "object" && value !== null && #options in value; }
}

const asAddress = (value, family) => (SocketAddress.isSocketAddress(value) ? value : new SocketAddress({ address: value, family }));
const title = (address) => (address.family === "ipv4" ? "IPv4" : "IPv6");

export class BlockList {
  #ranges = [];
  addAddress(address, family) {
    const one = asAddress(address, family);
    this.#add(number(one), number(one), `Address: ${title(one)} ${one.address}`);
  }
  addRange(start, end, family) {
    const from = asAddress(start, family), to = asAddress(end, family);
    if (number(from) > number(to)) throw new ERR_INVALID_ARG_VALUE("start", start, "must come before end");
    this.#add(number(from), number(to), `Range: ${title(from)} ${from.address}-${to.address}`);
  }
  addSubnet(network, prefix, family) {
    const one = asAddress(network, family);
    const most = one.family === "ipv4" ? 32 : 128;
    if (!Number.isInteger(prefix) || prefix < 0 || prefix > most) throw new ERR_OUT_OF_RANGE("prefix", `>= 0 and <= ${most}`, prefix);
    const rest = (1n << BigInt(most - prefix)) - 1n;
    const low = number(one) & ~rest;
    this.#add(low, low | rest, `Subnet: ${title(one)} ${one.address}/${prefix}`);
  }
  check(address, family) {
    const asked = SocketAddress.isSocketAddress(address) || (family === "ipv6" ? isIPv6 : isIPv4)(address);
    if (!asked) return false;
    const value = number(asAddress(address, family));
    return this.#ranges.some(({ from, to }) => value >= from && value <= to);
  }
  get rules() { return this.#ranges.map(({ rule }) => rule); }
  toJSON() { return this.rules; }
  fromJSON(rules) {
    for (const rule of [rules].flat()) {
      const [, kind, family, what] = /^(\w+): (IPv[46]) (.+)$/.exec(rule) ?? [];
      const parts = `${what}`.split(kind === "Subnet" ? "/" : "-");
      if (kind === "Address") this.addAddress(what, family.toLowerCase());
      else if (kind === "Range") this.addRange(parts[0], parts[1], family.toLowerCase());
      else if (kind === "Subnet") this.addSubnet(parts[0], +parts[1], family.toLowerCase());
      else throw new ERR_INVALID_ARG_VALUE("rules", rule);
    }
  }
  #add(from, to, rule) { this.#ranges.unshift({ from, to, rule }); }
  static isBlockList(value) { return typeof value === "object" && value !== null && #ranges in value; }
}
