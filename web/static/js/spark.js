import { svg } from "./dom.js";

const width = 96;
const height = 22;

/**
 * A line without axes: the shape of a branch over the time of the plot.
 * @param {Array} points numbers, and anything else where there is none
 * @param {string} colour a custom property
 */
export function sparkline(points, colour) {
	const values = points.filter((p) => typeof p === "number");
	const low = Math.min(...values);
	const high = Math.max(...values);
	const flat = high - low <= 1e-9 * Math.max(Math.abs(high), Math.abs(low)); // but for rounding
	const step = width / Math.max(points.length - 1, 1);
	let d = "";
	let pen = "M";
	points.forEach((p, i) => {
		if (typeof p !== "number") {
			pen = "M";
			return;
		}
		const y = flat ? height / 2 : height - 2 - ((p - low) / (high - low)) * (height - 4);
		d += `${pen}${(i * step).toFixed(1)} ${y.toFixed(1)}`;
		pen = "L";
	});
	return svg("svg", { class: "spark", viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none", "aria-hidden": "true" },
		svg("path", { d: d || "M0 0", css: { stroke: `var(${colour || "--muted"})` } }));
}
