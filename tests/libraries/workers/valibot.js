import * as v from "valibot";
import { library } from "./check.js";

const Login = v.pipe(v.object({ email: v.pipe(v.string(), v.email()), password: v.pipe(v.string(), v.minLength(8)), when: v.optional(v.pipe(v.string(), v.isoDate())) }),
  v.transform(({ email }) => email.toUpperCase()));

export default library(async ({ equal, throws }) => {
  equal(v.parse(Login, { email: "a@b.example", password: "12345678" }), "A@B.EXAMPLE");
  equal(v.safeParse(Login, { email: "a", password: "1", when: "x" }).issues.map((issue) => v.getDotPath(issue)), ["email", "password", "when"]);
  await throws(() => v.parse(v.variant("t", [v.object({ t: v.literal(1) })]), { t: 2 }), "ValiError");
  equal(v.is(v.map(v.string(), v.date()), new Map([["a", new Date()]])), true);
});
