// Whoever goes back, or opens a tab again, finds what they typed then; in Firefox, whoever loads a page anew, too. It
// goes with the hidden fields of then, which say what the page showed: beside those of now it would overwrite unseen
// what somebody saved meanwhile.
"use strict";

{
  const { refused } = document.currentScript.dataset; // Back to such a page sends the form again
  const isAgain = /^(back_forward|reload)$/.test(performance.getEntriesByType("navigation")[0]?.type);
  const isHidden = ({ type, name }) => type === "hidden" && !/^csrf|_FORMS$|-id$/.test(name);
  const canBeFilledIn = ({ type }) => !/^(hidden|submit|button|fieldset)$/.test(type);
  const isFilledIn = (field) =>
    field.type === "select-one"
      ? field.selectedIndex !== Math.max(0, [...field.options].findIndex((one) => one.defaultSelected))
      : field.value !== (field.defaultValue ?? field.value) || field.checked !== field.defaultChecked;
  // A form of one choice (.status) says beside it what holds; a browser fills that in though nobody touched it.
  const forms = [...document.querySelectorAll("form[method=post]:not(#changelist-form, .status)")].filter((form) =>
    [...form.elements].some(canBeFilledIn),
  );
  // What a form with other fields had does not fit.
  const keyOf = ({ elements }) => [...new Set([...elements].map(({ id, name }) => id || name))].join();
  const shownBy = ({ elements }) => [...elements].filter(isHidden).map(({ name, value }) => [name, value]);
  const before = history.state?.shown ?? {};

  const takeBack = (form) => {
    const shown = before[keyOf(form)];
    if (!shown) return;
    for (const input of [...form.elements].filter(isHidden)) input.remove();
    for (const [name, value] of shown) {
      form.append(Object.assign(document.createElement("input"), { type: "hidden", name, value }));
    }
  };
  const keep = () => {
    if (refused !== undefined || !forms.length) return;
    history.replaceState({ shown: Object.fromEntries(forms.map((form) => [keyOf(form), shownBy(form)])) }, "");
  };

  addEventListener("pageshow", ({ persisted }) => {
    if (persisted) return;
    if (isAgain) {
      for (const form of forms) {
        if ([...form.elements].some((field) => canBeFilledIn(field) && isFilledIn(field))) takeBack(form);
      }
    }
    keep();
  });
  // Firefox fills in later, as if it was typed.
  document.addEventListener("input", ({ target }) => {
    if (!isAgain || navigator.userActivation?.hasBeenActive !== false || !forms.includes(target.form)) return;
    takeBack(target.form);
    keep();
  });
}
