/** Internationalised domain names (https://unicode.org/reports/tr46/). */
export { toASCII, toUnicode } from "tr46";
