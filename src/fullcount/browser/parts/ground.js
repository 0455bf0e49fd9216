/* The ground: nothing thrown reaches the page; cookies, storage, ids, and tasks that wait for their time. */

const NAMES = settings.names; // other spelling -> TikTok's name, as we count it

const guard =
  (run) =>
  (...given) => {
    try {
      return run(...given);
    } catch {} // the page goes on
  };

const on = (target, types, run) => types.split(" ").map((type) => target.addEventListener(type, guard(run), true));

/* Have `see` read, or change, what a method is called with; where it returns true, the call ends there. Say whether this is new. */
function tap(target, method, see) {
  const original = target[method];
  if (original && !original.isOurs)
    return ((target[method] = (...given) => guard(see)(given) || original.apply(target, given)).isOurs = true);
}

const cookieOf = guard((name) => document.cookie.match(`(^|; )${name}=([^;]+)`)[2]);
const setCookie = guard((name, value, days) => {
  document.cookie = `${name}=${value}; Path=/; SameSite=Lax; Secure; Max-Age=${days * 86400}`;
});
const load = guard((key) => JSON.parse(localStorage[settings.cookie + key]));
const save = guard((key, value) => (localStorage[settings.cookie + key] = JSON.stringify(value)));

/* A UUID of version 7: milliseconds (11 digits until the year 2527), then chance. */
const newId = () =>
  `0${Date.now().toString(16)}`.replace(/.{8}/, "$&-") +
  "-7xxx-8xxx-xxxxxxxxxxxx".replace(/x/g, () => (crypto.getRandomValues(new Uint8Array(1))[0] % 16).toString(16));

/* An id as text; nothing for null, undefined, a macro that nobody replaced, or mere words such as order-none. */
const idOf = (value) => /[1-9]/.test(value) && !/^__|undefined|[{<[%]/i.test(value) && `${value}`.trim();

let tasks = []; // in memory only

function when(isTime, run) {
  if (word) tasks.push([isTime, run]);
  settle();
}

function settle() {
  const all = tasks;
  tasks = [];
  for (const task of all) task[0]() ? guard(task[1])() : tasks.push(task);
  queueMicrotask(flush);
}
