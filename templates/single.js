// All pages in one file: a view that is gone to starts at its top and names the window.
"use strict";
if (document.querySelector(".single")) {
  const title = document.title;
  const arrive = () => {
    const view = document.querySelector(".view:target");
    const name = (view?.querySelector(".name") ?? view?.querySelector("h1"))?.textContent;
    document.title = name ? `${name} · ${title}` : title;
    scrollTo(0, 0);
  };
  addEventListener("hashchange", arrive);
  addEventListener("load", arrive);
}
