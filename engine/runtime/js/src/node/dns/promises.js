/** node:dns/promises (https://nodejs.org/docs/latest/api/dns.html#dns-promises-api), as Workers has it: DNS over HTTPS from 1.1.1.1. */
import errors from "nodelib:internal/errors";
import validators from "nodelib:internal/validators";
import constants from "unenv/node/dns/promises";
import { notImplemented, notImplementedError } from "../internal/not-implemented.js";
import { isIP } from "../net.js";

const { ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE } = errors.codes;
const { validateString } = validators;

const ENDPOINT = "https://cloudflare-dns.com/dns-query";
const TYPES = {
  __proto__: null, A: 1, NS: 2, CNAME: 5, SOA: 6, PTR: 12, MX: 15, TXT: 16, AAAA: 28, SRV: 33, NAPTR: 35, CAA: 257, ANY: 255,
};

function failure(code, call, name) {
  return Object.assign(new Error(`${call} ${code} ${name}`), { code, errno: undefined, syscall: call, hostname: name });
}

const METHOD = { __proto__: null, A: "query", AAAA: "query" };

async function query(name, type) {
  validateString(name, "name");
  const call = `query${METHOD[type] === undefined ? type[0] + type.slice(1).toLowerCase() : type === "A" ? "A" : "Aaaa"}`;
  const url = `${ENDPOINT}?name=${encodeURIComponent(name)}&type=${type}`;
  const response = await fetch(url, { headers: { accept: "application/dns-json" } });
  if (!response.ok) throw failure("ECONNREFUSED", call, name);
  const { Status: status, Answer: answers = [] } = await response.json();
  if (status === 3) throw failure("ENOTFOUND", call, name);
  if (status !== 0) throw failure("ESERVFAIL", call, name);
  const found = type === "ANY" ? answers : answers.filter((one) => one.type === TYPES[type]);
  if (found.length === 0) throw failure("ENODATA", call, name);
  return found;
}

const plain = (name) => name.replace(/\.$/, "");
const strings = (data) => (data.match(/"(?:\\.|[^"\\])*"|\S+/g) ?? []).map((one) => one.replace(/^"|"$/g, "").replace(/\\(.)/g, "$1"));
const values = async (name, type, convert = (data) => data) => (await query(name, type)).map(({ data }) => convert(data));
const addresses = async (name, type, options) =>
  options?.ttl ? (await query(name, type)).map(({ data, TTL }) => ({ address: data, ttl: TTL })) : values(name, type);

export const resolve4 = (name, options) => addresses(name, "A", options);
export const resolve6 = (name, options) => addresses(name, "AAAA", options);
export const resolveNs = (name) => values(name, "NS", plain);
export const resolveCname = (name) => values(name, "CNAME", plain);
export const resolvePtr = (name) => values(name, "PTR", plain);
export const resolveTxt = (name) => values(name, "TXT", strings);
export const resolveMx = (name) => values(name, "MX", (data) => {
  const [priority, exchange] = data.split(" ");
  return { exchange: plain(exchange), priority: +priority };
});
export const resolveSrv = (name) => values(name, "SRV", (data) => {
  const [priority, weight, port, target] = data.split(" ");
  return { name: plain(target), port: +port, priority: +priority, weight: +weight };
});
export const resolveCaa = (name) => values(name, "CAA", (data) => {
  const [critical, field, value] = strings(data);
  return { critical: +critical, [field]: value };
});
export const resolveNaptr = (name) => values(name, "NAPTR", (data) => {
  const [order, preference, flags, service, regexp, replacement] = strings(data);
  return { flags, service, regexp, replacement: plain(replacement), order: +order, preference: +preference };
});
export async function resolveSoa(name) {
  const [nsname, hostmaster, serial, refresh, retry, expire, minttl] = (await query(name, "SOA"))[0].data.split(" ");
  return {
    nsname: plain(nsname), hostmaster: plain(hostmaster), serial: +serial, refresh: +refresh, retry: +retry, expire: +expire, minttl: +minttl,
  };
}
export const resolveAny = async (name) => (await query(name, "ANY")).map(({ type, data, TTL }) => ({
  type: Object.keys(TYPES).find((one) => TYPES[one] === type) ?? `${type}`, value: data, ttl: TTL,
}));

