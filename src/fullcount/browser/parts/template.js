/* The id that both halves of an event make of it: the template, filled in as the gateway does. */
function sharedId(event, _, given) {
  if (!settings.merge.includes(event)) return;
  const id = settings.template.replace(/{(.+?)}/g, (_, field) => (field == "event" ? event : idOf(given?.[field]) || "{}"));
  return /{}/.test(id) ? "" : id;
}
