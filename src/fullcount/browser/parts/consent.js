/* Consent: what each signal says, and the strictest of them. 0 denied, 1 limited, 2 granted, 9 nothing. */

const votes = [9];
const signals = {}; // the same as they came, for the gateway to weigh
let answer = load("c"); // what fullcount('consent', ...) was told last
let word = settings.unsaid; // where a grant is needed, silence is as good as limited

const isAllowed = () => word > settings.least;

function vote(signal, raw, said = raw) {
  const before = word;
  signals[signal] = raw;
  votes[signal] = { granted: 2, limited: 1, denied: 0, opt_out: 0 }[said] ?? 9;
  word = Math.min(...Object.values(votes));
  if (word > 2) word = settings.unsaid;
  if (!word) {
    tasks = [];
    if (before) refuse();
  }
  look();
}

function consent(said, options) {
  save("c", (answer = { said, at: Date.now(), version: options?.version }));
  vote("said", said);
}

/* Tell the refusal alone, of an order too: the gateway must know it before the shop's webhook comes. */
function refuse(order_id) {
  const refusal = head();
  for (const name of [settings.cookie, "ttclid", "_ttp"]) setCookie(name, "", 0);
  visitor = click = person = "";
  ties = {}; // a later grant is not for this order: what its webhook says stays a refusal
  save("q", []);
  post({ ...refusal, ties: { order_id } });
}
