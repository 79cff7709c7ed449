// Keys of the staff's pages: each does what the link or button with that data-key does.
"use strict";

const TYPED_INTO = "input, textarea, select, [contenteditable]";
const list = document.getElementById("keys");
let isLeaving = false;

function find(key) {
  return document.querySelector(`[data-key="${CSS.escape(key)}"]`);
}

document.addEventListener("keydown", (event) => {
  // A key that is held down counts once, as does a second press while the next page is on its way.
  if (event.defaultPrevented || event.repeat || event.isComposing || isLeaving) return;
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target instanceof Element && event.target.closest(TYPED_INTO)) return;
  if (list?.open) return;
  const wanted = find(event.key);
  if (!wanted) return;
  event.preventDefault();
  isLeaving = event.key !== "?";
  wanted.click();
});

find("?")?.addEventListener("click", (event) => {
  if (!list || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  list.showModal();
});

// The browser may show the page again as it was left.
window.addEventListener("pageshow", () => {
  isLeaving = false;
});
