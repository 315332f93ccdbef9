// A key names a node in the address and in the caches:
//   s/PREFIX                       a scope (the root is "s/")
//   m/METRIC[/LABEL/VALUE]...      a metric, or a branch of it
//   a/METRIC[/LABEL/VALUE].../LABEL  an axis
// with every part percent-encoded.

const join = (type, parts) => [type, ...parts].map(encodeURIComponent).join("/");

const walked = (node) => (node.matchers || []).flatMap((m) => [m.name, m.value]);

export function keyOf(node) {
  switch (node.type) {
    case "scope":
      return join("s", [node.path]);
    case "axis":
      return join("a", [node.path, ...walked(node), node.label]);
    case "other":
      return join("o", [node.path, ...walked(node), node.label]);
    default:
      return join("m", [node.path, ...walked(node)]);
  }
}

export const rootKey = "s/";

// nodeOf gives as much of a node as its key tells.
export function nodeOf(key) {
  let parts;
  try {
    parts = key.split("/").map(decodeURIComponent);
  } catch {
    return null;
  }
  const [type, path, ...rest] = parts;
  if (path === undefined) return null;
  if (type === "s") return { type: "scope", path };
  if ((type !== "m" && type !== "a") || path === "") return null;
  if (rest.length % 2 !== (type === "a" ? 1 : 0)) return null;
  const matchers = [];
  for (let i = 0; i + 1 < rest.length; i += 2) matchers.push({ name: rest[i], value: rest[i + 1] });
  if (type === "a") return { type: "axis", path, matchers, label: rest[rest.length - 1] };
  return { type: matchers.length ? "value" : "metric", path, matchers };
}
