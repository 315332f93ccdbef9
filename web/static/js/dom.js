const attributes = new Set(["class", "role", "for", "scope", "colspan", "d", "viewBox", "preserveAspectRatio", "x1", "x2", "y1", "y2"]);

/**
 * Makes an element. Properties whose name has a dash, and those listed above,
 * become attributes; "on…" become listeners; "css" is set through the object
 * model, which the content security policy allows; the rest are set as properties.
 * Strings become text nodes, so text that looks like markup stays text.
 * @param {...(Node|string|null|false)} children
 */
export function el(tag, props, ...children) {
	const e = document.createElement(tag);
	if (tag === "button") e.type = tag;
	return fill(e, props, children);
}

/** Makes an element of a drawing, as el does. */
export function svg(tag, props, ...children) {
	return fill(document.createElementNS("http://www.w3.org/2000/svg", tag), props, children);
}

function fill(e, props, children) {
	for (const [k, v] of Object.entries(props || {})) {
		if (v === undefined || v === null || v === false) continue;
		if (k === "css") Object.assign(e.style, v);
		else if (k.startsWith("on")) e.addEventListener(k.slice(2), v);
		else if (k.includes("-") || attributes.has(k)) e.setAttribute(k, v);
		else e[k] = v;
	}
	e.append(...children.filter((c) => c !== null && c !== undefined && c !== false && c !== ""));
	return e;
}

/** Writes only what changed, so that a refresh leaves selections alone. */
export function setText(e, text) {
	if (e.textContent !== text) e.textContent = text;
}

/** Sets an attribute, or removes it for null and false. */
export function setAttr(e, name, value) {
	if (value === null || value === undefined || value === false) e.removeAttribute(name);
	else if (e.getAttribute(name) !== String(value)) e.setAttribute(name, value);
}

/** The element with the id. */
export const byId = (id) => document.getElementById(id);

/**
 * Shortens a text that may be of any length to what a line can show.
 * @param {number} [most] characters
 */
export function short(text, most = 120) {
	return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}
