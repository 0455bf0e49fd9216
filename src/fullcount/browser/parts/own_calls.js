/* Only our own calls of the pixel are of interest: those whose id the gateway has. */
function hook(list) {
  tap(list, "track", ([name, properties, { event_id } = {}]) => {
    if (told[(NAMES[name] || name) + event_id]) announce(name, properties, { event_id }, "pixel");
  });
}
