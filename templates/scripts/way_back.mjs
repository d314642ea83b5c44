// Links to the home page restore its search, filter, order and scroll position. The home page
// passes these in the address; they are then moved to the history state, which survives a reload.
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
