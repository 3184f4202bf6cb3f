/** node:dns (https://nodejs.org/docs/latest/api/dns.html): dns/promises with callbacks. */
import validators from "nodelib:internal/validators";
import promises from "./dns/promises.js";
import process from "./process.js";

const { validateFunction } = validators;

/** @param {string} name @returns {Function} of dns/promises, its last argument a callback */
const callbackOf = (name) => ({
  [name](...args) {
    const done = args.pop();
    validateFunction(done, "callback");
    promises[name](...args).then((value) => {
      if (name === "lookup" && !Array.isArray(value)) process.nextTick(done, null, value.address, value.family);
      else process.nextTick(done, null, value);
    }, (error) => process.nextTick(done, error));
  },
})[name];

export const
  lookup = callbackOf("lookup"), lookupService = callbackOf("lookupService"), resolve = callbackOf("resolve"),
  resolve4 = callbackOf("resolve4"), resolve6 = callbackOf("resolve6"), resolveAny = callbackOf("resolveAny"),
  resolveCaa = callbackOf("resolveCaa"), resolveCname = callbackOf("resolveCname"), resolveMx = callbackOf("resolveMx"),
  resolveNaptr = callbackOf("resolveNaptr"), resolveNs = callbackOf("resolveNs"), resolvePtr = callbackOf("resolvePtr"),
  resolveSoa = callbackOf("resolveSoa"), resolveSrv = callbackOf("resolveSrv"), resolveTxt = callbackOf("resolveTxt"),
  reverse = callbackOf("reverse");

const methods = {
  resolve, resolve4, resolve6, resolveAny, resolveCaa, resolveCname, resolveMx, resolveNaptr, resolveNs, resolvePtr, resolveSoa, resolveSrv,
  resolveTxt, reverse,
};
export class Resolver extends promises.Resolver {}
Object.assign(Resolver.prototype, methods);

export const ADDRCONFIG = 32, ALL = 16, V4MAPPED = 8;
export const {
  ADDRGETNETWORKPARAMS, BADFAMILY, BADFLAGS, BADHINTS, BADNAME, BADQUERY, BADRESP, BADSTR, CANCELLED, CONNREFUSED, DESTRUCTION, EOF, FILE,
  FORMERR, getDefaultResultOrder, getServers, LOADIPHLPAPI, NODATA, NOMEM, NONAME, NOTFOUND, NOTIMP, NOTINITIALIZED, REFUSED, SERVFAIL,
  setDefaultResultOrder, setServers, TIMEOUT,
} = promises;
export { promises };
export default { ...promises, ...methods, ADDRCONFIG, ALL, lookup, lookupService, promises, Resolver, V4MAPPED };
