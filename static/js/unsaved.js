// Whoever leaves a staff's page with a text that they typed and did not send is asked first.
"use strict";

{
  const SENT_FOR = 3000; // milliseconds, in which the browser begins to leave
  let sent = null;

  // A field with a key belongs to a script that sends it by itself.
  const isUnsent = (field) =>
    field.value !== field.defaultValue &&
    field.form?.method === "post" &&
    field.form !== sent &&
    !field.dataset.key &&
    !field.form.querySelector("[type=password]");

  document.addEventListener("submit", (event) => {
    if (event.defaultPrevented) return;
    sent = event.target;
    setTimeout(() => {
      if (sent === event.target) sent = null;
    }, SENT_FOR);
  });

  addEventListener("beforeunload", (event) => {
    if (![...document.querySelectorAll("textarea, input[type=text], input:not([type])")].some(isUnsent)) return;
    event.preventDefault();
    // Whoever stays goes on with the page and its keys.
    setTimeout(() => document.dispatchEvent(new Event("stays")), 500);
  });
}
