/* US Privacy: the third letter is the opt-out of sale. */
looks.push(() =>
  attach("__uspapi", ({ uspString }) => vote("usp", uspString, uspString[2] == "Y" && "denied"), "getUSPData", 1),
);
