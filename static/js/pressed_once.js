// A second press of a button of the staff's pages, or of an account's, while the first is on its way, is not sent.
// A file comes while the page stays: what somebody changes in the form meanwhile is sent.
"use strict";

{
  const sent = new WeakMap(); // what each form sent a moment ago

  const wordsOf = ({ target, submitter }) => {
    const fields = [...new FormData(target)].map(([name, value]) => [name, value.name ?? value]);
    return JSON.stringify([fields, submitter?.name, submitter?.value, submitter?.formAction]);
  };

  document.addEventListener("submit", (event) => {
    if (event.defaultPrevented) return;
    const form = event.target;
    const words = wordsOf(event);
    if (sent.get(form) === words) {
      event.preventDefault();
      return;
    }
    sent.set(form, words);
    setTimeout(() => {
      if (sent.get(form) === words) sent.delete(form);
    }, 3000);
  });

  // The browser may show the page again as it was left, or the page is not left after all.
  for (const [target, name] of [[window, "pageshow"], [document, "stays"]]) {
    target.addEventListener(name, () => {
      for (const form of document.forms) sent.delete(form);
    });
  }
}
