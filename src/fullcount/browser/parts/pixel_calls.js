/* The page's own calls of its pixel: those that lack an event_id get one, and the gateway has them all. */
function hook(list, code) {
  const isNew = tap(list, "track", (call) => {
    const [name, properties, options] = call;
    const all = { ...properties, ...options };
    const event_id = announce(name, properties, { event_id: all.event_id || all.eventID }, "pixel", code || all.pixel_code);
    if (event_id) call[2] = { ...options, event_id };
    return !word;
  });
  // What waits in the queue is called once more.
  if (isNew) for (const call of list.splice(0)) call[0] == "track" ? list.track(...call.slice(1)) : list.push(call);
}
