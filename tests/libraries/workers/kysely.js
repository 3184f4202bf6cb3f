import { DummyDriver, Kysely, SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler, sql } from "kysely";
import { library } from "./check.js";

const db = new Kysely({ dialect: {
  createAdapter: () => new SqliteAdapter(), createDriver: () => new DummyDriver(),
  createIntrospector: (one) => new SqliteIntrospector(one), createQueryCompiler: () => new SqliteQueryCompiler(),
} });

export default library(async ({ equal, env }) => {
  const query = db.selectFrom("users as u").innerJoin("posts as p", "p.author", "u.id").select(["u.name", sql`count(*)`.as("n")])
    .where((eb) => eb.or([eb("u.id", ">", 3), eb("u.name", "in", ["a", "b"])])).groupBy("u.id").orderBy("n", "desc").limit(2).compile();
  equal([query.sql, query.parameters], ['select "u"."name", count(*) as "n" from "users" as "u" inner join "posts" as "p" on "p"."author" = "u"."id" where ("u"."id" > ? or "u"."name" in (?, ?)) group by "u"."id" order by "n" desc limit ?', [3, "a", "b", 2]]);
  const made = db.schema.createTable("kysely").ifNotExists().addColumn("id", "integer", (column) => column.primaryKey()).addColumn("word", "text").compile();
  await env.DB.prepare(made.sql).run();
  const put = db.insertInto("kysely").values({ id: 1, word: "w" }).onConflict((conflict) => conflict.column("id").doUpdateSet({ word: "w" })).returningAll().compile();
  equal((await env.DB.prepare(put.sql).bind(...put.parameters).all()).results, [{ id: 1, word: "w" }]);
});
