// What a save writes above a button would push it from under the pointer that presses it.
const whenReleased = (() => {
  "use strict";
  let isPressed = false;
  let waiting = [];
  const release = () => {
    isPressed = false;
    // The click comes after the release.
    setTimeout(() => {
      if (isPressed) return;
      const acts = waiting;
      waiting = [];
      for (const act of acts) act();
    });
  };
  addEventListener("pointerdown", ({ button }) => { isPressed = button === 0; });
  for (const end of ["pointerup", "pointercancel", "dragend", "blur"]) addEventListener(end, release);
  return (act) => {
    if (!isPressed && !waiting.length) return act();
    waiting.push(act);
    setTimeout(release, 2000); // over its own menu, a browser tells of none
  };
})();

(() => {
  "use strict";
  const page = document.documentElement;
  page.classList.add("js");

  document.getElementById(location.hash.slice(1))?.querySelector(":scope > details")?.setAttribute("open", "");

  const summary = document.querySelector("[data-focus]");
  if (summary) summary.focus();

  // As core/words.py.
  const WORDS = /[^\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/g;
  const UNSPACED = /([\u0e00-\u0eff\u1000-\u109f\ua9e0-\ua9ff\uaa60-\uaa7f\u1780-\u17ff\u3041-\u30ff\u31f0-\u31ff\uff66-\uff9f\u{1b000}-\u{1b16f}\u3005-\u3007\u3021-\u3029\u3038-\u303b\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u{20000}-\u{3ffff}]+)/u;
  const segmenter = Intl.Segmenter && new Intl.Segmenter("en", { granularity: "word" });
  const wordsOf = (run) => run.split(UNSPACED).reduce((sum, part, n) =>
    sum + (n % 2 ? [...segmenter.segment(part)].filter((one) => one.isWordLike).length : /[\p{L}\p{N}]/u.test(part)), 0) || 1;

  for (const area of document.querySelectorAll("textarea[data-words]")) {
    const shown = document.getElementById(`count_${area.name}`);
    const said = area.closest("[data-words-left]").dataset;
    const spoken = document.createElement("p");
    spoken.className = "visually-hidden";
    spoken.setAttribute("aria-live", "polite");
    // Read out: the limit, as the description, and after a pause the count.
    const running = document.createElement("p");
    running.className = "count";
    running.setAttribute("aria-hidden", "true");
    shown.classList.add("visually-hidden");
    shown.after(running, spoken);
    let pause;
    const count = () => {
      const runs = area.value.match(WORDS) || [];
      // Browsers have dictionaries of their own: the server's count holds.
      const estimated = UNSPACED.test(area.value);
      running.hidden = estimated && !segmenter;
      const left = area.dataset.words - (estimated && segmenter ? runs.reduce((sum, run) => sum + wordsOf(run), 0) : runs.length);
      const size = Math.abs(left);
      const [forms, form] = JSON.parse(left < 0 ? said.wordsOver : said.wordsLeft);
      const words = forms[form[size < 200 ? size : size % 100 + 100] || 0];
      running.textContent = words.replace("{n}", size.toLocaleString(page.lang + "-u-nu-latn")) + (estimated ? ` ${said.wordsEstimated}` : "");
      running.classList.toggle("count--over", left < 0);
      clearTimeout(pause);
      pause = setTimeout(() => { spoken.textContent = running.hidden ? "" : running.textContent; }, 1500);
    };
    let due;
    area.addEventListener("input", () => { clearTimeout(due); due = setTimeout(count, 300); });
    count();
    clearTimeout(pause);
  }

  const named = (key) => [...document.getElementsByName(key)];

  // true, false, or null while it is open, as submissions/calls/conditions.py has it.
  const asked = new Map();
  const all = (results) => (results.includes(false) ? false : results.includes(null) ? null : true);
  const isMet = ([key, negated, values]) => {
    const chosen = named(key).filter((input) => input.checked);
    if (!chosen.length) return null;
    return chosen.some((input) => values.includes(input.value)) !== negated;
  };
  const holds = (term) => all([asked.get(term[0]), isMet(term)]);

  const following = [...document.querySelectorAll("[data-shown-if]")].map(({ id, dataset, classList }) => {
    const terms = JSON.parse(dataset.shownIf);
    const faulty = classList.contains("question--error");
    return () => {
      const result = all(terms.map(holds));
      asked.set(id.slice("question-".length), result);
      // After an upload another one stands in its place.
      document.getElementById(id).hidden = result === false || (result === null && !faulty);
    };
  });
  const follow = () => {
    for (const show of following) show();
    for (const question of document.querySelectorAll(".question--waits")) question.classList.remove("question--waits");
  };
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
  }, true); // before the form saves what is chosen

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[name=_clear]");
    if (!button) return;
    event.preventDefault();
    const choices = named(button.value);
    for (const choice of choices) choice.checked = false;
    choices[0].focus();
    for (const type of ["input", "change"]) choices[0].dispatchEvent(new Event(type, { bubbles: true }));
  });

  for (const button of document.querySelectorAll("[data-print]")) {
    button.hidden = false;
    button.addEventListener("click", () => print());
  }
  addEventListener("beforeprint", () => {
    for (const part of document.querySelectorAll("main details")) part.open = true;
  });

  // In place of a page of errors, Back shows the browser's own. It stays where it alone has a text.
  const unkept = document.querySelector("form:not([data-save]) :is(textarea, [name=_conflicts])");
  const forgetPost = () => { if (summary && !unkept) history.replaceState(null, ""); };
  document.addEventListener("click", ({ target }) => {
    if (target.closest("a:not([href^='#'],[target])")) forgetPost();
  });

  // A second press while the first is on its way is not sent.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.dataset.sent) event.preventDefault();
    if (event.defaultPrevented) return;
    form.dataset.sent = "yes";
    forgetPost();
    setTimeout(() => { delete form.dataset.sent; }, 3000);
  });
  addEventListener("pageshow", ({ persisted }) => {
    for (const form of document.forms) delete form.dataset.sent;
    // Out of the browser's memory: somebody may have signed out since. A page with answers to type
    // asks by itself, below.
    const asksItself = document.querySelector("form[data-save]");
    if (persisted && !("public" in page.dataset) && !asksItself) location.reload();
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
  const strip = document.querySelector("[data-strip]");
  const keepInSight = (words, isSoon) => whenReleased(() => {
    strip.hidden = !isSoon;
    strip.textContent = words;
  });
  let before = 0;
  let timer;

  const close = (when) => {
    document.documentElement.dataset.call = "closed";
    const words = shown.dataset.closed.replace("{when}", when);
    shown.textContent = words;
    shown.classList.add("time-left--closed");
    said.textContent = words;
    keepInSight(strip.dataset.closed, true);
    for (const part of document.querySelectorAll("[data-while-open]")) part.hidden = true;
  };

  const open = () => {
    delete document.documentElement.dataset.call;
    shown.classList.remove("time-left--closed");
    for (const part of document.querySelectorAll("[data-while-open]")) part.hidden = false;
  };

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
        keepInSight(time.words, time.is_soon);
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
      clearTimeout(timer);
      timer = setTimeout(look, 30000);
    }
  };

  timer = setTimeout(look, 5000);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) look(); });
})();

