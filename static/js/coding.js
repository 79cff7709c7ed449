// Coding on the page of a response: choose a passage with mouse, touch or sentence by sentence, then
// a code. A passage counts UTF-16 code units of the answer's text, as JavaScript does; the server
// converts it, compares the words, and sends the answer back drawn anew.
"use strict";

{
  const PENDING = "coding-pending";
  const SLOW = 400; // milliseconds, after which the page says that it saves
  const bar = document.getElementById("coding-bar");
  const field = document.getElementById("coding-code");
  const status = document.getElementById("coding-status");
  const token = bar.querySelector("[name=csrfmiddlewaretoken]").value;
  const canHighlight = "highlights" in CSS;
  let chosen = null; // {key, start, end}
  let isMoving = false;
  let offered = ""; // what was typed when the page last named the codes that have it
  let unknown = ""; // a code that the codebook does not have, entered once
  let queue = Promise.resolve(); // one after the other, in the order in which they were made
  let waiting = []; // what is drawn until the server has answered
  let unanswered = 0; // saves
  let refusal = ""; // of a save before those that are unanswered
  let afterSaves = null; // what leads elsewhere, once all is saved

  const texts = () => [...document.querySelectorAll("[data-sentences]")];
  const textOf = (key) => texts().find((text) => text.dataset.source === key);
  const isSame = (one, other) =>
    one?.key === other?.key && one?.start === other?.start && one?.end === other?.end;
  // With its end: what is extended after is told, too.
  const shorten = (words) =>
    words.length > 80 ? `${words.slice(0, 50)} … ${words.slice(-28)}` : words;

  function sentencesOf(text) {
    const pairs = text.dataset.sentences.split(" ").filter(Boolean);
    return pairs.map((pair) => pair.split("-").map(Number));
  }

  function offsetsOf(text, range) {
    const before = document.createRange();
    before.selectNodeContents(text);
    const whole = before.cloneRange();
    if (range.compareBoundaryPoints(Range.START_TO_START, before) > 0) {
      before.setEnd(range.startContainer, range.startOffset);
    } else before.collapse(true);
    if (range.compareBoundaryPoints(Range.END_TO_END, whole) < 0) {
      whole.setEnd(range.endContainer, range.endOffset);
    }
    return { start: before.toString().length, end: whole.toString().length };
  }

  function rangeOf({ key, start, end }) {
    const text = textOf(key);
    if (!text) return null;
    const range = document.createRange();
    const walker = document.createTreeWalker(text, NodeFilter.SHOW_TEXT);
    let place = 0;
    let begun = false;
    while (walker.nextNode()) {
      const node = walker.currentNode;
      if (!begun && start < place + node.length) {
        range.setStart(node, start - place);
        begun = true;
      }
      if (begun && end <= place + node.length) {
        range.setEnd(node, end - place);
        return range;
      }
      place += node.length;
    }
    return null;
  }

  // Pixels at the top of the window that other things cover.
  const covered = () =>
    Math.max(
      0,
      ...[...document.querySelectorAll(".reading-bar, .consent")]
        .filter((one) => getComputedStyle(one).position === "sticky")
        .map((one) => one.offsetHeight)
    );

  const wordsOf = (passage) => textOf(passage.key)?.textContent.slice(passage.start, passage.end);

  // Without CSS highlights: marks around the words, which stay where they are and as many.
  function drawMarks() {
    for (const mark of document.querySelectorAll("mark.drawn-pending")) {
      const text = mark.parentNode;
      mark.replaceWith(...mark.childNodes);
      text.normalize();
    }
    for (const { key, start, end } of waiting) {
      const text = textOf(key);
      if (!text) continue;
      const walker = document.createTreeWalker(text, NodeFilter.SHOW_TEXT);
      const nodes = [];
      let place = 0;
      while (walker.nextNode()) {
        const node = walker.currentNode;
        const range = document.createRange();
        range.setStart(node, Math.min(Math.max(start - place, 0), node.length));
        range.setEnd(node, Math.min(Math.max(end - place, 0), node.length));
        place += node.length;
        if (!range.collapsed) nodes.push(range);
      }
      for (const range of nodes) {
        const mark = document.createElement("mark");
        mark.className = "drawn-pending";
        range.surroundContents(mark);
      }
    }
  }

  function draw() {
    if (!canHighlight) {
      const hadSelection = chosen && !document.getSelection().isCollapsed;
      drawMarks();
      if (hadSelection) selectNatively(rangeOf(chosen));
      return;
    }
    for (const name of [...CSS.highlights.keys()]) CSS.highlights.delete(name);
    const byName = new Map();
    for (const passage of waiting) {
      const range = rangeOf(passage);
      if (range) byName.set(passage.name, [...(byName.get(passage.name) ?? []), range]);
    }
    for (const [name, ranges] of byName) CSS.highlights.set(name, new Highlight(...ranges));
    const range = chosen && rangeOf(chosen);
    if (range) CSS.highlights.set("coding-chosen", new Highlight(range));
  }

  function say(words) {
    status.textContent = words;
  }

  function choose(passage) {
    chosen = passage;
    unknown = "";
    draw();
    if (chosen) say(`Chosen: ${shorten(wordsOf(chosen))}`);
  }

  function takeSelection() {
    const selection = document.getSelection();
    if (isMoving || !selection.rangeCount || selection.isCollapsed) return;
    const range = selection.getRangeAt(0);
    const parts = texts()
      .filter((text) => range.intersectsNode(text))
      .map((text) => ({ key: text.dataset.source, ...offsetsOf(text, range) }))
      .filter((part) => part.start < part.end);
    if (parts.length > 1) {
      choose(null);
      say("A passage is in one text: choose within one answer.");
    } else if (parts.length && !isSame(parts[0], chosen)) choose(parts[0]);
  }

  document.addEventListener("selectionchange", takeSelection);

  // Every sentence of the page in its order, so that one key leads from answer to answer.
  function allSentences() {
    return texts()
      .filter((text) => text.checkVisibility?.() ?? true)
      .flatMap((text) =>
        sentencesOf(text).map(([start, end]) => ({ key: text.dataset.source, start, end }))
      );
  }

  function move(how) {
    const all = allSentences();
    if (!all.length) return;
    const inside = (one) =>
      chosen && one.key === chosen.key && one.start < chosen.end && one.end > chosen.start;
    const first = all.findIndex(inside);
    const last = all.findLastIndex(inside);
    let next = null;
    if (first < 0) next = all[firstInSight(all)];
    else if (how === "on") next = all[Math.min(last + 1, all.length - 1)];
    else if (how === "back") next = all[Math.max(first - 1, 0)];
    else if (how === "wider-on") {
      const wider = all[last + 1];
      if (wider?.key === chosen.key) next = { ...chosen, end: wider.end };
    } else {
      const wider = all[first - 1];
      if (wider?.key === chosen.key) next = { ...chosen, start: wider.start };
    }
    if (!next) return;
    if (canHighlight) document.getSelection().removeAllRanges();
    choose(next);
    const range = rangeOf(next);
    if (range) bringIntoSight(textOf(next.key), range);
    if (!canHighlight) selectNatively(range);
  }

  // The text of a file scrolls within its own box.
  function bringIntoSight(text, range) {
    const within = text.getBoundingClientRect();
    const inText = range.getBoundingClientRect();
    if (inText.top < within.top || inText.bottom > within.bottom) {
      text.scrollTop += inText.top - within.top - text.clientHeight / 3;
    }
    const box = range.getBoundingClientRect();
    const top = covered();
    const bottom = Math.min(bar.getBoundingClientRect().top, innerHeight - bar.offsetHeight);
    if (box.top >= top && box.bottom <= bottom) return;
    const room = bottom - top;
    window.scrollBy(0, box.top - top - Math.max(0, Math.min(room / 4, room - box.height)));
  }

  function firstInSight(all) {
    const top = covered();
    const place = all.findIndex((one) => (rangeOf(one)?.getBoundingClientRect().bottom ?? 0) > top);
    return Math.max(place, 0);
  }

  async function post(address, fields) {
    const body = new URLSearchParams({ csrfmiddlewaretoken: token, fragment: "1", ...fields });
    let answer;
    try {
      answer = await fetch(address, { method: "POST", body });
    } catch {
      throw new Error("Not saved: the portal cannot be reached. Try again.");
    }
    if (answer.redirected) {
      throw new Error("Not saved: you are signed out. Open this page again and sign in.");
    }
    const words = await answer.text();
    if (answer.status === 422) {
      throw Object.assign(new Error(words), { isUnknown: answer.headers.has("X-Code-Unknown") });
    }
    if (!answer.ok) throw new Error("Not saved: the portal has refused it. Open the page again.");
    return words;
  }

  // Put the text as the server drew it in the place of the one before, with what the browser keeps
  // there: whether its list is open, how far it is scrolled, the focus and the selection.
  function replace(fragment) {
    const place = () => chosen && rangeOf(chosen)?.getBoundingClientRect();
    const [before, height] = [place(), bar.offsetHeight];
    redraw(fragment);
    const after = place();
    if (!before || !after) return;
    // Another line under the words makes the lines higher: what one reads stays where it is, unless
    // the bar is higher now and would hide it.
    window.scrollBy(0, after.top - before.top);
    const hidden = place().bottom - bar.getBoundingClientRect().top;
    window.scrollBy(0, Math.max(0, Math.min(hidden, bar.offsetHeight - height)));
  }

  function redraw(fragment) {
    const drawn = new DOMParser().parseFromString(fragment, "text/html");
    const after = drawn.querySelector(".coded-answer");
    const before = document.getElementById(after.id);
    const focused = document.activeElement;
    const selection = document.getSelection();
    const hasSelection = chosen && selection.rangeCount && !selection.isCollapsed;
    if (before) {
      const text = before.querySelector("[data-sentences]");
      const wereOpen = [...before.querySelectorAll("details.codings[open]")];
      const scrolled = text?.scrollTop ?? 0;
      before.replaceWith(after);
      for (const { dataset } of wereOpen) {
        const list = after.querySelector(`details.codings[data-list="${dataset.list}"]`);
        if (list) list.open = true;
      }
      const drawnText = after.querySelector("[data-sentences]");
      if (drawnText) drawnText.scrollTop = scrolled;
      if (hasSelection && drawnText?.dataset.source === chosen.key) selectNatively(rangeOf(chosen));
    }
    replaceChoices(drawn.getElementById("coding-choices"));
    if (focused === document.activeElement) return;
    const key = focused?.dataset?.key;
    const again = key && bar.querySelector(`[data-key="${CSS.escape(key)}"]`);
    (again ?? after.querySelector("summary") ?? field).focus({ preventScroll: true });
  }

  function selectNatively(range) {
    if (!range) return;
    isMoving = true;
    document.getSelection().setBaseAndExtent(
      range.startContainer, range.startOffset, range.endContainer, range.endOffset
    );
    isMoving = false;
  }

  // The codes that were there keep their numbers until the page is opened again.
  function replaceChoices(choices) {
    const before = [...document.querySelectorAll("#coding-choices [data-code]")];
    const list = choices.querySelector(".recent");
    const items = new Map(
      [...choices.querySelectorAll("[data-code]")].map((one) => [one.dataset.code, one.closest("li")])
    );
    const kept = before.map((one) => one.dataset.code).filter((code) => items.has(code));
    const added = [...items.keys()].filter((code) => !kept.includes(code));
    [...kept, ...added].forEach((code, place) => {
      const item = items.get(code);
      item.querySelector("button").dataset.key = place + 1;
      item.querySelector("kbd").textContent = place + 1;
      list.append(item);
    });
    document.getElementById("coding-choices").replaceWith(choices);
  }

  // `wanted` is asked when the turn comes, as what to undo depends on what was done before.
  function save(wanted, { passage, said, refused } = {}) {
    if (passage) waiting.push(passage);
    draw();
    const slow = setTimeout(() => say("Saving…"), canHighlight ? SLOW : 0);
    if (!unanswered) refusal = "";
    unanswered += 1;
    queue = queue.then(async () => {
      try {
        const [address, fields] = wanted();
        const fragment = await post(address, fields);
        const drawn = new DOMParser().parseFromString(fragment, "text/html");
        clearTimeout(slow);
        replace(fragment);
        const saved = drawn.getElementById("coding-said").textContent || said;
        say(refusal ? `${refusal} After that: ${saved}` : saved);
      } catch (error) {
        clearTimeout(slow);
        refusal = error.message;
        say(refusal);
        refused?.(error);
        if (afterSaves) document.dispatchEvent(new Event("stays"));
        afterSaves = null;
      }
      waiting = waiting.filter((one) => one !== passage);
      draw();
      unanswered -= 1;
      if (unanswered || !afterSaves) return;
      const lead = afterSaves;
      afterSaves = null;
      lead();
    });
  }

  // The browser drops what is not sent when it leaves, and nobody would read a refusal.
  function leadElsewhere(lead) {
    if (!unanswered) return lead();
    afterSaves = lead;
    say("Saving…");
  }

  function hasChosen() {
    takeSelection(); // the browser may not have told of it yet
    if (!chosen) say("Choose a passage first: with the mouse, by touch, or with [ and ].");
    return Boolean(chosen);
  }

  // Put the passage into the quote bank, without a code.
  function mark() {
    if (!hasChosen()) return;
    const { key, start, end } = chosen;
    const address = textOf(key).dataset.address;
    const fields = { version: bar.dataset.version, mark: "chosen", start, end, quote: wordsOf(chosen) };
    save(() => [address, fields], { passage: { key, start, end, name: PENDING } });
  }

  // Leads to the page on which a memo on the passage is written; the server says where it stands.
  function writeMemo() {
    if (!hasChosen()) return;
    const { key, start, end } = chosen;
    const form = document.createElement("form");
    form.method = "post";
    form.action = textOf(key).dataset.address;
    const fields = { csrfmiddlewaretoken: token, version: bar.dataset.version, memo: "chosen" };
    for (const [name, value] of Object.entries({ ...fields, start, end, quote: wordsOf(chosen) })) {
      const input = document.createElement("input");
      Object.assign(input, { type: "hidden", name, value });
      form.append(input);
    }
    document.body.append(form);
    leadElsewhere(() => form.submit());
  }

  function code(name, pk) {
    if (!hasChosen()) return;
    const { key, start, end } = chosen;
    const passage = { key, start, end, name: pk ? `code-${pk}` : PENDING };
    const address = textOf(key).dataset.address;
    const fields = { version: bar.dataset.version, code: name, start, end, quote: wordsOf(chosen) };
    if (pk) fields.key = pk;
    if (unknown && unknown === name) fields.is_new = "on";
    unknown = "";
    save(() => [address, fields], {
      passage,
      said: `Under “${name}”: ${shorten(fields.quote)}`,
      // What was typed stays, unless the coder has gone on meanwhile.
      refused: (error) => {
        if (pk || field.value || !isSame(chosen, passage)) return;
        field.value = name;
        if (!error.isUnknown) return;
        unknown = name;
        say(`There is no code “${name}”. Press Enter again to add it.`);
        field.focus();
      },
    });
    if (!pk) {
      field.value = "";
      field.blur();
    }
  }

  function undo() {
    const button = document.querySelector("#coding-choices [data-undo]");
    if (!button) throw new Error("There is nothing to undo.");
    return [button.dataset.address, { coding: button.dataset.undo }];
  }

  // The form for it has the words again, before anything is proposed.
  function hide() {
    if (!hasChosen()) return;
    const address = new URL(textOf(chosen.key).dataset.redact, document.location.href);
    address.searchParams.set("version", bar.dataset.version);
    address.searchParams.set("start", chosen.start);
    address.searchParams.set("end", chosen.end);
    leadElsewhere(() => document.location.assign(address));
  }

  // Name the codes that have what was typed, once. Return whether the coder is to choose.
  function offer(typed) {
    const wanted = typed.toLowerCase();
    const paths = [...document.querySelectorAll("#codes option")].map((one) => one.value);
    const isWhole = (path) => [path, path.split(" > ").at(-1)].some((one) => one.toLowerCase() === wanted);
    const found = paths.filter((path) => path.toLowerCase().includes(wanted));
    if (!found.length || typed === offered || paths.some(isWhole)) return false;
    offered = typed;
    if (found.length === 1) {
      field.value = found[0];
      say(`Press Enter again for “${found[0]}”. To add a code “${typed}”, type it again.`);
    } else {
      const some = found.slice(0, 5).map((path) => `“${path}”`).join(", ");
      say(`${found.length} codes have “${typed}”: ${some}${found.length > 5 ? " …" : ""}. Choose one.`);
    }
    return true;
  }

  bar.addEventListener("submit", (event) => {
    event.preventDefault();
    const name = field.value.trim();
    if (!name) say("Enter or choose a code.");
    else if (!offer(name)) code(name, null);
  });

  bar.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    if (button.dataset.move) move(button.dataset.move);
    else if (button.dataset.code) code(button.dataset.name, button.dataset.code);
    else if (button.dataset.undo) save(undo);
    else if ("hide" in button.dataset) hide();
    else if ("mark" in button.dataset) mark();
    else if ("memo" in button.dataset) writeMemo();
  });

  // A click would put the focus on the button, and the next key would not be one of the page's.
  bar.addEventListener("mousedown", (event) => {
    if (event.target.closest("button[data-key]")) event.preventDefault();
  });

  field.addEventListener("keydown", (event) => {
    if (event.key === "Escape") field.blur();
  });

  document.addEventListener("submit", (event) => {
    const form = event.target;
    const button = event.submitter;
    if (!form.closest("details.codings") || !button?.value) return;
    event.preventDefault();
    const fields = { version: bar.dataset.version, [button.name]: button.value };
    // Without an address of its own, a button's `formAction` is that of the page.
    const address = button.hasAttribute("formaction") ? button.formAction : form.action;
    save(() => [address, fields]);
  });

  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href]");
    if (!unanswered || !link || event.defaultPrevented || event.button || link.target) return;
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    if (link.getAttribute("href").startsWith("#")) return;
    event.preventDefault();
    leadElsewhere(() => document.location.assign(link.href));
  });

  // Before the scripts that take a form as sent.
  document.addEventListener(
    "submit",
    (event) => {
      const { target: form, submitter } = event;
      if (!unanswered || form === bar || form.closest("details.codings")) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      leadElsewhere(() => form.requestSubmit(submitter));
    },
    true
  );

  addEventListener("beforeunload", (event) => {
    if (unanswered) event.preventDefault();
  });

  bar.hidden = !texts().length;
}
