// Links to the home page lead to what was shown there: search, filter, order and place. The home
// page passes them on in the address; from there they go where a reload keeps them.
import { putAddress, remember } from "./address.mjs";

const PASSED_ON = /(^#|&)from=([^&]*)/;
const [, , passed] = PASSED_ON.exec(location.hash) ?? [];
if (passed) {
  remember({ from: decodeURIComponent(passed) });
  const rest = location.hash.replace(PASSED_ON, "$1").replace(/^#&?$/, "");
  putAddress(rest);
}
if (history.state?.from) {
  for (const link of document.querySelectorAll("a[href$='index.html']")) link.hash = history.state.from;
}
