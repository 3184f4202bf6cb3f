import { chunk, cloneDeep, debounce, get, groupBy, isEqual, merge, orderBy, set, template, uniqBy } from "lodash-es";
import { library } from "./check.js";

export default library(async ({ equal, throws }) => {
  equal([chunk([1, 2, 3], 2), groupBy([6.1, 4.2, 6.3], Math.floor), uniqBy([{ a: 1 }, { a: 1 }], "a")], [[[1, 2], [3]], { 4: [4.2], 6: [6.1, 6.3] }, [{ a: 1 }]]);
  equal([get({ a: [{ b: 3 }] }, "a[0].b"), set({}, "a[0].b", 1), merge({ a: { b: 1 } }, { a: { c: 2 } })], [3, { a: [{ b: 1 }] }, { a: { b: 1, c: 2 } }]);
  const value = { at: new Date(0), map: new Map([[1, new Set([/x/g])]]), bytes: new Uint8Array([1, 2]) };
  equal([isEqual(cloneDeep(value), value), cloneDeep(value) === value], [true, false]);
  equal(orderBy([{ n: "b", a: 1 }, { n: "a", a: 2 }, { n: "a", a: 1 }], ["n", "a"], ["asc", "desc"]).map(({ n, a }) => n + a), ["a2", "a1", "b1"]);
  let calls = 0;
  const later = debounce(() => { calls++; }, 2);
  later(); later();
  await new Promise((resolve) => setTimeout(resolve, 20));
  equal(calls, 1);
  await throws(() => template("a <%= b %>")({ b: 1 }), "EvalError"); // as at Cloudflare: it makes code of text
});
