// Sends an identify and the given orders with @segment/analytics-node, and prints how each request was answered.
import { createRequire } from "node:module";

const require = createRequire(`${process.env.LIBRARIES}/`);
const { Analytics } = require("@segment/analytics-node");
const { host, writeKey, orders, maxRetries } = JSON.parse(process.env.GIVEN);

const statuses = [];
const errors = [];
const analytics = new Analytics({ writeKey, host, maxRetries });
analytics.on("http_response", ({ status }) => statuses.push(status));
analytics.on("error", ({ code }) => errors.push(code));

analytics.identify({ userId: "u-node", traits: { email: "jane@example.com" } });
for (const order of orders) {
  analytics.track({ userId: "u-node", event: "Order Completed", properties: order });
}
await analytics.closeAndFlush();
console.log(JSON.stringify({ statuses, errors }));
