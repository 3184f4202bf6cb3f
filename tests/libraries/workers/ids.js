import { customAlphabet, nanoid } from "nanoid";
import { NIL, parse, stringify, v1, v4, v5, v7, validate, version } from "uuid";
import { library } from "./check.js";

export default library(async ({ equal }) => {
  equal([nanoid().length, /^[\w-]{21}$/.test(nanoid()), new Set(Array.from({ length: 500 }, () => nanoid())).size], [21, true, 500]);
  equal(/^[abc]{9}$/.test(customAlphabet("abc", 9)()), true);
  equal(v5("www.example.com", v5.DNS), "2ed6657d-e927-568b-95e1-2665a8aea6a2"); // RFC 9562, A.4
  equal([v1(), v4(), v7()].map(version), [1, 4, 7]);
  equal([validate(v4()), validate("x"), stringify(parse(NIL)), v7() < v7()], [true, false, NIL, true]);
});
