// Numbers for axes and for counts. Values in the tree come formatted from the
// server; this writes the ticks and the cursor's readout in the same units.

const count = new Intl.NumberFormat("en-US");

/** A whole number with its thousands apart. */
export const formatCount = (n) => count.format(n);

/** A number of things, in words. */
export function plural(n, one, many) {
	return `${formatCount(n)} ${n === 1 ? one : many}`;
}

const trim = (v, digits) => String(Number(v.toPrecision(digits)));

function scaled(v, base, units, digits) {
	let i = 0;
	while (Math.abs(v) >= base * 0.9995 && i < units.length - 1) {
		v /= base;
		i++;
	}
	return trim(v, digits) + units[i];
}

function seconds(v, digits) {
	const a = Math.abs(v);
	if (a === 0) return "0 s";
	if (a < 0.9995e-6) return trim(v * 1e9, digits) + " ns";
	if (a < 0.9995e-3) return trim(v * 1e6, digits) + " µs";
	if (a < 0.9995) return trim(v * 1e3, digits) + " ms";
	if (a < 119.5) return trim(v, digits) + " s";
	if (a < 5400) return trim(v / 60, digits) + " min";
	if (a < 129600) return trim(v / 3600, digits) + " h";
	return trim(v / 86400, digits) + " d";
}

const symbols = { celsius: " °C", volts: " V", amperes: " A", watts: " W", joules: " J", hertz: " Hz", meters: " m", grams: " g", bits: " bit" };
const perSecond = { milliseconds: 1e-3, microseconds: 1e-6, nanoseconds: 1e-9 };

/** Writes v, which has the unit, and "/s" when it is a rate. */
export function formatValue(v, unit, meaning, digits = 3) {
	if (v === null || v === undefined || Number.isNaN(v)) return "–";
	const rate = meaning === "rate" ? "/s" : "";
	if (unit === "timestamp") return v <= 0 ? "never" : seconds(Math.max(Date.now() / 1000 - v, 0), digits) + " ago";
	if (unit === "seconds") return seconds(v, digits) + rate;
	if (perSecond[unit]) return seconds(v * perSecond[unit], digits) + rate;
	if (unit === "bytes") return scaled(v, 1024, [" B", " KiB", " MiB", " GiB", " TiB", " PiB"], digits) + rate;
	if (unit === "ratio") return trim(v * 100, digits) + "%" + rate;
	if (unit === "percent") return trim(v, digits) + "%" + rate;
	const a = Math.abs(v);
	const text = a !== 0 && a < 0.001 ? v.toExponential(1) : a >= 1000 && a < 10000 ? trim(v, Math.max(digits, 4)) : scaled(v, 1000, ["", "k", "M", "G", "T"], digits);
	return text + (symbols[unit] || "") + rate;
}

/** Keeps the marks of an axis distinct: they take as many digits as tell them apart. */
export function tickLabels(values, unit, meaning) {
	for (let digits = 3; digits < 8; digits++) {
		const labels = values.map((v) => formatValue(v, unit, meaning, digits));
		if (new Set(labels).size === labels.length) return labels;
	}
	return values.map((v) => formatValue(v, unit, meaning, 8));
}

/** A part of a whole, 0 to 1, in percent. */
export function formatShare(share) {
	if (typeof share !== "number") return "–";
	const a = Math.abs(share);
	return `${(100 * share).toFixed(a === 0 || a >= 0.0995 ? 0 : a >= 0.001 ? 1 : 2)}%`;
}

/** A difference in percent, with its sign; "" if there is none to tell. */
export function formatPercent(percent) {
	if (typeof percent !== "number") return "";
	const a = Math.abs(percent);
	if (a < 0.05) return "0%";
	const text = a >= 99999.5 ? ">99,999" : count.format(Number(a.toFixed(a >= 99.5 ? 0 : 1)));
	return `${percent < 0 ? "−" : "+"}${text}%`;
}

/** A moment, in Unix milliseconds, by the clock of the reader. */
export const formatMoment = (ms) => `${formatDay(new Date(ms))} ${formatTime(ms)}`;

/** The time of day of a moment. */
export const formatTime = (ms) => new Date(ms).toTimeString().slice(0, 8);

/** The day of a date, short. */
export const formatDay = (d) => d.toLocaleDateString("en-GB", { day: "numeric", month: "short" });

/** A duration such as 15m or 168h, in words. */
export function formatDuration(duration) {
	const match = /^(\d+)([smh])$/.exec(duration);
	if (!match) return duration;
	const n = Number(match[1]);
	if (match[2] === "h" && n % 24 === 0) return plural(n / 24, "day", "days");
	return match[2] === "h" ? plural(n, "hour", "hours") : match[2] === "m" ? `${n} min` : `${n} s`;
}
