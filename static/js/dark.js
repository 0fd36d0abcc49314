// @ts-check
// The right is gone, so is what it showed: content, dialogs, and whatever counts in the rail.

/**
 * @param {HTMLElement} main
 * @param {number} code
 * @param {string} why
 */
export function goDark(main, code, why) {
  for (const dialog of document.querySelectorAll("dialog")) dialog.remove();
  for (const element of document.querySelectorAll("#live, .rail .n, .rail .org .faint, [data-dark]")) element.remove();
  document.title = "Slipway";
  const card = document.createElement("section");
  card.className = "card";
  card.id = "dark";
  card.setAttribute("aria-label", "No longer shown");
  const text = document.createElement("p");
  text.className = "empty";
  text.setAttribute("role", "alert");
  text.textContent = `${why || "This page is no longer yours to see."} `;
  const link = document.createElement("a");
  link.className = "link";
  link.href = "/";
  link.textContent = code === 4401 ? "Sign in" : "Your organizations";
  text.append(link);
  card.append(text);
  main.replaceChildren(card);
}
