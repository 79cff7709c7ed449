// Makes pages pleasanter; every page works without it.
(() => {
  "use strict";
  const page = document.documentElement;
  page.classList.add("js");

  const summary = document.querySelector("[data-focus]");
  if (summary) summary.focus();

  // The same rule as submissions/canonical.py: runs of what Python does not call white space.
  const WORDS = /[^\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/g;

  for (const area of document.querySelectorAll("textarea[data-words]")) {
    const limit = Number(area.dataset.words);
    const shown = document.getElementById(`count_${area.name}`);
    const said = area.closest("[data-words-left]").dataset;
    const number = new Intl.NumberFormat(page.lang);
    const spoken = document.createElement("p");
    spoken.className = "visually-hidden";
    spoken.setAttribute("aria-live", "polite");
    // The limit stays as the description; the running count is for the eyes, the pause for the ears.
    const running = document.createElement("p");
    running.className = "count";
    running.setAttribute("aria-hidden", "true");
    shown.classList.add("visually-hidden");
    shown.after(running, spoken);
    let pause;
    const count = () => {
      const left = limit - (area.value.match(WORDS) || []).length;
      const size = Math.abs(left);
      const words = left < 0 ? (size === 1 ? said.wordOver : said.wordsOver)
        : size === 1 ? said.wordLeft : said.wordsLeft;
      running.textContent = words.replace("{n}", number.format(size));
      running.classList.toggle("count--over", left < 0);
      clearTimeout(pause);
      pause = setTimeout(() => { spoken.textContent = running.textContent; }, 1500);
    };
    area.addEventListener("input", count);
    count();
    clearTimeout(pause);
  }

  const named = (key) => [...document.getElementsByName(key)];

  // true, false, or null while nothing was chosen, as submissions/conditions.py has it.
  const holds = ([key, negated, values]) => {
    const chosen = named(key).filter((input) => input.checked);
    if (!chosen.length) return null;
    return chosen.some((input) => values.includes(input.value)) !== negated;
  };

  const following = [...document.querySelectorAll("[data-shown-if]")].map((question) => {
    const terms = JSON.parse(question.dataset.shownIf);
    const faulty = question.classList.contains("question--error");
    return () => {
      const results = terms.map(holds);
      const unknown = results.includes(null);
      question.hidden = results.includes(false) || (unknown && !faulty);
    };
  });
  const follow = () => { for (const show of following) show(); };
  follow();
  addEventListener("pageshow", follow);

  document.addEventListener("change", ({ target }) => {
    if (target.type === "checkbox" && target.checked) {
      const alone = "exclusive" in target.dataset;
      for (const other of named(target.name)) {
        if (other !== target && (alone || "exclusive" in other.dataset)) other.checked = false;
      }
    }
    follow();
  });

  for (const button of document.querySelectorAll("[data-print]")) {
    button.hidden = false;
    button.addEventListener("click", () => print());
  }

  // A second press while the first is on its way is not sent.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "yes";
    setTimeout(() => { delete form.dataset.sent; }, 3000);
  });
  addEventListener("pageshow", () => {
    for (const form of document.forms) delete form.dataset.sent;
  });
})();

// The time left, by the server's clock: said at one hour, ten minutes and one minute.
(() => {
  "use strict";
  const shown = document.querySelector("[data-time-left]");
  if (!shown) return;
  const SAID_AT = [3600, 600, 60];
  const LONGEST = 300;
  const said = document.createElement("p");
  said.className = "visually-hidden";
  said.setAttribute("role", "status");
  shown.after(said);
  let before = 0;
  let timer;

  const close = (when) => {
    document.documentElement.dataset.call = "closed";
    const words = shown.dataset.closed.replace("{when}", when);
    shown.textContent = words;
    shown.classList.add("time-left--closed");
    said.textContent = words;
    for (const part of document.querySelectorAll("[data-while-open]")) part.hidden = true;
  };

  const open = () => {
    delete document.documentElement.dataset.call;
    shown.classList.remove("time-left--closed");
    for (const part of document.querySelectorAll("[data-while-open]")) part.hidden = false;
  };

  // Asks again at the next moment at which there is something to say.
  const next = (left) => {
    const moment = [...SAID_AT, 0].find((at) => left > at);
    const wait = left > 0 ? Math.min(left - moment + 0.3, left < 3600 ? 60 : LONGEST) : LONGEST;
    clearTimeout(timer);
    timer = setTimeout(look, wait * 1000);
  };

  const look = async () => {
    try {
      const answer = await fetch(shown.dataset.timeLeft, { headers: { Accept: "application/json" } });
      if (!answer.ok) throw new Error();
      const time = await answer.json();
      const left = (Date.parse(time.closes_at) - Date.parse(time.now)) / 1000;
      if (time.state === "closed") close(time.closes_in_words);
      else {
        open();
        shown.textContent = time.words;
        if (Date.parse(time.closes_at) !== Date.parse(shown.dataset.closesAt)) {
          said.textContent = shown.dataset.moved.replace("{when}", time.closes_in_words);
          shown.textContent += `. ${said.textContent}`;
        } else if (SAID_AT.some((at) => before > at && left <= at)) {
          said.textContent = time.words;
        }
      }
      shown.dataset.closesAt = time.closes_at;
      before = left;
      next(left);
    } catch {
      // No connection: what the page says stays, and it asks again.
      clearTimeout(timer);
      timer = setTimeout(look, 30000);
    }
  };

  // The first look is later: the page has just come from the server.
  timer = setTimeout(look, 5000);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) look(); });
})();
