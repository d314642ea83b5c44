// In an iframe's `srcdoc`, every link would load a page from the host: links within this page are
// followed here, and links to other pages are disabled.
import { isEmbedded } from "./address.mjs";

if (isEmbedded) {
  for (const link of document.querySelectorAll("a[href]:not([href^='#'])")) link.removeAttribute("href");
  for (const name of ["click", "auxclick"]) {
    addEventListener(name, (event) => {
      const hash = event.target.closest("a[href^='#']")?.getAttribute("href");
      if (!hash) return;
      event.preventDefault();
      location.hash = hash;
    });
  }
}
