// @ts-check
// The guided application: jumps to the line where a mistake is, and shows files before they are sent.

document.addEventListener("click", (event) => {
  const jump = event.target instanceof Element ? event.target.closest("[data-jump]") : null;
  if (jump instanceof HTMLElement) select(jump.dataset.jumpFile ?? "", Number(jump.dataset.jump));
});

/**
 * @param {string} file
 * @param {number} line counted from 1
 */
function select(file, line) {
  for (const area of document.querySelectorAll("textarea[data-file]")) {
    if (!(area instanceof HTMLTextAreaElement) || area.dataset.file !== file) continue;
    const lines = area.value.split("\n");
    const start = lines.slice(0, line - 1).join("\n").length + (line > 1 ? 1 : 0);
    area.focus();
    area.setSelectionRange(start, start + (lines[line - 1] ?? "").length);
    const height = parseFloat(getComputedStyle(area).lineHeight);
    area.scrollTop = Math.max(0, (line - 4) * height);
  }
}
