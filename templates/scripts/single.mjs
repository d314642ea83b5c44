// All pages in one file: the window's title is the view's name, a job opens at its top, and the
// home view opens where it was left, whether readers go back or follow a link.
import { remember } from "./address.mjs";

const isHome = () => !document.querySelector(".view:target");

if (document.querySelector(".single")) {
  const title = document.title;
  let place = 0;
  const arrive = () => {
    const view = document.querySelector(".view:target");
    const name = (view?.querySelector(".name") ?? view?.querySelector("h1"))?.textContent;
    document.title = name ? `${name} · ${title}` : title;
    // Browsers restore the scroll position themselves when going back.
    const seen = history.state?.seen;
    if (isHome()) scrollTo(0, place);
    else if (!seen) scrollTo(0, 0);
    if (!seen) remember({ seen: true });
  };
  addEventListener("scroll", () => isHome() && (place = scrollY), { passive: true });
  addEventListener("hashchange", arrive);
  addEventListener("load", arrive);
}
