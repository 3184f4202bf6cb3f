import { createSchema, createYoga } from "graphql-yoga";
import { library } from "./check.js";

const yoga = createYoga({
  logging: false,
  schema: createSchema({
    typeDefs: "type Query { hello(name: String): String! word: String! } type Subscription { down(from: Int!): Int! }",
    resolvers: {
      Query: { hello: (_, { name }) => `hello ${name ?? "you"}`, word: (_, __, context) => context.WORD },
      Subscription: { down: { async *subscribe(_, { from }) { for (let i = from; i > 0; i--) yield { down: i }; } } },
    },
  }),
});

export default library(async ({ equal, env, ctx }) => {
  const ask = (body, headers = {}) => yoga.fetch(new Request("http://a.example/graphql", {
    method: "POST", headers: { "content-type": "application/json", ...headers }, body: JSON.stringify(body),
  }), env, ctx);
  equal(await (await ask({ query: "query ($n: String) { hello(name: $n) word }", variables: { n: "a" } })).json(), { data: { hello: "hello a", word: "bound" } });
  equal((await (await ask({ query: "{ none }" })).json()).errors[0].message, 'Cannot query field "none" on type "Query".');
  const events = await (await ask({ query: "subscription { down(from: 2) }" }, { accept: "text/event-stream" })).text();
  equal(events.match(/^data: .*$/gm).filter((line) => line.length > 7), ['data: {"data":{"down":2}}', 'data: {"data":{"down":1}}']);
  equal((await yoga.fetch(new Request("http://a.example/graphql?query={hello}"), env, ctx)).status, 200);
});
