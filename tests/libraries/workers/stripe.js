import Stripe from "stripe";
import { library } from "./check.js";

export default library(async ({ equal, throws }) => {
  const asked = [];
  const answer = async (url, init) => {
    asked.push([init.method, `${url}`, new Headers(init.headers).get("authorization"), init.body]);
    if (`${url}`.endsWith("/missing")) return Response.json({ error: { type: "invalid_request_error", message: "No such customer" } }, { status: 404 });
    return Response.json({ id: "cus_1", object: "customer" }, { headers: { "request-id": "req_1" } });
  };
  const stripe = new Stripe("sk_test_1", { httpClient: Stripe.createFetchHttpClient(answer), telemetry: false, maxNetworkRetries: 0 });
  const made = await stripe.customers.create({ email: "a@b.example", metadata: { k: "v w" }, preferred_locales: ["de"] });
  equal([made.id, made.lastResponse.requestId], ["cus_1", "req_1"]);
  equal(asked[0], ["POST", "https://api.stripe.com/v1/customers", "Bearer sk_test_1", "email=a%40b.example&metadata[k]=v%20w&preferred_locales[0]=de"]);
  await throws(() => stripe.customers.retrieve("missing"), "Error");
  const payload = JSON.stringify({ id: "evt_1", object: "event", type: "x" });
  const header = await stripe.webhooks.generateTestHeaderStringAsync({ payload, secret: "whsec_1" });
  equal((await stripe.webhooks.constructEventAsync(payload, header, "whsec_1")).id, "evt_1");
  await throws(() => stripe.webhooks.constructEventAsync(`${payload} `, header, "whsec_1"), "Error");
});
