// All pages in one file: a view opens at its top, and the window's title is the view's name.
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
