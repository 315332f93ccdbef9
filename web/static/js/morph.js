/**
 * Makes an element's children like those given while keeping the elements that
 * are there, so that a refresh loses neither focus nor a text selection. Children
 * with data-row are matched by it; others by their place.
 * @param {...(Node|string|null|false)} children
 */
export function morph(parent, ...children) {
	const focused = parent.contains(document.activeElement) ? document.activeElement : null;
	sync(parent, children.filter((c) => c !== "" && c !== null && c !== undefined && c !== false));
	if (focused && focused !== document.activeElement && parent.contains(focused)) focused.focus({ preventScroll: true });
}

function sync(parent, wanted) {
	const keyed = new Map();
	for (const c of parent.children) if (c.dataset.row) keyed.set(c.dataset.row, c);
	let at = parent.firstChild;
	for (const w of wanted) {
		const match = matching(w, keyed, at);
		if (!match) {
			parent.insertBefore(w, at);
			continue;
		}
		if (match === at) at = at.nextSibling;
		else parent.insertBefore(match, at);
		become(match, w);
	}
	while (at) {
		const next = at.nextSibling;
		at.remove();
		at = next;
	}
}

function matching(w, keyed, at) {
	if (w.dataset?.row) return keyed.get(w.dataset.row);
	return at && !at.dataset?.row && alike(at, w) ? at : null;
}

const alike = (a, b) => a.nodeType === b.nodeType && a.nodeName === b.nodeName;

function become(old, fresh) {
	if (old.nodeType === Node.TEXT_NODE) {
		if (old.data !== fresh.data) old.data = fresh.data;
		return;
	}
	if (old.isEqualNode(fresh)) return;
	for (const { name } of [...old.attributes]) if (name !== "style" && !fresh.hasAttribute(name)) old.removeAttribute(name);
	for (const { name, value } of fresh.attributes) if (name !== "style" && old.getAttribute(name) !== value) old.setAttribute(name, value);
	// Set through the object model, which the content security policy allows.
	if (old.style.cssText !== fresh.style.cssText) old.style.cssText = fresh.style.cssText;
	if (old.nodeName === "SELECT" || old.nodeName === "INPUT") {
		if (old !== document.activeElement && old.value !== fresh.value) old.value = fresh.value;
		if (old.checked !== fresh.checked) old.checked = fresh.checked;
		return;
	}
	if (old.nodeName === "DETAILS") fresh.open = old.open;
	sync(old, [...fresh.childNodes]);
}
