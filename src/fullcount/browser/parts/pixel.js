/* The page's pixel: whether it came, and the consent that it is told. */

let pixel;
let failure = settings.failure; // absent, where there is none; blocked, or refused by a content policy
let driven; // the word that it was told last; below 2 it is held

const ours = guard(() => pixel._i[settings.pixel]); // what the base code, then the runtime, keeps of our pixel
const isLoaded = () => !(driven < 2) && ours()?.info;
const toPixel = (run) => when(() => pixel, run);

const looks = [
  () => {
    pixel = window[window.TiktokAnalyticsObject || "ttq"];
    hook(pixel);
    for (const code in pixel._i) hook(pixel._i[code], code);
    const method = ["revokeConsent", "holdConsent", "grantConsent"][word];
    // A base code from before these methods lacks them: its runtime may have them.
    if (word == driven || !pixel[method]) return;
    pixel[method]();
    // What the page called earlier must not go before it.
    if (word < 2 && !driven && pixel[0]) pixel.unshift(pixel.pop());
    driven = word;
  },
];

/* See what came to the page since the last look. */
function look() {
  looks.map((each) => guard(each)());
  settle();
}
