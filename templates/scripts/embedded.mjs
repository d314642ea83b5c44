// In an iframe's `srcdoc` every link would load a page of the host: those within this page are
// followed here, and those to other pages lead nowhere.
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
