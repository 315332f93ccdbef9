// The JSON under api/v1/tree, addressed relative to the page so that it works
// wherever the page is mounted.

async function get(path, params, signal) {
  let response;
  try {
    response = await fetch(`api/v1/tree${path}?${new URLSearchParams(params)}`, { signal });
  } catch (err) {
    if (err.name === "AbortError") throw err;
    throw new Error("the server does not answer; is it still running?");
  }
  let body;
  try {
    body = await response.json();
  } catch {
    throw new Error(`the server answered ${response.status} without JSON`);
  }
  if (!response.ok) {
    const err = new Error(body.error || `the server answered ${response.status}`);
    err.status = response.status;
    throw err;
  }
  return body;
}

function selector(node) {
  const params = [["metric", node.path]];
  for (const m of node.matchers || []) params.push(["label", m.name], ["value", m.value]);
  return params;
}

export const api = {
  scope: (path, signal) => get("", [["scope", path]], signal),
  search: (words, signal) => get("", [["filter", words], ["depth", "64"]], signal),
  metric: (node, signal) => get("/metric", selector(node), signal),
  split: (node, by, signal) => get("/split", [...selector(node), ["by", by]], signal),
  plot: async (node, by, window, quantile, signal) => {
    const plot = await get("/plot", [...selector(node), ...(by ? [["by", by]] : []), ["window", window], ...(quantile ? [["quantile", quantile]] : [])], signal);
    // Branches come by value. Colours go by place, so they are put in the order
    // of their names: a branch that overtakes another one keeps its colour.
    const [whole, ...branches] = plot.lines;
    plot.lines = [whole, ...branches.sort((a, b) => (a.name < b.name ? -1 : 1))];
    return plot;
  },
};
