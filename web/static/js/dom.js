// el makes an element. Properties whose name has a dash, "role" and "class" become
// attributes; the rest are set as properties. Strings become text nodes, so text
// that looks like HTML stays text.
export function el(tag, props, ...children) {
  const e = document.createElement(tag);
  for (const [k, v] of Object.entries(props || {})) {
    if (v === undefined || v === null || v === false) continue;
    if (k.startsWith("on")) e.addEventListener(k.slice(2), v);
    else if (k === "class" || k === "role" || k === "for" || k === "scope" || k === "colspan" || k.includes("-")) e.setAttribute(k, v);
    else e[k] = v;
  }
  e.append(...children.filter((c) => c !== null && c !== undefined && c !== false));
  return e;
}

// setText writes only what changed, so that a refresh leaves selections alone.
export function setText(e, text) {
  if (e.textContent !== text) e.textContent = text;
}

export function setAttr(e, name, value) {
  if (value === null || value === undefined || value === false) e.removeAttribute(name);
  else if (e.getAttribute(name) !== String(value)) e.setAttribute(name, value);
}
