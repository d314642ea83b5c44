// The page's address, which stores the reader's choices.
const PAGE = location.href.split("#")[0];

// In an iframe's `srcdoc`, addresses are relative to the host page.
export const isEmbedded = PAGE === "about:srcdoc";

// Changes the part after the "#". Only a full address stays on this page in every frame. In a frame
// without an origin, browsers refuse; then everything but the address works.
export function putAddress(hash) {
  try {
    history.replaceState(history.state, "", PAGE + hash);
  } catch (refused) {
    if (refused.name !== "SecurityError") throw refused;
  }
}

// Stores values with the address, for when readers go back to the page or reload it.
export function remember(values) {
  try {
    history.replaceState({ ...history.state, ...values }, "");
  } catch (refused) {
    if (refused.name !== "SecurityError") throw refused;
  }
}
