/**
 * `request.cf` of what comes in (https://developers.cloudflare.com/workers/runtime-apis/request/#incomingrequestcfproperties):
 * where a client would be if this machine stood in one of Cloudflare's places. Scripts read it without asking whether it is there.
 */
import { StringPrototypeStartsWith } from "../primordials.js";

/** Stands for it until somebody looks. */
export const LOCAL = { __proto__: null };

/** @param {string} url @returns {Record<string, any>} */
export function localCf(url) {
  const tls = StringPrototypeStartsWith(url, "https:");
  return {
    asn: 13335,
    asOrganization: "Cloudflare",
    city: "San Francisco",
    clientAcceptEncoding: "gzip, deflate, br",
    clientTcpRtt: 0,
    colo: "SFO",
    continent: "NA",
    country: "US",
    edgeRequestKeepAliveStatus: 1,
    httpProtocol: "HTTP/1.1",
    latitude: "37.77493",
    longitude: "-122.41942",
    metroCode: "807",
    postalCode: "94103",
    region: "California",
    regionCode: "CA",
    requestPriority: "",
    timezone: "America/Los_Angeles",
    tlsCipher: tls ? "AEAD-AES128-GCM-SHA256" : "",
    tlsClientAuth: {
      certPresented: "0", certVerified: "NONE", certRevoked: "0", certIssuerDN: "", certSubjectDN: "", certIssuerDNRFC2253: "",
      certSubjectDNRFC2253: "", certIssuerDNLegacy: "", certSubjectDNLegacy: "", certSerial: "", certIssuerSerial: "", certSKI: "",
      certIssuerSKI: "", certFingerprintSHA1: "", certFingerprintSHA256: "", certNotBefore: "", certNotAfter: "",
    },
    tlsVersion: tls ? "TLSv1.3" : "",
    verifiedBotCategory: "",
    botManagement: {
      corporateProxy: false, verifiedBot: false, jsDetection: { passed: false }, staticResource: false, detectionIds: {}, score: 99,
    },
  };
}
