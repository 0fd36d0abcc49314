// @ts-check
// Passkeys: a form's press asks the browser's authenticator; its answer goes along in a hidden field.

/** @param {string} text */
function bytes(text) {
  const plain = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(plain, (letter) => letter.charCodeAt(0));
}

/** @param {ArrayBuffer | null | undefined} buffer */
function text(buffer) {
  if (!buffer) return null;
  const plain = String.fromCharCode(...new Uint8Array(buffer));
  return btoa(plain).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/**
 * The server's options with their bytes as bytes.
 * @param {any} options
 */
function unpacked(options) {
  const packed = options.publicKey;
  const known = (/** @type {any[]} */ list) => list?.map((one) => ({ ...one, id: bytes(one.id) }));
  const asked = { ...packed, challenge: bytes(packed.challenge) };
  if (packed.user) asked.user = { ...packed.user, id: bytes(packed.user.id) };
  if (packed.excludeCredentials) asked.excludeCredentials = known(packed.excludeCredentials);
  if (packed.allowCredentials) asked.allowCredentials = known(packed.allowCredentials);
  return asked;
}

/** @param {any} credential */
function packed(credential) {
  const answer = credential.response;
  const response = { clientDataJSON: text(answer.clientDataJSON) };
  for (const part of ["attestationObject", "authenticatorData", "signature", "userHandle"])
    if (answer[part]) Object.assign(response, { [part]: text(answer[part]) });
  return JSON.stringify({
    type: credential.type,
    id: credential.id,
    rawId: text(credential.rawId),
    authenticatorAttachment: credential.authenticatorAttachment,
    clientExtensionResults: credential.getClientExtensionResults(),
    response,
  });
}

/** @param {HTMLFormElement} form */
async function add(form) {
  const asked = unpacked(JSON.parse(form.dataset.options ?? "").creation_options);
  const alone = /** @type {HTMLInputElement} */ (form.elements.namedItem("passwordless")).checked;
  asked.authenticatorSelection = {
    ...asked.authenticatorSelection,
    residentKey: alone ? "required" : "discouraged",
    requireResidentKey: alone,
    ...(alone && { userVerification: "required" }),
  };
  return navigator.credentials.create({ publicKey: asked });
}

/** @param {HTMLFormElement} form */
async function get(form) {
  const options = form.dataset.options ? JSON.parse(form.dataset.options) : await asked(form.action);
  return navigator.credentials.get({ publicKey: unpacked(options.request_options) });
}

/** @param {string} address */
async function asked(address) {
  const answer = await fetch(address, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error("the server did not answer.");
  return answer.json();
}

/** @param {any} error */
function sentence(error) {
  if (error.name === "NotAllowedError") return "No passkey was used. Try again, or use another way.";
  if (error.name === "InvalidStateError") return "This passkey is on your account already.";
  if (error.name === "SecurityError")
    return "Browsers use passkeys only at https:// addresses and at http://localhost.";
  return `The browser could not use a passkey: ${error.message}`;
}

for (const form of /** @type {NodeListOf<HTMLFormElement>} */ (document.querySelectorAll("form[data-passkey]"))) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const mistake = form.querySelector("[data-passkey-mistake]");
    if (mistake) mistake.textContent = "";
    try {
      const credential = await (form.dataset.passkey === "add" ? add(form) : get(form));
      /** @type {HTMLInputElement} */ (form.elements.namedItem("credential")).value = packed(credential);
      form.submit();
    } catch (error) {
      if (mistake) mistake.textContent = sentence(error);
    }
  });
}
