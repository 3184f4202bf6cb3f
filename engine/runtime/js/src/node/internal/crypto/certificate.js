/** X509Certificate (https://nodejs.org/docs/latest/api/crypto.html#class-x509certificate), read by the host. */
import errors from "nodelib:internal/errors";
import validators from "nodelib:internal/validators";
import { Buffer } from "../../buffer.js";
import { asBuffer, bytesOf, host } from "./bytes.js";
import { derOf, KeyObject, publicKeyFrom } from "./keys.js";

const { ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE } = errors.codes;
const { validateBoolean, validateObject, validateString } = validators;

/** As RFC 2253 has it, which OpenSSL follows. */
const escaped = (text) => text.replace(/[,+"\\<>;]/g, "\\$&").replace(/^[ #]/, "\\$&").replace(/(?<!\\) $/, "\\ ");
const nameText = (parts) => parts.map((part) => part.map(([key, value]) => `${key}=${escaped(value)}`).join(" + ")).join("\n");
/** A name in which a comma could be taken for the end of it stands in quotes, as Node writes it. */
const quoted = (text) => (/[,"'\\\x00-\x1f\x7f]/.test(text)
  ? `"${text.replace(/["\\]/g, "\\$&").replace(/[,\x00-\x1f\x7f]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`)}"`
  : text);

function nameObject(parts) {
  const object = Object.create(null);
  for (const [key, value] of parts.flat()) {
    if (object[key] === undefined) object[key] = value;
    else if (Array.isArray(object[key])) object[key].push(value);
    else object[key] = [object[key], value];
  }
  return object;
}

/** Whether a name of a certificate, `*.example.com` perhaps, is that of a host (RFC 6125 §6.4). */
function matchesHost(pattern, name, { wildcards = true, partialWildcards = true, multiLabelWildcards = false, singleLabelSubdomains = false }) {
  pattern = pattern.toLowerCase();
  name = name.toLowerCase();
  if (name.startsWith(".") && name.length > 1) {
    const sub = pattern.endsWith(name) ? pattern.slice(0, -name.length) : "";
    return sub !== "" && !(singleLabelSubdomains && sub.includes("."));
  }
  if (pattern === name) return true;
  const star = pattern.indexOf("*");
  const [first, ...rest] = pattern.split(".");
  if (!wildcards || star === -1 || star > first.length || pattern.indexOf("*", star + 1) !== -1 || rest.length < 2) return false;
  if (first !== "*" && (!partialWildcards || first.startsWith("xn--"))) return false;
  const before = first.slice(0, star), behind = `${first.slice(star + 1)}.${rest.join(".")}`;
  const least = before.length + behind.length + (first === "*" ? 1 : 0);
  if (name.length < least || !name.startsWith(before) || !name.endsWith(behind)) return false;
  const filled = name.slice(before.length, name.length - behind.length);
  return (multiLabelWildcards && first === "*" ? /^[a-z0-9.-]+$/ : /^[a-z0-9-]*$/).test(filled);
}

function validateSubject(subject) {
  if (!["default", "always", "never"].includes(subject)) throw new ERR_INVALID_ARG_VALUE("options.subject", subject);
}

/** An address in one way of writing it. @param {string} ip */
function canonicalIP(ip) {
  const part = ip.includes(":") ? `[${ip}]` : ip;
  if (!(part === ip ? /^\d{1,3}(\.\d{1,3}){3}$/ : /^\[[\da-fA-F:.]+\]$/).test(part) || !URL.canParse(`http://${part}`)) {
    throw Object.assign(new TypeError("Invalid IP"), { code: "ERR_INVALID_ARG_VALUE" });
  }
  return new URL(`http://${part}`).hostname;
}
const NIST = { __proto__: null, prime256v1: "P-256", secp384r1: "P-384", secp521r1: "P-521" };
const defined = (object) => Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));

export class X509Certificate {
  #facts; #der; #key;

