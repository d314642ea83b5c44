// The page's address, which holds what a reader asked for.
const PAGE = location.href.split("#")[0];

// In an iframe's `srcdoc`, relative addresses are the host page's.
export const isEmbedded = PAGE === "about:srcdoc";

// Changes the part behind the "#". Only a whole address stays on this page in every frame. Where a
// frame has no origin, browsers refuse; then all but the address works.
export function putAddress(hash) {
  try {
    history.replaceState(history.state, "", PAGE + hash);
  } catch (refused) {
    if (refused.name !== "SecurityError") throw refused;
  }
}

// What the page remembers beside its address, when readers go back to it or reload it.
export function remember(values) {
  try {
    history.replaceState({ ...history.state, ...values }, "");
  } catch (refused) {
    if (refused.name !== "SecurityError") throw refused;
  }
}
