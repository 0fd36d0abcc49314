// @ts-check
// Makes an element equal to new HTML by changing only what differs, so that focus, selection, open <details> and
// running animations of everything else stay. Children with an id are recognised wherever they moved to.
//
// What a page's own script changes, it keeps by saying so: `data-keep="aria-expanded class"` names attributes that the
// server's HTML does not touch; `data-own` leaves an element altogether to the script (a log, a slider).
//
// `data-place` in new HTML is the place of something that has a fragment of its own: what stands there stays as it is,
// also where it moves to another parent; a new one's place is filled by its fragment, which comes after.

/** @type {Map<string, Element>} */
const standing = new Map();

/**
 * @param {Element} element
 * @param {string} html one element
 */
export function morph(element, html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  const wanted = template.content.firstElementChild;
  if (!wanted) return;
  for (const place of wanted.querySelectorAll("[data-place]")) {
    const there = document.getElementById(place.id);
    if (there) standing.set(place.id, there);
  }
  become(element, wanted);
  standing.clear();
}

/**
 * @param {Element} present
 * @param {Element} wanted taken apart
 */
export function become(present, wanted) {
  if (present.hasAttribute("data-own")) return;
  attributes(present, wanted);
  children(present, wanted);
}

/**
 * @param {Element} present
 * @param {Element} wanted
 */
function attributes(present, wanted) {
  const kept = keptBy(present);
  for (const { name } of [...present.attributes]) {
    if (!wanted.hasAttribute(name) && !kept.includes(name)) present.removeAttribute(name);
  }
  for (const { name, value } of wanted.attributes) {
    if (present.getAttribute(name) !== value && !kept.includes(name)) present.setAttribute(name, value);
  }
}

/**
 * What is open is the reader's doing, not the server's.
 * @param {Element} element
 */
function keptBy(element) {
  const kept = element.getAttribute("data-keep")?.split(" ") ?? [];
  return element.localName === "details" || element.localName === "dialog" ? [...kept, "open"] : kept;
}

/**
 * @param {Element} present
 * @param {Element} wanted
 */
function children(present, wanted) {
  const targets = [...wanted.childNodes];
  const stays = new Set();
  for (const target of targets) if (target instanceof Element && target.id) stays.add(target.id);
  /** @type {Map<string, Element>} */
  const named = new Map();
  // First away with what goes: otherwise the first pod that goes makes all the others move up, one by one.
  for (const child of [...present.children]) {
    if (!child.id) continue;
    if (stays.has(child.id)) named.set(child.id, child);
    else child.remove();
  }
  let place = present.firstChild;
  for (const target of targets) {
    const found = match(place, target, named);
    if (!found) {
      present.insertBefore(target, place);
      continue;
    }
    if (found !== place) move(present, found, place);
    else place = found.nextSibling;
    if (found instanceof Element && standing.get(found.id) === found) continue;
    if (found instanceof Element) become(found, /** @type {Element} */ (target));
    else if (found.nodeValue !== target.nodeValue) found.nodeValue = target.nodeValue;
  }
  while (place) {
    const next = place.nextSibling;
    place.remove();
    place = next;
  }
}

/**
 * Browsers that can, move an element with its focus and its running animations.
 * @param {Element} parent
 * @param {ChildNode} child
 * @param {ChildNode | null} place
 */
function move(parent, child, place) {
  const able = /** @type {{moveBefore?: (child: Node, place: Node | null) => void}} */ (/** @type {unknown} */ (parent));
  if (able.moveBefore && child.isConnected) able.moveBefore(child, place);
  else parent.insertBefore(child, place);
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
    const found = standing.get(target.id) ?? named.get(target.id);
    return found && found.localName === target.localName ? found : null;
  }
  if (!place || place.nodeType !== target.nodeType) return null;
  if (place instanceof Element) {
    return !place.id && place.localName === /** @type {Element} */ (target).localName ? place : null;
  }
  return place;
}
