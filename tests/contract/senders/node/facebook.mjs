// Sends one purchase with facebook-nodejs-business-sdk, whose Graph address is set to ours, and prints the answer.
import { createRequire } from "node:module";

const require = createRequire(`${process.env.LIBRARIES}/`);
const { FacebookAdsApi, ServerEvent, EventRequest, UserData, CustomData, Content } = require("facebook-nodejs-business-sdk");
const { graph, token, datasetId, eventTime } = JSON.parse(process.env.GIVEN);

FacebookAdsApi.init(token);
Object.defineProperty(FacebookAdsApi, "GRAPH", { get: () => graph });

const user = new UserData()
  .setEmail("Jane@Example.com")
  .setPhone("12125550142")
  .setExternalId("u-node")
  .setClientIpAddress("192.0.2.44")
  .setClientUserAgent("Test/1.0");
const custom = new CustomData()
  .setValue(36)
  .setCurrency("usd")
  .setOrderId("1001")
  .setContents([new Content().setId("811").setQuantity(2).setItemPrice(18)]);
const event = new ServerEvent()
  .setEventName("Purchase")
  .setEventTime(eventTime)
  .setEventId("M-node")
  .setEventSourceUrl("https://shop.example.com/thanks")
  .setActionSource("website")
  .setUserData(user)
  .setCustomData(custom);

try {
  const answer = await new EventRequest(token, datasetId).setEvents([event]).execute();
  console.log(JSON.stringify({ received: answer.events_received, messages: answer.messages, trace: answer.fbtrace_id }));
} catch (error) {
  console.log(JSON.stringify({ status: error.status, code: error.response?.code }));
}