const BY_TYPE = {
  __proto__: null, A: resolve4, AAAA: resolve6, ANY: resolveAny, CAA: resolveCaa, CNAME: resolveCname, MX: resolveMx, NAPTR: resolveNaptr,
  NS: resolveNs, PTR: resolvePtr, SOA: resolveSoa, SRV: resolveSrv, TXT: resolveTxt,
};
export async function resolve(name, type = "A") {
  if (typeof type !== "string") throw new ERR_INVALID_ARG_TYPE("rrtype", "string", type);
  if (BY_TYPE[type] === undefined) throw new ERR_INVALID_ARG_VALUE("rrtype", type);
  return BY_TYPE[type](name);
}

export async function reverse(address) {
  const kind = isIP(address);
  if (kind === 0) throw failure("EINVAL", "getHostByAddr", address);
  if (kind === 4) return resolvePtr(`${address.split(".").reverse().join(".")}.in-addr.arpa`);
  const full = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [head, tail = ""] = full.split("::");
  const left = head === "" ? [] : head.split(":"), right = tail === "" ? [] : tail.split(":");
  const groups = full.includes("::") ? [...left, ...Array(8 - left.length - right.length).fill("0"), ...right] : left;
  return resolvePtr(`${groups.map((one) => one.padStart(4, "0")).join("").split("").reverse().join(".")}.ip6.arpa`);
}

/** @param {string} hostname @param {number | {family?: number | string, all?: boolean}} [options] */
export async function lookup(hostname, options = {}) {
  const { family: given = 0, all = false } = typeof options === "object" && options !== null ? options : { family: options };
  const family = given === "IPv4" ? 4 : given === "IPv6" ? 6 : given;
  if (![0, 4, 6].includes(family)) throw new ERR_INVALID_ARG_VALUE("family", family, "must be one of: 0, 4, 6");
  const kind = isIP(hostname);
  let found = [];
  if (!hostname) return all ? [] : { address: null, family: family === 6 ? 6 : 4 };
  if (kind !== 0) found = [{ address: hostname, family: kind }];
  else {
    const kinds = family === 0 ? [4, 6] : [family];
    const settled = await Promise.allSettled(kinds.map((one) => (one === 4 ? resolve4 : resolve6)(hostname)));
    settled.forEach(({ value = [] }, i) => { for (const address of value) found.push({ address, family: kinds[i] }); });
  }
  if (found.length === 0) throw failure("ENOTFOUND", "getaddrinfo", hostname);
  return all ? found : found[0];
}

let order = "verbatim";
export const getDefaultResultOrder = () => order;
export const setDefaultResultOrder = (value) => { order = value; };
export const getServers = () => ["1.1.1.1", "2606:4700:4700::1111", "1.0.0.1", "2606:4700:4700::1001"];
export const setServers = notImplemented("dns.setServers");
export const lookupService = async () => { throw notImplementedError("dns.lookupService"); };

const methods = {
  getServers, resolve, resolve4, resolve6, resolveAny, resolveCaa, resolveCname, resolveMx, resolveNaptr, resolveNs, resolvePtr, resolveSoa,
  resolveSrv, resolveTxt, reverse, setServers,
};
export class Resolver {
  cancel() {}
  setLocalAddress() {}
}
Object.assign(Resolver.prototype, methods);

export const {
  ADDRGETNETWORKPARAMS, BADFAMILY, BADFLAGS, BADHINTS, BADNAME, BADQUERY, BADRESP, BADSTR, CANCELLED, CONNREFUSED, DESTRUCTION, EOF, FILE,
  FORMERR, LOADIPHLPAPI, NODATA, NOMEM, NONAME, NOTFOUND, NOTIMP, NOTINITIALIZED, REFUSED, SERVFAIL, TIMEOUT,
} = constants;
export default { ...constants, ...methods, getDefaultResultOrder, lookup, lookupService, Resolver, setDefaultResultOrder };