// Saves what is typed every few seconds and on leaving. The server overwrites only what the page
// has the etags of.
(() => {
  "use strict";
  const form = document.querySelector("form[data-save]");
  if (!form) return;
  const PAUSE = 3000;
  const said = form.querySelector("[data-saved]");
  const warned = form.querySelector("[data-unsaved]");
  const keyOf = (input) => input.closest(".question")?.id.slice("question-".length);
  const changed = new Set();
  const refused = new Map(); // what was not saved, with the words that say so
  // What was sent and not answered may be stored all the same: that is no other's edit.
  let pending = [];
  const answered = new Map();
  let attempts = 0;
  let sending = 0;
  let failures = 0;
  let over = false;
  let leaving = false;
  let timer = 0;

  const warn = (words) => whenReleased(() => {
    if (warned.textContent === words) return;
    warned.replaceChildren();
    if (!words) return;
    const notice = document.createElement("div");
    notice.className = "notice notice--problem";
    notice.textContent = words;
    warned.append(notice);
    // What has the focus must not end under it (WCAG 2.2, 2.4.11).
    const top = (one) => one.getBoundingClientRect().top;
    const focused = document.activeElement;
    if (form.contains(focused) && top(focused) >= top(notice)) {
      focused.scrollIntoView({ block: "nearest" });
    }
  });

  const shown = form.elements._base_etags;
  const readEtags = () => new Map(shown.value.split(" ").map((one) => one.split(":")));
  const writeEtags = (etags) => { shown.value = [...etags].map((one) => one.join(":")).join(" "); };

  // Not FormData, which is slow with long texts.
  const entries = (keys) => {
    const found = new Map([...keys].map((key) => [key, []]));
    for (const input of form.elements) {
      const isGiven = input.checked || !/^(radio|checkbox|file|submit)$/.test(input.type);
      if (input.name && isGiven) found.get(keyOf(input))?.push([input.name, input.value]);
    }
    return found;
  };

  // Names and values that tell what may be stored of the answers, newest first, within a size.
  const pendingFields = (keys, most) => {
    const found = [];
    for (const { key, text } of [...pending].reverse()) {
      if (keys && !keys.has(key)) continue;
      most -= text.length;
      if (most < 0) break;
      found.push([`_pending_${key}`, text]);
    }
    return found;
  };

  const remember = (sent, number) => {
    for (const [key, answer] of sent) {
      const text = String(new URLSearchParams(answer));
      pending = pending.filter((one) => one.key !== key || one.text !== text);
      pending.push({ key, number, text });
    }
  };

  // After Back, what was typed before stands beside etags of now.
  const arrival = performance.getEntriesByType("navigation")[0]?.type;
  const filledIn = (key) => {
    writeEtags(readEtags().set(key, "?"));
    remember(entries([key]), 0); // it may be stored, in its normal form
  };

  const wait = (milliseconds) => {
    if (!timer && !over) timer = setTimeout(save, milliseconds);
  };

  const failed = (keys, words) => {
    for (const key of keys) changed.add(key);
    failures += 1;
    warn(words);
    wait(Math.min(30000, 5000 * 2 ** (failures - 1)));
  };

  const took = (keys, number, answer) => {
    failures = 0;
    pending = pending.filter((one) => !keys.has(one.key) || one.number > number);
    // Of an answer that was saved again since, and answered, this tells nothing any more.
    const fresh = [...keys].filter((key) => !(answered.get(key) > number));
    if (!fresh.length) return;
    const etags = readEtags();
    const lost = [];
    for (const key of fresh) {
      answered.set(key, number);
      if (key in answer.base_etags) {
        etags.set(key, answer.base_etags[key]);
        refused.delete(key);
      } else if (answer.warning) refused.set(key, answer.warning);
      else lost.push(key);
    }
    writeEtags(etags);
    if (answer.saved) whenReleased(() => {
      if ("waits" in form.dataset) form.dataset.waits = answer.saved;
      else said.textContent = answer.saved;
    });
    if (lost.length) failed(lost, form.dataset.trouble);
    else warn(answer.warning || [...refused.values()].pop() || "");
  };

  const save = async (keepalive = false) => {
    clearTimeout(timer);
    timer = 0;
    if (!changed.size || over || (sending && keepalive !== true)) return;
    const keys = new Set(changed);
    changed.clear();
    const etags = readEtags();
    const sent = entries(keys);
    const body = new URLSearchParams([...sent.values()].flat());
    // A browser sends 64 KiB at most behind a page that is gone. Each text is encoded twice.
    const room = keepalive === true ? (60000 - String(body).length) / 2 : 500000;
    for (const [name, value] of pendingFields(keys, room)) body.append(name, value);
    const number = attempts += 1;
    remember(sent, number);
    body.append("csrfmiddlewaretoken", form.elements.csrfmiddlewaretoken.value);
    body.append("_section", form.dataset.section);
    body.append("_base_etags", [...keys].map((key) => `${key}:${etags.get(key) || ""}`).join(" "));
    sending += 1;
    const stop = new AbortController();
    const limit = setTimeout(() => stop.abort(), 20000);
    try {
      const outlives = keepalive === true && String(body).length < 64000;
      const response = await fetch(form.dataset.save, {
        method: "POST", body, keepalive: outlives, signal: stop.signal,
      });
      const type = response.headers.get("Content-Type") || "";
      const answer = type.startsWith("application/json") ? await response.json() : null;
      if (answer && response.ok) took(keys, number, answer);
      else if (answer || response.status === 403) {
        over = true;
        for (const key of keys) changed.add(key);
        warn(answer ? answer.warning : form.dataset.expired);
      } else failed(keys, form.dataset.trouble);
    } catch {
      failed(keys, form.dataset.offline);
    } finally {
      clearTimeout(limit);
      sending -= 1;
      if (changed.size && !failures) wait(PAUSE);
    }
  };

  form.addEventListener("input", ({ target }) => {
    const key = keyOf(target);
    if (!key || target.type === "file") return;
    // Firefox types it, in a tab opened again.
    if (arrival === "back_forward" && navigator.userActivation?.hasBeenActive === false) filledIn(key);
    changed.add(key);
    if (!failures) wait(PAUSE);
  });
  form.addEventListener("change", ({ target }) => {
    if (keyOf(target) && target.type !== "file" && !failures) save();
  });
  form.addEventListener("submit", (event) => {
    if (event.defaultPrevented) return;
    // Without a connection the browser's own page would take the place of what was typed.
    if (!navigator.onLine && (changed.size || sending)) {
      event.preventDefault();
      save();
      return;
    }
    leaving = true;
    clearTimeout(timer);
    for (const old of form.querySelectorAll("[name^=_pending_]")) old.remove();
    for (const [name, value] of pendingFields(null, 500000)) {
      const before = document.createElement("input");
      Object.assign(before, { type: "hidden", name, value });
      form.append(before);
    }
  });
  addEventListener("online", () => { if (changed.size) save(); });
  addEventListener("pagehide", () => { if (!leaving) save(true); });
  document.addEventListener("visibilitychange", () => {
    if (document.hidden && !leaving) save(true);
  });
  addEventListener("beforeunload", (event) => {
    if (!leaving && (failures || over || refused.size)) event.preventDefault();
  });
  addEventListener("pageshow", ({ persisted }) => {
    leaving = false;
    // Out of the browser's memory, as above.
    if (persisted && !changed.size && !refused.size) location.reload();
    if (persisted || arrival === "navigate") return;
    for (const input of form.querySelectorAll(".question :is(input, textarea)")) {
      const isShown = input.value === input.defaultValue && input.checked === input.defaultChecked;
      if (!isShown && !changed.has(keyOf(input))) filledIn(keyOf(input));
    }
  });
})();

