// A file comes while the page stays: whoever then chooses another may export it at once.
document.addEventListener("change", ({ target }) => { delete target.form?.dataset.sent; });

// Follows an export while it is made; without this, the page's link looks again.
(() => {
  "use strict";
  const shown = document.querySelector("[data-export]");
  if (!shown) return;
  const bar = shown.querySelector("progress");
  const words = shown.querySelector("[data-export-words]");
  const EVERY = 2000;

  const look = async () => {
    try {
      const answer = await fetch(shown.dataset.export, { headers: { Accept: "application/json" } });
      if (!answer.ok || answer.redirected) throw new Error();
      const export_ = await answer.json();
      if (!["waiting", "running"].includes(export_.state)) return location.reload();
      bar.max = export_.total || 1;
      bar.value = export_.done;
      if (words.textContent !== export_.words) words.textContent = export_.words;
      setTimeout(look, EVERY);
    } catch {
      // No connection, or signed out meanwhile: it asks again, more slowly.
      setTimeout(look, EVERY * 10);
    }
  };
  setTimeout(look, EVERY);
})();
