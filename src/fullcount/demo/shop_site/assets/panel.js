/* The corner that shows what gateway and TikTok know of this visit, and lets the visitor switch things. */
{
  const byId = (id) => document.getElementById(id);
  const fill = (id, lines) => {
    byId(id).replaceChildren(...(lines.length ? lines : ["nothing yet"]).map((line) => {
      const item = document.createElement("li");
      item.textContent = line;
      return item;
    }));
  };

  const gatewayWords = ({ event, state, steps }) => {
    const path = steps.map(({ what, source, reason }) => [what, source && `from ${source}`, reason].filter(Boolean).join(" "));
    return `gateway: ${event} ${state} (${path.join("; ")})`;
  };
  const webhookWords = ({ state, status, times }) =>
    `webhook: ${state}${status ? ` ${status}` : ""}${times > 1 ? `, ${times} times` : ""}`;

  const eventWords = ({ event, event_id, channels }) =>
    `${event} from ${channels.join(" and ")}${event_id ? `, ${event_id.replace(/^([0-9a-f]{8})-.*/, "$1…")}` : ""}`;

  /* Name what comes several times once, with how often. */
  function together(lines) {
    const times = new Map();
    for (const line of lines) times.set(line, (times.get(line) || 0) + 1);
    return [...times].map(([line, count]) => (count > 1 ? `${line} (${count} times)` : line));
  }

  function show(known) {
    const cookies = Object.entries(known.cookies).map(([name, value]) => `${name}: ${value || "none"}`);
    fill("cookies", [...cookies, `consent: ${known.consent}`]);
    fill("events", together(known.events.map(eventWords)));
    fill("orders", known.orders.flatMap((order) => [
      `order ${order.order_id}, ${webhookWords(order.webhook)}`,
      ...order.gateway.map(gatewayWords),
      ...order.tiktok.map(({ channel, attributed_to }) =>
        `TikTok: counted, from ${channel}; ${attributed_to ? `credited to the ad ${attributed_to.kind}` : "credited to no ad"}`),
    ]));
    const last = known.orders.at(-1);
    if (!last) return;
    const purchases = known.events.filter(({ event }) => /Purchase|CompletePayment/.test(event)).length;
    const wanted = known.orders.length;
    byId("verdict").textContent = `${wanted === 1 ? "one order" : `${wanted} orders`}, counted ${purchases}`;
    byId("verdict").className = purchases > wanted ? "bad" : "";
  }

  async function look() {
    try {
      if (!document.hidden) show(await (await fetch("/demo/state")).json());
    } catch {
      byId("verdict").textContent = "(the shop does not answer)";
    }
    setTimeout(look, 1000);
  }
  look();

  for (const select of byId("panel").querySelectorAll("select")) {
    select.addEventListener("change", async () => {
      await fetch("/demo/switches", { method: "POST", body: JSON.stringify({ [select.name]: select.value }) });
      if (select.value === "ask") localStorage.clear(); // the snippet remembers the last answer there
      location.reload();
    });
  }
}
