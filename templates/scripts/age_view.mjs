// The age of a page with running jobs, next to its time, with a warning once the page is too old.
import { ageNote } from "./age_model.mjs";

const EVERY = 60_000;

for (const line of document.querySelectorAll(".as-of")) {
  const taken = Date.parse(line.querySelector("time").dateTime);
  const note = document.createElement("span");
  note.className = "age";
  line.append(" ", note);
  const update = () => {
    const { stale, text } = ageNote((Date.now() - taken) / 1000, Number(line.dataset.staleAfter));
    line.classList.toggle("stale", stale);
    if (note.textContent !== text) note.textContent = text;
  };
  update();
  setInterval(update, EVERY);
}
