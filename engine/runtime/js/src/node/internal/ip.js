/** Which text is an IP address (https://nodejs.org/docs/latest/api/net.html#netisipinput). */
const OCTET = "(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";
const V4 = `(?:${OCTET}\\.){3}${OCTET}`;
const GROUP = "[0-9a-fA-F]{1,4}";
const V6 = [
  `(?:${GROUP}:){7}(?:${GROUP}|:)`,
  `(?:${GROUP}:){6}(?:${V4}|:${GROUP}|:)`,
  `(?:${GROUP}:){5}(?::${V4}|(?::${GROUP}){1,2}|:)`,
  `(?:${GROUP}:){4}(?:(?::${GROUP}){0,1}:${V4}|(?::${GROUP}){1,3}|:)`,
  `(?:${GROUP}:){3}(?:(?::${GROUP}){0,2}:${V4}|(?::${GROUP}){1,4}|:)`,
  `(?:${GROUP}:){2}(?:(?::${GROUP}){0,3}:${V4}|(?::${GROUP}){1,5}|:)`,
  `(?:${GROUP}:){1}(?:(?::${GROUP}){0,4}:${V4}|(?::${GROUP}){1,6}|:)`,
  `(?::(?:(?::${GROUP}){0,5}:${V4}|(?::${GROUP}){1,7}|:))`,
].join("|");
const IS_V4 = new RegExp(`^${V4}$`);
const IS_V6 = new RegExp(`^(?:${V6})(?:%[0-9a-zA-Z-.:]{1,})?$`);

export const isIPv4 = (text) => IS_V4.test(`${text}`);
export const isIPv6 = (text) => IS_V6.test(`${text}`);
/** @param {any} text @returns {0 | 4 | 6} */
export const isIP = (text) => (isIPv4(text) ? 4 : isIPv6(text) ? 6 : 0);
