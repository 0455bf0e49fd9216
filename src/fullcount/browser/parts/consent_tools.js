/* Consent tools of the page: each is asked once, as soon as it is there. */

const attached = {};

function attach(tool, run, ...call) {
  if (!window[tool] || attached[tool]) return;
  attached[tool] = true; // it may answer at once
  window[tool](...call, guard(run));
}
