// Whoever leaves a staff's page with a text that they typed and did not send is asked first.
"use strict";

{
  const SENT_FOR = 3000; // milliseconds, in which the browser begins to leave
  const { refused } = document.currentScript.dataset; // the page may answer a form that was not saved
  let sent = null;

  // What came back with an error is typed and not saved, though the page came with it.
  const cameBack = (form) =>
    refused !== undefined &&
    new URL(form.getAttribute("action") || "", location.href).pathname === location.pathname &&
    document.querySelector("#content .errornote, #content .errorlist");

  // A field with a key belongs to a script that sends it by itself.
  const isUnsent = (field) =>
    field.form?.method === "post" &&
    field.value !== (cameBack(field.form) ? "" : field.defaultValue) &&
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
