import { z } from "zod";
import { library } from "./check.js";

const User = z.object({
  name: z.string().min(2).trim(), age: z.coerce.number().int().positive(), mail: z.email().optional(),
  role: z.enum(["a", "b"]).default("a"), tags: z.array(z.string()).transform((tags) => tags.join()),
}).refine((user) => user.name !== "root", { path: ["name"], message: "reserved" });

export default library(async ({ equal, throws }) => {
  equal(User.parse({ name: " Ann", age: "7", tags: ["x", "y"] }), { name: "Ann", age: 7, role: "a", tags: "x,y" });
  const wrong = User.safeParse({ name: "A", age: -1, mail: "no", tags: 1 });
  equal([wrong.success, wrong.error.issues.map((issue) => issue.path.join("."))], [false, ["name", "age", "mail", "tags"]]);
  await throws(() => User.parse({}), "ZodError");
  const tree = z.discriminatedUnion("type", [z.object({ type: z.literal("leaf"), value: z.bigint() }), z.object({ type: z.literal("node"), get next() { return tree; } })]);
  equal(tree.parse({ type: "node", next: { type: "leaf", value: 1n } }), { type: "node", next: { type: "leaf", value: 1n } });
  equal(await z.string().refine(async (text) => text === "ok").safeParseAsync("ok"), { success: true, data: "ok" });
  equal(z.toJSONSchema(z.object({ a: z.string() })).properties, { a: { type: "string" } });
});
