// Passkeys: asks the browser for one and puts its answer into the form's field "credential".
"use strict";

const fromBase64Url = (text) =>
  Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
const toBase64Url = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");

function readOptions(text) {
  const options = JSON.parse(text);
  const publicKey = options.publicKey;
  publicKey.challenge = fromBase64Url(publicKey.challenge);
  if (publicKey.user) publicKey.user.id = fromBase64Url(publicKey.user.id);
  for (const list of ["excludeCredentials", "allowCredentials"]) {
    for (const known of publicKey[list] || []) known.id = fromBase64Url(known.id);
  }
  return options;
}

function asJson(credential) {
  const response = {};
  for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (credential.response[name]) response[name] = toBase64Url(credential.response[name]);
  }
  return JSON.stringify({
    id: credential.id,
    rawId: toBase64Url(credential.rawId),
    type: credential.type,
    response,
    clientExtensionResults: credential.getClientExtensionResults(),
  });
}

for (const form of document.querySelectorAll("form[data-passkey]")) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const failed = form.querySelector(".error[role=alert]");
    failed.hidden = true;
    try {
      const credential = await navigator.credentials[form.dataset.passkey](readOptions(form.dataset.options));
      form.elements.credential.value = asJson(credential);
      form.submit();
    } catch {
      failed.textContent = window.PublicKeyCredential ? form.dataset.failed : form.dataset.none;
      failed.hidden = false;
    }
  });
}
