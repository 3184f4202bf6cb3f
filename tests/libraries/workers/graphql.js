import { buildSchema, graphql, parse, print, subscribe } from "graphql";
import { library } from "./check.js";

const schema = buildSchema(`
  enum Kind { CAT DOG }
  interface Animal { name: String! kind: Kind! }
  type Cat implements Animal { name: String! kind: Kind! lives: Int! }
  type Query { animals(kind: Kind): [Animal!]! fail: String }
  type Subscription { count(to: Int!): Int! }`);
const rootValue = {
  animals: () => [{ __typename: "Cat", name: "Tom", kind: "CAT", lives: async () => 9 }],
  fail() { throw new Error("failed"); },
  async *count({ to }) { for (let i = 1; i <= to; i++) yield { count: i }; },
};

export default library(async ({ equal }) => {
  const ask = (source, variableValues) => graphql({ schema, source, rootValue, variableValues });
  equal(await ask("query ($k: Kind) { animals(kind: $k) { __typename name ... on Cat { lives } } }", { k: "CAT" }),
    { data: { animals: [{ __typename: "Cat", name: "Tom", lives: 9 }] } });
  const failed = await ask("{ fail }");
  equal([failed.data, failed.errors[0].message, failed.errors[0].path], [{ fail: null }, "failed", ["fail"]]);
  equal((await ask("{ nothing }")).errors[0].message, 'Cannot query field "nothing" on type "Query".');
  equal(print(parse("{a(b:1){c}}")), "{\n  a(b: 1) {\n    c\n  }\n}");
  const counted = [];
  for await (const { data } of await subscribe({ schema, document: parse("subscription { count(to: 3) }"), rootValue })) counted.push(data.count);
  equal(counted, [1, 2, 3]);
});
