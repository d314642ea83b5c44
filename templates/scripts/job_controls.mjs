// A job's page: buttons that copy its id and its log. A collapsed line of the log opens when
// focused, even without a script; with one, a second click collapses it again.
import { copyButton } from "./copy_view.mjs";

for (const id of document.querySelectorAll(".about code")) {
  id.after(" ", copyButton(() => id.textContent, "the job's ID"));
}
for (const log of document.querySelectorAll(".log")) {
  const lines = log.querySelector("pre");
  log.previousElementSibling.append(" ", copyButton(() => lines.textContent, "these lines"));
  log.addEventListener("mousedown", (event) => {
    const line = event.target.closest("[data-gist]");
    if (!line || line !== document.activeElement) return;
    event.preventDefault();
    line.blur();
  });
}
