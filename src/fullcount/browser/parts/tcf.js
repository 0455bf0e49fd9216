/* IAB TCF: nothing counts before the visitor's choice is known. Purposes 1 and 7 grant, with 3 and 4 in full. */
looks.push(() =>
  attach(
    "__tcfapi",
    ({ eventStatus, gdprApplies, purpose, tcString }) => {
      const may = (...purposes) => purposes.every((each) => purpose.consents[each]);
      if (/^(tcloaded|useractioncomplete)$/.test(eventStatus) && gdprApplies !== false)
        vote("tcf", tcString, may(1, 7) ? (may(3, 4) ? "granted" : "limited") : "denied");
    },
    "addEventListener",
    2,
  ),
);
