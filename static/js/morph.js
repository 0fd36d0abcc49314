// @ts-check
// Makes an element equal to new HTML by changing only what differs, so that focus, selection, open <details> and
// running animations of everything else stay. Children with an id are recognised wherever they moved to.

/**
 * @param {Element} element
 * @param {string} html one element
 */
export function morph(element, html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  const wanted = template.content.firstElementChild;
  if (wanted) same(element, wanted);
}

/**
 * @param {Element} present
 * @param {Element} wanted
 */
function same(present, wanted) {
  attributes(present, wanted);
  children(present, wanted);
}

/**
 * @param {Element} present
 * @param {Element} wanted
 */
function attributes(present, wanted) {
  for (const { name } of [...present.attributes]) {
    const kept = name === "open" && present.localName === "details"; // the reader's, not the server's
    if (!kept && !wanted.hasAttribute(name)) present.removeAttribute(name);
  }
  for (const { name, value } of wanted.attributes) {
    if (present.getAttribute(name) !== value) present.setAttribute(name, value);
  }
}

/**
 * @param {Element} present
 * @param {Element} wanted
 */
function children(present, wanted) {
  /** @type {Map<string, Element>} */
  const named = new Map();
  for (const child of present.children) if (child.id) named.set(child.id, child);
  let place = present.firstChild;
  for (const target of [...wanted.childNodes]) {
    const found = match(place, target, named);
    if (!found) {
      present.insertBefore(target, place);
      continue;
    }
    if (found !== place) present.insertBefore(found, place);
    else place = found.nextSibling;
    if (found instanceof Element) same(found, /** @type {Element} */ (target));
    else if (found.nodeValue !== target.nodeValue) found.nodeValue = target.nodeValue;
  }
  while (place) {
    const next = place.nextSibling;
    place.remove();
    place = next;
  }
}

/**
 * The node that becomes `target`: the one of its id, else the one that stands in its place if it is of its kind.
 * @param {ChildNode | null} place
 * @param {ChildNode} target
 * @param {Map<string, Element>} named
 * @returns {ChildNode | null}
 */
function match(place, target, named) {
  if (target instanceof Element && target.id) {
    const found = named.get(target.id);
    return found && found.localName === target.localName ? found : null;
  }
  if (!place || place.nodeType !== target.nodeType) return null;
  if (place instanceof Element) {
    return !place.id && place.localName === /** @type {Element} */ (target).localName ? place : null;
  }
  return place;
}
