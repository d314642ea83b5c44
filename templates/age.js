// How old a page of what goes on is: told beside its time, with a warning where it is too old.
"use strict";
{
  const MINUTE = 60, HOUR = 3600, DAY = 86400;

  function ago(seconds) {
    if (seconds < MINUTE) return "just now";
    if (seconds < HOUR) return `${Math.floor(seconds / MINUTE)} min ago`;
    if (seconds < 2 * DAY) return `${Math.floor(seconds / HOUR)} h ago`;
    return `${Math.floor(seconds / DAY)} days ago`;
  }

  for (const line of document.querySelectorAll(".as-of")) {
    const taken = Date.parse(line.querySelector("time").dateTime);
    const age = document.createElement("span");
    age.className = "age";
    line.append(" ", age);
    const tell = () => {
      const seconds = (Date.now() - taken) / 1000;
      const stale = seconds > Number(line.dataset.staleAfter);
      line.classList.toggle("stale", stale);
      const text = `· ${ago(seconds)}${stale ? ": this may be out of date" : ""}`;
      if (age.textContent !== text) age.textContent = text;
    };
    tell();
    setInterval(tell, MINUTE * 1000);
  }
}
