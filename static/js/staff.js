// Keys of the staff's pages: each does what the link or button with that data-key does.
"use strict";

const TYPED_INTO = "input, textarea, select, [contenteditable]";
const list = document.getElementById("keys");
let isLeaving = false;

function find(key) {
  return document.querySelector(`[data-key="${CSS.escape(key)}"]`);
}

document.addEventListener("keydown", (event) => {
  // A key that leads elsewhere counts once, even held down or pressed again meanwhile.
  if (event.defaultPrevented || event.isComposing || isLeaving) return;
  // On many keyboards, brackets need AltGr, which is told as Ctrl and Alt.
  const isTyped = event.getModifierState?.("AltGraph");
  if (event.metaKey || (!isTyped && (event.ctrlKey || event.altKey))) return;
  if (event.target instanceof Element && event.target.closest(TYPED_INTO)) return;
  if (list?.open) return;
  const wanted = find(event.key);
  if (!wanted || wanted.closest("[hidden]")) return;
  const stays = "stays" in wanted.dataset;
  if (event.repeat && !("repeats" in wanted.dataset)) return;
  event.preventDefault();
  isLeaving = event.key !== "?" && !stays;
  // What one reads stays in sight: the field of the bar is, too.
  if (wanted.matches(TYPED_INTO)) wanted.focus({ preventScroll: wanted.matches("#coding-code") });
  else wanted.click();
});

find("?")?.addEventListener("click", (event) => {
  if (!list || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  list.showModal();
});

// The browser may show the page again as it was left, or the page is not left after all.
for (const [target, name] of [[window, "pageshow"], [document, "stays"]]) {
  target.addEventListener(name, () => {
    isLeaving = false;
  });
}