  /** @param {string | ArrayBuffer | ArrayBufferView} buffer PEM or DER */
  constructor(buffer) {
    const bytes = bytesOf(buffer, "buffer");
    try {
      const { value, bytes: der } = host("certificate", [], bytes);
      this.#facts = value;
      this.#der = asBuffer(der);
    } catch {
      throw new ERR_INVALID_ARG_VALUE("buffer", bytes, "is not a valid certificate");
    }
  }
  static #derOf(value, name) {
    if (typeof value !== "object" || value === null || !(#der in value)) throw new ERR_INVALID_ARG_TYPE(name, "X509Certificate", value);
    return value.#der;
  }

  get subject() { return nameText(this.#facts.subject) || undefined; }
  get issuer() { return nameText(this.#facts.issuer) || undefined; }
  get subjectAltName() {
    const { names } = this.#facts;
    return names.length === 0 ? undefined : names.map(([kind, value]) => `${kind}:${quoted(value)}`).join(", ");
  }
  get infoAccess() {
    const { access } = this.#facts;
    return access.length === 0 ? undefined : access.map(([method, [kind, value]]) => `${method} - ${kind}:${quoted(value)}\n`).join("");
  }
  get keyUsage() { return this.#facts.usage ?? undefined; }
  get ca() { return this.#facts.ca; }
  get serialNumber() { return this.#facts.serial; }
  get validFrom() { return this.#facts.from; }
  get validTo() { return this.#facts.to; }
  get validFromDate() { return new Date(this.#facts.from); }
  get validToDate() { return new Date(this.#facts.to); }
  get fingerprint() { return this.#facts.prints[0]; }
  get fingerprint256() { return this.#facts.prints[1]; }
  get fingerprint512() { return this.#facts.prints[2]; }
  get issuerCertificate() { return undefined; }
  get raw() { return Buffer.from(this.#der); }
  get publicKey() { return (this.#key ??= publicKeyFrom(host("certificateKey", [], this.#der))); }
  toString() { return this.#facts.pem; }
  toJSON() { return this.#facts.pem; }

  checkHost(name, options = {}) {
    validateString(name, "name");
    validateObject(options, "options");
    const { subject = "default" } = options;
    for (const flag of ["wildcards", "partialWildcards", "multiLabelWildcards", "singleLabelSubdomains"]) {
      if (options[flag] !== undefined) validateBoolean(options[flag], `options.${flag}`);
    }
    validateSubject(subject);
    return this.#names("DNS", "CN", subject).find((pattern) => matchesHost(pattern, name, options));
  }
  checkEmail(email, options = {}) {
    validateString(email, "email");
    validateObject(options, "options");
    const { subject = "default" } = options;
    validateSubject(subject);
    const plain = (text) => text.replace(/[^@]*$/, (domain) => domain.toLowerCase());
    return this.#names("email", "emailAddress", subject).some((one) => plain(one) === plain(email)) ? email : undefined;
  }
  checkIP(ip) {
    validateString(ip, "ip");
    const canonical = canonicalIP(ip);
    return this.#facts.names.some(([kind, value]) => kind === "IP Address" && canonicalIP(value) === canonical) ? ip : undefined;
  }
  /** Those of a kind; the subject counts too when it must, or when there are none. */
  #names(kind, attribute, subject) {
    const found = this.#facts.names.filter(([each]) => each === kind).map(([, value]) => value);
    if (subject === "never" || (subject === "default" && found.length > 0)) return found;
    return [...found, ...this.#facts.subject.flat().filter(([key]) => key === attribute).map(([, value]) => value)];
  }

  checkIssued(otherCert) {
    const other = X509Certificate.#derOf(otherCert, "otherCert");
    return host("certificateIssued", [this.#der.length], this.#der, other).value;
  }
  checkPrivateKey(pkey) {
    if (!(pkey instanceof KeyObject)) throw new ERR_INVALID_ARG_TYPE("pkey", "KeyObject", pkey);
    if (pkey.type !== "private") throw new ERR_INVALID_ARG_VALUE("pkey", pkey);
    return host("certificateMatches", [this.#der.length], this.#der, derOf(pkey)).value;
  }
  verify(publicKey) {
    if (!(publicKey instanceof KeyObject)) throw new ERR_INVALID_ARG_TYPE("publicKey", "KeyObject", publicKey);
    if (publicKey.type !== "public") throw new ERR_INVALID_ARG_VALUE("pkey", publicKey);
    return host("certificateSigned", [this.#der.length], this.#der, derOf(publicKey)).value;
  }

  toLegacyObject() {
    const { subject, issuer, usage, access } = this.#facts;
    const { value, bytes } = host("certificateKey", [], this.#der);
    const infoAccess = Object.create(null);
    for (const [method, [kind, text]] of access) (infoAccess[`${method} - ${kind}`] ??= []).push(text);
    const object = {
      subject: nameObject(subject), issuer: nameObject(issuer), subjectaltname: this.subjectAltName,
      infoAccess: access.length === 0 ? undefined : infoAccess, ca: this.ca,
    };
    if (value.kind === "rsa") {
      const [bits, modulus, exponent] = value.numbers;
      Object.assign(object, { modulus, bits, exponent, pubkey: asBuffer(bytes) });
    } else if (value.kind === "ec") {
      const [bits, point] = value.numbers;
      Object.assign(object, { bits, pubkey: Buffer.from(point, "hex"), asn1Curve: value.details.namedCurve, nistCurve: NIST[value.details.namedCurve] });
    }
    return defined(Object.assign(object, {
      valid_from: this.validFrom, valid_to: this.validTo, fingerprint: this.fingerprint, fingerprint256: this.fingerprint256,
      fingerprint512: this.fingerprint512, ext_key_usage: usage ?? undefined, serialNumber: this.serialNumber, raw: this.raw,
    }));
  }
}
