import { and, count, desc, eq, gt, sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { library } from "./check.js";

const users = sqliteTable("users", { id: integer().primaryKey({ autoIncrement: true }), name: text().notNull(), tags: text({ mode: "json" }) });
const posts = sqliteTable("posts", { id: integer().primaryKey(), author: integer().references(() => users.id), title: text() });

export default library(async ({ equal, env }) => {
  const db = drizzle(env.DB);
  await db.run(sql`DROP TABLE IF EXISTS posts`);
  await db.run(sql`DROP TABLE IF EXISTS users`);
  await db.run(sql`CREATE TABLE users (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, tags TEXT)`);
  await db.run(sql`CREATE TABLE posts (id INTEGER PRIMARY KEY, author INTEGER, title TEXT)`);
  equal(await db.insert(users).values([{ name: "Ann", tags: ["a"] }, { name: "Bob", tags: null }]).returning(), [{ id: 1, name: "Ann", tags: ["a"] }, { id: 2, name: "Bob", tags: null }]);
  await db.batch([db.insert(posts).values({ id: 1, author: 1, title: "one" }), db.insert(posts).values({ id: 2, author: 1, title: "two" })]);
  equal(await db.select({ name: users.name, posts: count(posts.id) }).from(users).leftJoin(posts, eq(posts.author, users.id)).groupBy(users.id).orderBy(desc(users.name)),
    [{ name: "Bob", posts: 0 }, { name: "Ann", posts: 2 }]);
  equal((await db.update(users).set({ name: "Eve" }).where(and(eq(users.id, 2), gt(users.id, 1)))).meta.changes, 1);
  equal(await db.select().from(users).where(eq(users.name, "Eve")).get(), { id: 2, name: "Eve", tags: null });
  equal(db.select().from(posts).where(eq(posts.title, "x")).toSQL(), { sql: 'select "id", "author", "title" from "posts" where "posts"."title" = ?', params: ["x"] });
});