(() => {
  "use strict";
  const form = document.querySelector("form[data-save]");
  if (!form || !form.querySelector("[data-files]")) return;
  const spoken = document.createElement("p");
  spoken.className = "visually-hidden";
  spoken.setAttribute("role", "status");
  form.append(spoken);
  const said = form.querySelector("[data-saved]");
  let inPlaceOf = "";
  let pressed = null;

  const CANCELLED = Symbol("cancelled");
  // The names of each upload's files: one goes after the other.
  const onTheirWay = new Set();
  let turn = Promise.resolve();
  // "$&" in a name stands for itself. Each name stands apart where the words set one apart (U+2068).
  const withNames = (words, names) =>
    words.replace("{name}", () => names.join(words.includes("\u2068") ? "\u2069, \u2068" : ", "));

  const send = (request, data) => new Promise((resolve) => {
    request.open("POST", location.pathname + location.search);
    request.responseType = "document";
    request.addEventListener("load", () => resolve(request.response));
    request.addEventListener("error", () => resolve(null));
    request.addEventListener("abort", () => resolve(CANCELLED));
    request.send(data);
  });

  const showProgress = (area, request, names) => {
    const words = area.dataset;
    const shown = document.createElement("div");
    shown.className = "uploading";
    const told = document.createElement("p");
    const bar = document.createElement("progress");
    const cancel = document.createElement("button");
    const sending = withNames(words.sending, names);
    bar.setAttribute("aria-label", sending);
    bar.max = 1;
    const part = new Intl.NumberFormat(document.documentElement.lang + "-u-nu-latn", { style: "percent" });
    const say = (share) => {
      bar.value = share;
      told.textContent = `${sending} ${part.format(Math.floor(share * 100) / 100)}`;
    };
    say(0);
    request.upload.addEventListener("progress", ({ loaded, total }) => say(total ? loaded / total : 0));
    // Once all of it is sent, it may be stored: to say that it was not added would be wrong.
    request.upload.addEventListener("load", () => { cancel.disabled = true; });
    cancel.type = "button";
    cancel.className = "button button--small button--secondary";
    cancel.textContent = words.cancel;
    cancel.addEventListener("click", () => request.abort());
    shown.append(told, bar, cancel);
    area.append(shown);
    return shown;
  };

  const complain = (area, words) => {
    const error = document.createElement("p");
    error.className = "error";
    error.textContent = words;
    area.prepend(error);
    spoken.textContent = words;
  };

  const post = async (id, entries, done, names = []) => {
    const block = document.getElementById(id);
    const area = block.querySelector("[data-files]");
    const words = area.dataset;
    for (const old of block.querySelectorAll(".error")) old.remove();
    const data = new FormData();
    data.append("csrfmiddlewaretoken", form.elements.csrfmiddlewaretoken.value);
    data.append("_base_etags", "");
    data.append("action", "upload");
    for (const [name, value] of entries) data.append(name, value);
    const request = new XMLHttpRequest();
    const progress = names.length ? showProgress(area, request, names) : null;
    area.setAttribute("aria-busy", "true");
    const answer = await send(request, data);
    progress?.remove();
    area.removeAttribute("aria-busy");
    if (answer === CANCELLED) {
      const input = area.querySelector("input[type=file]");
      input.value = "";
      input.focus();
      spoken.textContent = withNames(words.cancelled, names);
      return false;
    }
    const fresh = answer && answer.getElementById(id);
    if (!fresh) {
      const title = answer?.querySelector("h1")?.textContent ?? "";
      area.querySelector("input[type=file]").value = "";
      complain(area, `${names.length ? words.failed : words.stays} ${title}`);
      return false;
    }
    block.replaceWith(document.adoptNode(fresh));
    fresh.classList.remove("question--waits"); // its choice may not be saved yet
    said.textContent = answer.querySelector("[data-saved]").textContent;
    fresh.querySelector("input[type=file]").focus();
    const errors = [...fresh.querySelectorAll(".error")].map((error) => error.textContent);
    spoken.textContent = errors.join(" ") || done;
    return !errors.length;
  };

  const upload = (input, files) => {
    const block = input.closest(".question");
    const area = block.querySelector("[data-files]");
    const words = area.dataset;
    const isLarge = (file) => file.size > Number(words.mostBytes || Infinity);
    const large = files.filter(isLarge).map((file) => file.name);
    const entries = files.filter((file) => !isLarge(file)).map((file) => [input.name, file]);
    const names = entries.map(([, file]) => file.name);
    const refuse = (where) => complain(where, withNames(words.tooBig, large));
    // What was to be replaced stays where one of the new files is refused.
    if (inPlaceOf && !large.length) entries.push(["_replace", inPlaceOf]);
    inPlaceOf = "";
    if (!names.length) {
      for (const old of block.querySelectorAll(".error")) old.remove();
      input.value = "";
      refuse(area);
      return;
    }
    hold(names, async () => {
      const added = await post(block.id, entries, withNames(words.added, names), names);
      if (large.length) refuse(document.getElementById(block.id).querySelector("[data-files]"));
      return added && !large.length;
    });
  };

  const ask = (event) => event.preventDefault();

  // Whoever leaves while a file is on its way is asked first; who goes on waits for it.
  const hold = async (names, work) => {
    const upload = { names };
    onTheirWay.add(upload);
    addEventListener("beforeunload", ask);
    turn = turn.then(work);
    const added = await turn;
    onTheirWay.delete(upload);
    if (!added) {
      pressed = null;
      if ("waits" in form.dataset) said.textContent = form.dataset.waits;
    }
    delete form.dataset.waits;
    if (onTheirWay.size) return;
    removeEventListener("beforeunload", ask);
    if (pressed) form.requestSubmit(pressed);
    pressed = null;
  };

  form.addEventListener("submit", (event) => {
    if (!onTheirWay.size) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    pressed = event.submitter;
    form.dataset.waits ??= said.textContent;
    const names = [...onTheirWay].flatMap((upload) => upload.names);
    said.textContent = withNames(form.querySelector("[data-files]").dataset.waiting, names);
  }, true);

  form.addEventListener("change", ({ target }) => {
    if (target.type === "file" && target.files.length) upload(target, [...target.files]);
  });
  form.addEventListener("cancel", () => { inPlaceOf = ""; });
  form.addEventListener("click", (event) => {
    // Older browsers do not tell that nothing was chosen to replace a file.
    if (event.isTrusted && event.target.type === "file") inPlaceOf = "";
    const button = event.target.closest("[name=_remove], [name=_replace]");
    if (!button) return;
    event.preventDefault();
    const block = button.closest(".question");
    if (button.name === "_replace") {
      inPlaceOf = button.value;
      block.querySelector("input[type=file]").click();
    } else {
      const gone = block.querySelector("[data-files]").dataset.gone;
      const entries = [["_remove", button.value]];
      turn = turn.then(() => post(block.id, entries, withNames(gone, [button.dataset.file])));
    }
  });
  form.addEventListener("dragover", (event) => {
    const area = event.target.closest("[data-files]");
    if (!area) return;
    event.preventDefault();
    area.classList.add("dragged-over");
  });
  for (const name of ["dragleave", "drop"]) {
    form.addEventListener(name, ({ target }) => {
      target.closest("[data-files]")?.classList.remove("dragged-over");
    });
  }
  form.addEventListener("drop", (event) => {
    const area = event.target.closest("[data-files]");
    if (!area || !event.dataTransfer.files.length) return;
    event.preventDefault();
    upload(area.querySelector("input[type=file]"), [...event.dataTransfer.files]);
  });
})();
