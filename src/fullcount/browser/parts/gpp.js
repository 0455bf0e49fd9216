/* IAB GPP: an opt-out of any kind; what else the string says is for the gateway to read. */
looks.push(() =>
  attach(
    "__gpp",
    ({ pingData: { signalStatus, gppString, parsedSections } }) => {
      if (signalStatus == "ready") vote("gpp", gppString, /OptOut":1/.test(JSON.stringify(parsedSections)) && "denied");
    },
    "addEventListener",
  ),
);
